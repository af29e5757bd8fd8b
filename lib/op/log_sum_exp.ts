import { add, call, cast } from "../ir/build.ts";
import type { PrimFunc } from "../ir/func.ts";
import { compute, placeholder, primFunc } from "../te/compute.ts";
import { exponentials, rowsOf, type RowsOptions } from "./rows.ts";

/**
 * `B[r] = log Σ_c exp(A[r, c])`, taken about the row's maximum. Parameters A[rows, columns], B[rows].
 *
 * @throws {TeError} for an impossible extent
 */
export function logSumExp(options: RowsOptions): PrimFunc {
  const { dtype = "f32" } = options;
  const { rows, columns } = rowsOf("logSumExp", options);
  const A = placeholder("A", [rows, columns], dtype);
  const [largest, total] = exponentials(A, rows, columns);
  const B = compute("B", [rows], (i) => cast(dtype, add(call("log", total.at(i)), largest.at(i))));
  return primFunc("log_sum_exp", [A, B]);
}
