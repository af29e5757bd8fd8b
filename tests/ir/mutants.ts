/** Programs that differ from a given one in one small thing: what equality, printing and checks must notice. */
import { add, constant, isConst, MATH_ARITY } from "../../lib/ir/build.ts";
import { equalExpr, equalStmt } from "../../lib/ir/equal.ts";
import type { BinaryOp, Buffer, Expr, MathOp } from "../../lib/ir/expr.ts";
import { PrimFunc } from "../../lib/ir/func.ts";
import type { Block, Stmt } from "../../lib/ir/stmt.ts";
import { mapExpr, mapStmt } from "../../lib/ir/visit.ts";
import { replaceBuffers } from "../../lib/ir/substitute.ts";

const OTHER_OP: Readonly<Record<BinaryOp, BinaryOp>> = {
  add: "sub",
  sub: "add",
  mul: "max",
  div: "mul",
  floordiv: "floormod",
  floormod: "floordiv",
  min: "max",
  max: "min",
  bitand: "bitor",
  bitor: "bitxor",
  bitxor: "bitand",
  shl: "shr",
  shr: "shl",
  eq: "ne",
  ne: "eq",
  lt: "le",
  le: "lt",
  gt: "ge",
  ge: "gt",
  and: "or",
  or: "and",
};

/** Another function of as many arguments, if there is one. */
function otherCall(op: MathOp): MathOp | undefined {
  const all = Object.keys(MATH_ARITY) as MathOp[];
  return all.find((other) => other !== op && MATH_ARITY[other] === MATH_ARITY[op]);
}

/** `e` changed in one place, each way that there is. */
export function* changedExprs(e: Expr): Generator<Expr> {
  switch (e.kind) {
    case "const":
      yield constant(e.dtype === "bool" ? 1 - e.value : Math.abs(e.value) < 1e9 ? e.value + 1 : 0, e.dtype);
      break;
    case "var":
      yield e.dtype === "i32" ? add(e, 1) : { ...e };
      break;
    case "binary":
      yield { ...e, op: OTHER_OP[e.op] };
      if (!equalExpr(e.a, e.b)) yield { ...e, a: e.b, b: e.a };
      break;
    case "not":
    case "cast":
    case "broadcast":
      yield e.a;
      break;
    case "select":
      if (!equalExpr(e.a, e.b)) yield { ...e, a: e.b, b: e.a };
      break;
    case "call": {
      const op = otherCall(e.op);
      if (op) yield { ...e, op };
      break;
    }
    case "load":
      yield { ...e, buffer: { ...e.buffer } };
      if (e.indices.length > 1) yield { ...e, indices: e.indices.slice(1) };
      break;
    case "ramp":
      yield { ...e, stride: e.stride + 1 };
      break;
    case "shuffle":
      yield { ...e, lanes: e.lanes.slice(1) };
      break;
    default:
      e satisfies never;
  }
  const children: Expr[] = [];
  mapExpr(e, (c) => (children.push(c), c));
  for (const [k, child] of children.entries()) {
    for (const now of changedExprs(child)) {
      let at = 0;
      yield mapExpr(e, (c) => at++ === k ? now : c);
    }
  }
}

/** `s` changed in one place, each way that there is. */
export function* changedStmts(s: Stmt): Generator<Stmt> {
  switch (s.kind) {
    case "for":
      yield { ...s, loop: s.loop === "serial" ? "unrolled" : "serial" };
      yield { ...s, annotations: { ...s.annotations, note: 1 } };
      break;
    case "seq":
      for (let k = 0; k < s.body.length; k++) yield { ...s, body: s.body.toSpliced(k, 1) };
      for (let k = 1; k < s.body.length; k++) {
        const [a, b] = s.body.slice(k - 1, k + 1) as [Stmt, Stmt];
        if (!equalStmt(a, b)) yield { ...s, body: s.body.toSpliced(k - 1, 2, b, a) };
      }
      break;
    case "if":
      yield s.else ? { kind: "if", cond: s.cond, then: s.then } : { ...s, else: s.then };
      break;
    case "store":
      yield { ...s, buffer: { ...s.buffer } };
      break;
    case "block":
      yield* changedBlocks(s);
      break;
    case "let":
      yield s.body;
      break;
    case "barrier":
      yield { kind: "seq", body: [] };
      break;
    default:
      s satisfies never;
  }
  const stmts: Stmt[] = [], exprs: Expr[] = [];
  mapStmt(s, (c) => (stmts.push(c), c), (e) => (exprs.push(e), e));
  for (const [k, child] of stmts.entries()) {
    for (const now of changedStmts(child)) {
      let at = 0;
      yield mapStmt(s, (c) => at++ === k ? now : c);
    }
  }
  for (const [k, child] of exprs.entries()) {
    for (const now of changedExprs(child)) {
      let at = 0;
      yield mapStmt(s, (c) => c, (e) => at++ === k ? now : e);
    }
  }
}

function* changedBlocks(b: Block): Generator<Stmt> {
  yield { ...b, name: `${b.name}_` };
  yield { ...b, annotations: { ...b.annotations, note: true } };
  for (const [k, it] of b.iters.entries()) {
    const type = it.type === "reduce" ? "spatial" : "reduce";
    yield { ...b, iters: b.iters.with(k, { ...it, type }) };
  }
  const { init, ...rest } = b;
  yield init ? rest : { ...b, init: b.body };
}

/** Every program that differs from `f` in one small thing. */
export function* mutants(f: PrimFunc): Generator<PrimFunc> {
  yield f.with({ name: `${f.name}_` });
  for (const k of f.allocs.keys()) yield f.with({ allocs: f.allocs.toSpliced(k, 1) });
  for (const [k, b] of f.params.entries()) {
    yield f.with({ params: f.params.toSpliced(k, 1) });
    const now = (parts: Partial<Buffer>): PrimFunc => {
      const changed = { ...b, ...parts };
      const body = replaceBuffers(f.body, new Map([[b, changed]]));
      return f.with({ params: f.params.with(k, changed), body });
    };
    yield now({ scope: b.scope === "texture" ? "global" : "texture" });
    yield now({ dtype: b.dtype === "u32" ? "i32" : "u32" });
    yield now({ shape: [...b.shape, constant(1)] });
    for (const [d, e] of b.shape.entries()) {
      for (const other of changedExprs(e)) yield now({ shape: b.shape.with(d, other) });
    }
  }
  if (f.shapeVars.length > 0 && f.params.every((b) => b.shape.every((d) => isConst(d)))) {
    yield new PrimFunc(f.name, f.params, [], f.allocs, f.body);
  }
  for (const body of changedStmts(f.body)) yield f.with({ body });
}
