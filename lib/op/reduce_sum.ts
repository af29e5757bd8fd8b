import { cast } from "../ir/build.ts";
import type { Var } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { compute, placeholder, primFunc, sum } from "../te/compute.ts";
import { f32, overColumns, rowsOf, type RowsOptions } from "./rows.ts";

/**
 * `B[r] = Σ_c A[r, c]`. Parameters A[rows, columns], B[rows], or B[columns] with axis 0.
 *
 * @throws {TeError} for an impossible extent
 */
export function reduceSum(
  options: RowsOptions & { /** 0 sums over rows: `B[c] = Σ_r A[r, c]`. Default 1. */ readonly axis?: 0 | 1 },
): PrimFunc {
  const { axis = 1, dtype = "f32" } = options;
  const { rows, columns } = rowsOf("reduceSum", options);
  const A = placeholder("A", [rows, columns], dtype), a = f32(A);
  const [kept, reduced] = axis === 1 ? [rows, columns] : [columns, rows];
  const value = (i: Var) => overColumns(reduced, sum, (k) => axis === 1 ? a(i, k) : a(k, i));
  if (dtype === "f32") return primFunc("reduce_sum", [A, compute("B", [kept], (i) => value(i))]);
  const total = compute("total", [kept], (i) => value(i));
  return primFunc("reduce_sum", [A, compute("B", [kept], (i) => cast(dtype, total.at(i)))]);
}
