import type { PrimFunc } from "../ir/func.ts";
import { compute, placeholder, primFunc } from "../te/compute.ts";
import { rowsOf, type RowsOptions } from "./rows.ts";

/**
 * `B[c, r] = A[r, c]`. Parameters A[rows, columns], B[columns, rows].
 *
 * @throws {TeError} for an impossible extent
 */
export function transpose(options: RowsOptions): PrimFunc {
  const { rows, columns } = rowsOf("transpose", options);
  const A = placeholder("A", [rows, columns], options.dtype);
  const B = compute("B", [columns, rows], (i, j) => A.at(j, i));
  return primFunc("transpose", [A, B]);
}
