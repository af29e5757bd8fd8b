import { constant } from "../ir/build.ts";
import type { ScalarType } from "../ir/dtype.ts";
import type { Expr } from "../ir/expr.ts";
import type { Block, Store } from "../ir/stmt.ts";
import { ScheduleError } from "./error.ts";
import { storeOf } from "./tree.ts";

export type CombineOp = "add" | "max" | "min";

/** `C[…] = C[…] op value`, taken apart. */
export interface Reducer {
  readonly op: CombineOp;
  readonly value: Expr;
  readonly identity: Expr;
  readonly store: Store;
}

const LARGEST: Readonly<Record<ScalarType, number>> = {
  f32: 3.4028234663852886e38,
  f16: 65504,
  i32: 2147483647,
  u32: 4294967295,
  bool: 1,
};

export function identityOf(op: CombineOp, dtype: ScalarType): Expr {
  if (op === "add") return constant(0, dtype);
  const smallest = dtype === "u32" || dtype === "bool" ? 0 : dtype === "i32" ? -2147483648 : -LARGEST[dtype];
  return constant(op === "max" ? smallest : LARGEST[dtype], dtype);
}

export function reducerOf(b: Block, asked: string): Reducer {
  const s = storeOf(b, "reduce");
  const v = s.value;
  const isSelf = (e: Expr) =>
    e.kind === "load" && e.buffer === s.buffer && e.indices.every((x, d) => x === s.indices[d]);
  if (
    v.kind === "binary" && (v.op === "add" || v.op === "max" || v.op === "min") &&
    (isSelf(v.a) || isSelf(v.b))
  ) {
    return { op: v.op, value: isSelf(v.a) ? v.b : v.a, identity: identityOf(v.op, s.buffer.dtype), store: s };
  }
  throw new ScheduleError(`${asked}: its update is not x = x + y, max(x, y) or min(x, y)`, b);
}
