/** Constructors of expressions and statements; they fold constants and check dtypes, nothing more. */
import {
  type DType,
  isFloat,
  lanesOf,
  scalarOf,
  type ScalarType,
  type StorageType,
  withLanes,
} from "./dtype.ts";
import { IrError } from "./error.ts";
import type { BinaryOp, Buffer, Call, Const, Expr, Load, MathOp, Scope, Select, Var } from "./expr.ts";
import type { Annotations, Block, For, IterVar, LoopKind, Seq, Stmt, Store } from "./stmt.ts";
import { convertScalar, foldBinary } from "./fold.ts";
import { computedType, isStored } from "./stored.ts";

/** What a builder takes for an expression: numbers take the other operand's type, or i32. */
export type ExprLike = Expr | number;

/** Makes a constant. Default dtype: i32. The zero of integers has no sign. */
export function constant(value: number, dtype: ScalarType = "i32"): Const {
  return { kind: "const", dtype, value: value === 0 && !isFloat(dtype) ? 0 : value };
}
export const TRUE: Const = constant(1, "bool");
export const FALSE: Const = constant(0, "bool");

export function variable(name: string, dtype: ScalarType = "i32"): Var {
  return { kind: "var", dtype, name };
}

/** An expression from a number, in the type `like` (its lanes are broadcast). */
export function toExpr(x: ExprLike, like: DType = "i32"): Expr {
  if (typeof x !== "number") return x;
  const c = constant(x, scalarOf(like));
  return lanesOf(like) === 1 ? c : broadcast(c, lanesOf(like));
}

export function isConst(e: Expr, value?: number): e is Const {
  return e.kind === "const" && (value === undefined || e.value === value);
}

const COMPARE = new Set<BinaryOp>(["eq", "ne", "lt", "le", "gt", "ge"]);

/** `a op b`; both sides must have one type (numbers adapt, a scalar is broadcast to a vector). */
export function binary(op: BinaryOp, a: ExprLike, b: ExprLike): Expr {
  let x = toExpr(a, typeof b === "number" ? "i32" : b.dtype);
  let y = toExpr(b, x.dtype);
  if (x.dtype !== y.dtype) {
    if (lanesOf(x.dtype) === 1) x = broadcast(x, lanesOf(y.dtype));
    if (lanesOf(y.dtype) === 1) y = broadcast(y, lanesOf(x.dtype));
  }
  if (x.dtype !== y.dtype) {
    throw new IrError(
      `cannot build ${op} of ${x.dtype} and ${y.dtype}: both sides must have one dtype; cast one of them`,
    );
  }
  if ((op === "floordiv" || op === "floormod") && isFloat(x.dtype)) {
    throw new IrError(`cannot build ${op} of ${x.dtype}: it is for integers; use div`);
  }
  if (op === "div" && !isFloat(x.dtype)) {
    throw new IrError(`cannot build div of ${x.dtype}: it is for floats; use floorDiv`);
  }
  const dtype = COMPARE.has(op) ? withLanes("bool", lanesOf(x.dtype)) : x.dtype;
  if (x.kind === "const" && y.kind === "const") {
    const value = foldBinary(op, x.dtype, x.value, y.value);
    if (value !== undefined) return constant(value, scalarOf(dtype));
  }
  return { kind: "binary", dtype, op, a: x, b: y };
}

/** `a + b`. Both sides have one dtype; i32 wraps around. */
export const add = (a: ExprLike, b: ExprLike): Expr =>
  a === 0 ? toExpr(b) : b === 0 ? toExpr(a) : binary("add", a, b);
/** `a - b`. Both sides have one dtype; i32 wraps around. */
export const sub = (a: ExprLike, b: ExprLike): Expr => b === 0 ? toExpr(a) : binary("sub", a, b);
/** `a · b`. Both sides have one dtype; i32 wraps around. */
export const mul = (a: ExprLike, b: ExprLike): Expr =>
  a === 1 ? toExpr(b) : b === 1 ? toExpr(a) : binary("mul", a, b);
/** `a / b`: of floats the quotient; of integers truncated towards zero. */
export const div = (a: ExprLike, b: ExprLike): Expr => binary("div", a, b);
/** `⌊a / b⌋` of integers. */
export const floorDiv = (a: ExprLike, b: ExprLike): Expr => b === 1 ? toExpr(a) : binary("floordiv", a, b);
/** `a - b · ⌊a / b⌋` of integers: it has the sign of b. */
export const floorMod = (a: ExprLike, b: ExprLike): Expr => binary("floormod", a, b);
/** The smaller of two values. */
export const min = (a: ExprLike, b: ExprLike): Expr => binary("min", a, b);
/** The larger of two values. */
export const max = (a: ExprLike, b: ExprLike): Expr => binary("max", a, b);
/** `a < b`, a bool. */
export const lt = (a: ExprLike, b: ExprLike): Expr => binary("lt", a, b);
/** `a ≤ b`, a bool. */
export const le = (a: ExprLike, b: ExprLike): Expr => binary("le", a, b);
/** `a > b`, a bool. */
export const gt = (a: ExprLike, b: ExprLike): Expr => binary("gt", a, b);
/** `a ≥ b`, a bool. */
export const ge = (a: ExprLike, b: ExprLike): Expr => binary("ge", a, b);
/** `a = b`, a bool. */
export const eq = (a: ExprLike, b: ExprLike): Expr => binary("eq", a, b);
/** `a ≠ b`, a bool. */
export const ne = (a: ExprLike, b: ExprLike): Expr => binary("ne", a, b);
/** Ceiling division of non-negative integers. */
export const ceilDiv = (a: ExprLike, b: ExprLike): Expr => floorDiv(add(a, sub(b, 1)), b);

/** Conjunction; `true` is its unit. */
export function and(...terms: readonly Expr[]): Expr {
  let result: Expr = TRUE;
  for (const t of terms) {
    if (isConst(t, 0)) return FALSE;
    if (isConst(t)) continue;
    result = isConst(result) ? t : binary("and", result, t);
  }
  return result;
}
/** The terms of a conjunction, those left out that always hold. */
export function conjuncts(e: Expr): readonly Expr[] {
  if (e.kind === "binary" && e.op === "and") return [...conjuncts(e.a), ...conjuncts(e.b)];
  return isConst(e, 1) ? [] : [e];
}
/** True if `a` or `b` is. */
export const or = (a: Expr, b: Expr): Expr => binary("or", a, b);
/** True if `a` is not. */
export function not(a: Expr): Expr {
  return a.kind === "const" ? constant(+(a.value === 0), "bool") : { kind: "not", dtype: a.dtype, a };
}

/** `a` where `cond` holds, else `b`; both are evaluated. */
export function select(cond: Expr, a: ExprLike, b: ExprLike): Expr {
  const x = toExpr(a, typeof b === "number" ? "i32" : b.dtype);
  const y = toExpr(b, x.dtype);
  if (x.dtype !== y.dtype) {
    throw new IrError(`cannot build select of ${x.dtype} and ${y.dtype}: both branches must have one dtype`);
  }
  if (cond.kind === "const") return cond.value !== 0 ? x : y;
  return { kind: "select", dtype: x.dtype, cond, a: x, b: y } satisfies Select;
}

/** The value of `a` in another dtype. */
export function cast(dtype: DType, a: ExprLike): Expr {
  const x = toExpr(a, dtype);
  if (x.dtype === dtype) return x;
  if (x.kind === "const" && lanesOf(dtype) === 1) {
    const to = scalarOf(dtype);
    return constant(convertScalar(x.value, x.dtype, to), to);
  }
  return { kind: "cast", dtype, a: x };
}

/** Arguments that each function takes. */
export const MATH_ARITY: Readonly<Record<MathOp, number>> = {
  exp: 1,
  exp2: 1,
  log: 1,
  log2: 1,
  sqrt: 1,
  rsqrt: 1,
  sin: 1,
  cos: 1,
  atan: 1,
  tanh: 1,
  erf: 1,
  abs: 1,
  floor: 1,
  round: 1,
  pow: 2,
  fma: 3,
  isNaN: 1,
  bitcastF32: 1,
  bitcastI32: 1,
  bitcastU32: 1,
  dot4I8Packed: 2,
  subgroupShuffleXor: 2,
};

/** The type of a function's value, where it is not its arguments'. */
export const MATH_RESULT: Readonly<Partial<Record<MathOp, ScalarType>>> = {
  isNaN: "bool",
  bitcastF32: "f32",
  bitcastI32: "i32",
  bitcastU32: "u32",
};

/** Calls a math function on floats, for example `call("exp", x)`. */
export function call(op: MathOp, ...args: readonly Expr[]): Call {
  const first = args[0];
  if (first === undefined || args.length !== MATH_ARITY[op]) {
    throw new IrError(`cannot call ${op} with ${args.length} arguments: it takes ${MATH_ARITY[op]}`);
  }
  if (op !== "dot4I8Packed") {
    const result = MATH_RESULT[op];
    return { kind: "call", dtype: result ? withLanes(result, lanesOf(first.dtype)) : first.dtype, op, args };
  }
  const [a, b] = args as [Expr, Expr];
  if (a.dtype !== "u32" || b.dtype !== "u32") {
    throw new IrError(
      `cannot call ${op} with ${a.dtype} and ${b.dtype}: it takes u32, four signed bytes in each`,
    );
  }
  return { kind: "call", dtype: "i32", op, args };
}

export function buffer(
  name: string,
  shape: readonly ExprLike[],
  dtype: StorageType = "f32",
  scope: Scope = "global",
): Buffer {
  const stored = isStored(dtype) ? { stored: dtype } : {};
  return {
    kind: "buffer",
    name,
    dtype: computedType(dtype),
    shape: shape.map((d) => toExpr(d)),
    scope,
    ...stored,
  };
}

export function load(buffer: Buffer, ...indices: readonly ExprLike[]): Load {
  if (indices.length !== buffer.shape.length) {
    throw new IrError(
      `cannot load ${buffer.name} with ${indices.length} indices: it has ${buffer.shape.length} dimensions`,
    );
  }
  return { kind: "load", dtype: buffer.dtype, buffer, indices: indices.map((i) => toExpr(i)) };
}

export function broadcast(a: Expr, lanes: number): Expr {
  return lanes === 1 ? a : { kind: "broadcast", dtype: withLanes(a.dtype, lanes), a };
}

export function store(buffer: Buffer, indices: readonly Expr[], value: Expr): Store {
  if (scalarOf(value.dtype) !== buffer.dtype) {
    throw new IrError(
      `cannot store ${value.dtype} into ${buffer.name}: its dtype is ${buffer.dtype}; cast the value`,
    );
  }
  return { kind: "store", buffer, indices, value };
}

/** Statements in order, flattened; a single one stands for itself. */
export function seq(...stmts: readonly Stmt[]): Stmt {
  const flat = stmts.flatMap((s) => s.kind === "seq" ? s.body : [s]);
  const only = flat[0];
  return flat.length === 1 && only !== undefined ? only : { kind: "seq", body: flat } satisfies Seq;
}

export function forLoop(
  v: Var,
  extent: ExprLike,
  body: Stmt,
  loop: LoopKind = "serial",
  annotations: Annotations = {},
): For {
  return { kind: "for", var: v, extent: toExpr(extent), loop, body, annotations };
}

export function iterVar(v: Var, extent: ExprLike, type: IterVar["type"] = "spatial"): IterVar {
  return { var: v, extent: toExpr(extent), type };
}

export function block(
  name: string,
  iters: readonly IterVar[],
  bindings: readonly Expr[],
  body: Stmt,
  more: { readonly where?: Expr; readonly init?: Stmt; readonly annotations?: Annotations } = {},
): Block {
  return {
    kind: "block",
    name,
    iters,
    bindings,
    where: more.where ?? TRUE,
    ...(more.init ? { init: more.init } : {}),
    body,
    annotations: more.annotations ?? {},
  };
}
