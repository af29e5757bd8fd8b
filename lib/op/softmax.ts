import { call, cast, div, sub } from "../ir/build.ts";
import type { PrimFunc } from "../ir/func.ts";
import { compute, placeholder, primFunc } from "../te/compute.ts";
import { exponentials, f32, rowsOf, type RowsOptions } from "./rows.ts";

/**
 * `B[r, c] = exp(A[r, c] - max_c A[r, c]) / Σ_c exp(A[r, c] - max_c A[r, c])`. Parameters A and
 * B[rows, columns].
 *
 * @throws {TeError} for an impossible extent
 */
export function softmax(options: RowsOptions): PrimFunc {
  const { dtype = "f32" } = options;
  const { rows, columns } = rowsOf("softmax", options);
  const A = placeholder("A", [rows, columns], dtype), a = f32(A);
  const [largest, total] = exponentials(A, rows, columns);
  const B = compute(
    "B",
    [rows, columns],
    (i, j) => cast(dtype, div(call("exp", sub(a(i, j), largest.at(i))), total.at(i))),
  );
  return primFunc("softmax", [A, B]);
}
