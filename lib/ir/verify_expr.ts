/** Whether an expression is well formed: scopes, dtypes, arities, ranges of constants. */
import { MATH_ARITY, MATH_RESULT } from "./build.ts";
import { isFloat, isInt, lanesOf, RANGE, scalarOf, type ScalarType, withLanes } from "./dtype.ts";
import type { Binary, BinaryOp, Buffer, Call, Const, Expr, Var } from "./expr.ts";
import { mapExpr } from "./visit.ts";

/**
 * `schedule`: loops over blocks, scalars only. `lowered`: no blocks are left; values have names, threads
 * meet at barriers, accesses may be flat (one index) and vectors of 2 or 4 lanes.
 */
export type IrStage = "schedule" | "lowered";

/** What an expression may mention. */
export interface ExprScope {
  readonly stage: IrStage;
  hasVar(v: Var): boolean;
  hasBuffer(b: Buffer): boolean;
}
type Fail = (what: string) => never;

/** Nodes that are checked at every place; beyond, each is checked once. */
const MOST_REPEATED = 64;

/** Checks `e` and everything in it; `fail` receives the problem. */
export function verifyExpr(e: Expr, scope: ExprScope, fail: Fail): void {
  let steps = 0, checked: Set<Expr> | undefined;
  const check = (x: Expr): Expr => {
    if (x.kind !== "const" && x.kind !== "var") {
      if (checked?.has(x)) return x;
      mapExpr(x, check);
      if (++steps > MOST_REPEATED) (checked ??= new Set()).add(x);
    }
    verifyNode(x, scope, fail);
    return x;
  };
  check(e);
}

function verifyNode(e: Expr, scope: ExprScope, fail: Fail): void {
  switch (e.kind) {
    case "const":
      return verifyConst(e, fail);
    case "var":
      return scope.hasVar(e) ? undefined : fail(`variable ${e.name} is used outside of what binds it`);
    case "binary":
      return verifyBinary(e, fail);
    case "not":
      if (scalarOf(e.a.dtype) !== "bool" || e.dtype !== e.a.dtype) fail(`a not of ${e.a.dtype}`);
      return;
    case "select": {
      const lanes = lanesOf(e.cond.dtype);
      if (scalarOf(e.cond.dtype) !== "bool" || (lanes > 1 && lanes !== lanesOf(e.dtype))) {
        fail(`a select by ${e.cond.dtype}: its condition is bool`);
      }
      if (e.a.dtype !== e.dtype || e.b.dtype !== e.dtype) {
        fail(`a select of ${e.a.dtype} and ${e.b.dtype} as ${e.dtype}: all three must be one dtype`);
      }
      return;
    }
    case "cast":
      return lanesOf(e.a.dtype) === lanesOf(e.dtype)
        ? undefined
        : fail(`a cast of ${e.a.dtype} to ${e.dtype}`);
    case "call":
      return verifyCall(e, scope, fail);
    case "load":
      verifyAccess(e.buffer, e.indices, scope, fail);
      if (scalarOf(e.dtype) !== e.buffer.dtype) fail(`a load of ${e.dtype} from ${e.buffer.name}`);
      if (scope.stage === "schedule" && lanesOf(e.dtype) > 1) fail(`a load of ${e.dtype} before lowering`);
      return;
    case "ramp":
    case "broadcast":
    case "shuffle":
      return verifyVector(e, scope, fail);
    default:
      return e satisfies never;
  }
}

/** Checks the place of a load or store; the indices themselves are checked elsewhere. */
export function verifyAccess(b: Buffer, indices: readonly Expr[], scope: ExprScope, fail: Fail): void {
  if (!scope.hasBuffer(b)) fail(`buffer ${b.name} is neither a parameter nor an intermediate`);
  const flat = scope.stage === "lowered" && indices.length === 1;
  if (indices.length !== b.shape.length && !flat) {
    fail(`${b.name} with ${indices.length} indices: it has ${b.shape.length} dimensions`);
  }
  for (const e of indices) {
    if (!isInt(e.dtype)) fail(`${b.name} indexed by ${e.dtype}: an index is an integer`);
    if (scope.stage === "schedule" && lanesOf(e.dtype) > 1) fail(`${b.name} indexed by a vector`);
  }
}

function verifyConst({ dtype, value }: Const, fail: Fail): void {
  if (isFloat(dtype) && Math.abs(value) === Infinity) return;
  const [lo, hi] = RANGE[dtype];
  const whole = isFloat(dtype) || Number.isInteger(value);
  if (!(value >= lo && value <= hi && whole)) fail(`constant ${value} is not a value of ${dtype}`);
}

type OperandKind = "number" | "float" | "integer" | "bool" | "any";
const TAKES: Readonly<Record<BinaryOp, OperandKind>> = {
  add: "number",
  sub: "number",
  mul: "number",
  div: "float",
  floordiv: "integer",
  floormod: "integer",
  min: "number",
  max: "number",
  bitand: "integer",
  bitor: "integer",
  bitxor: "integer",
  shl: "integer",
  shr: "integer",
  eq: "any",
  ne: "any",
  lt: "number",
  le: "number",
  gt: "number",
  ge: "number",
  and: "bool",
  or: "bool",
};
const COMPARES: ReadonlySet<BinaryOp> = new Set(["eq", "ne", "lt", "le", "gt", "ge"]);

function isOf(kind: OperandKind, dtype: ScalarType): boolean {
  switch (kind) {
    case "number":
      return dtype !== "bool";
    case "float":
      return isFloat(dtype);
    case "integer":
      return isInt(dtype);
    case "bool":
      return dtype === "bool";
    case "any":
      return true;
    default:
      return kind satisfies never;
  }
}

function verifyBinary({ op, dtype, a, b }: Binary, fail: Fail): void {
  if (a.dtype !== b.dtype) fail(`${op} of ${a.dtype} and ${b.dtype}: both sides must be one dtype`);
  if (!isOf(TAKES[op], scalarOf(a.dtype))) fail(`${op} of ${a.dtype}: it takes ${TAKES[op]} operands`);
  const result = COMPARES.has(op) ? withLanes("bool", lanesOf(a.dtype)) : a.dtype;
  if (dtype !== result) fail(`${op} of ${a.dtype} typed ${dtype}, and not ${result}`);
  const divides = op === "floordiv" || op === "floormod";
  if (divides && b.kind === "const" && b.value === 0) fail(`${op} by zero`);
}

function verifyCall({ op, dtype, args }: Call, scope: ExprScope, fail: Fail): void {
  if (args.length !== MATH_ARITY[op]) fail(`${op} of ${args.length} arguments: it takes ${MATH_ARITY[op]}`);
  if (op === "dot4I8Packed") {
    const stray = args.find((x) => x.dtype !== "u32");
    if (stray) fail(`${op} of ${stray.dtype}: it takes u32, four signed bytes in each`);
    return dtype === "i32" ? undefined : fail(`${op} typed ${dtype}, and not i32`);
  }
  if (op === "subgroupShuffleXor") {
    const [x, mask] = args;
    if (scope.stage === "schedule") fail(`a ${op} appears only in lowered programs`);
    if (mask?.kind !== "const" || mask.dtype !== "u32") fail(`${op} by a mask that is not a constant u32`);
    return x?.dtype === dtype ? undefined : fail(`${op} of ${x?.dtype} typed ${dtype}`);
  }
  const result = MATH_RESULT[op];
  for (const x of args) {
    const wanted = result ? withLanes(result, lanesOf(x.dtype)) : x.dtype;
    if (wanted !== dtype) fail(`${op} of ${x.dtype} typed ${dtype}`);
    if (result && op !== "isNaN") {
      const from = scalarOf(x.dtype);
      if (from === "f16" || from === "bool") fail(`${op} of ${x.dtype}: it takes a type of 32 bits`);
      continue;
    }
    if (!isFloat(x.dtype) && op !== "abs") fail(`${op} of ${x.dtype}: it takes floats; cast first`);
  }
}

function verifyVector(
  e: Extract<Expr, { kind: "ramp" | "broadcast" | "shuffle" }>,
  scope: ExprScope,
  fail: Fail,
): void {
  if (scope.stage === "schedule") fail(`a ${e.kind} appears only in lowered programs`);
  const scalar = scalarOf(e.dtype), lanes = lanesOf(e.dtype);
  const parts = e.kind === "ramp" ? [e.base] : e.kind === "broadcast" ? [e.a] : e.lanes;
  if (e.kind === "shuffle" && parts.length !== lanes) {
    fail(`a shuffle of ${parts.length} lanes typed ${e.dtype}`);
  }
  if (parts.some((p) => p.dtype !== scalar)) fail(`a ${e.kind} of ${parts[0]?.dtype} typed ${e.dtype}`);
  if (e.kind === "ramp" && !isInt(scalar)) fail(`a ramp of ${scalar}: it is for indices`);
}
