/** Updates of reductions. */
import { constant } from "./build.ts";
import { isFloat, RANGE, type ScalarType } from "./dtype.ts";
import { equalExpr } from "./equal.ts";
import type { Buffer, Const, Expr } from "./expr.ts";
import type { Store } from "./stmt.ts";
import { someExpr } from "./visit.ts";

export type CombineOp = "add" | "max" | "min";

/** `C[…] = C[…] op value`, taken apart. */
export interface Reducer {
  readonly op: CombineOp;
  readonly value: Expr;
  /** The neutral value, at which the reduction starts. */
  readonly identity: Const;
}

/** Finds the reduction that `s` is one step of; undefined for any other store, for example of a value from its own buffer. */
export function reducerOf(s: Store): Reducer | undefined {
  const v = s.value;
  if (v.kind !== "binary" || (v.op !== "add" && v.op !== "max" && v.op !== "min")) return undefined;
  const isSelf = (e: Expr) =>
    e.kind === "load" && e.buffer === s.buffer &&
    e.indices.every((x, d) => equalExpr(x, s.indices[d] as Expr));
  if (!isSelf(v.a) && !isSelf(v.b)) return undefined;
  const value = isSelf(v.a) ? v.b : v.a;
  if (readsBuffer(value, s.buffer)) return undefined;
  return { op: v.op, value, identity: identityOf(v.op, s.buffer.dtype) };
}

/** Whether `e` loads from `b`. */
export function readsBuffer(e: Expr, b: Buffer): boolean {
  return someExpr(e, (x) => x.kind === "load" && x.buffer === b);
}

/** Gives the neutral value of `op` in `dtype`: the one that changes no other value. Those of floats are infinite. */
export function identityOf(op: CombineOp, dtype: ScalarType): Const {
  const [lowest, highest] = isFloat(dtype) ? [-Infinity, Infinity] : RANGE[dtype];
  return constant(op === "add" ? 0 : op === "max" ? lowest : highest, dtype);
}
