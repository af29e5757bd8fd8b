/** Updates of reductions. */
import { constant } from "./build.ts";
import { isFloat, RANGE, type ScalarType } from "./dtype.ts";
import { equalExpr } from "./equal.ts";
import type { BinaryOp, Buffer, Const, Expr } from "./expr.ts";
import type { Store } from "./stmt.ts";
import { someExpr } from "./visit.ts";

/** An operator that combines two values in any order; `and` and `or` are of booleans. */
export type CombineOp = "add" | "mul" | "max" | "min" | "and" | "or";

/** The neutral values of those that have the same one in each type. */
const NEUTRAL = { add: 0, mul: 1, and: 1, or: 0 } as const;

/** Operators whose result is unchanged where a value is combined twice: a reduction may start from one many times. */
const IDEMPOTENT: ReadonlySet<CombineOp> = new Set(["max", "min", "and", "or"]);

/** Whether combining a value with itself gives that value. */
export function isIdempotent(op: CombineOp): boolean {
  return IDEMPOTENT.has(op);
}

/** Whether a reduction may combine values with `op`. */
export function isCombineOp(op: BinaryOp): op is CombineOp {
  return Object.hasOwn(NEUTRAL, op) || op === "max" || op === "min";
}

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
  if (v.kind !== "binary" || !isCombineOp(v.op)) return undefined;
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
  return constant(op === "max" ? lowest : op === "min" ? highest : NEUTRAL[op], dtype);
}
