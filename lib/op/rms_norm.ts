import { add } from "../ir/build.ts";
import type { PrimFunc } from "../ir/func.ts";
import { compute, placeholder, primFunc } from "../te/compute.ts";
import { checkEps, rmsNormed, rowsOf, type RowsOptions } from "./rows.ts";

/**
 * `B[r, c] = A[r, c]·weight[c] / sqrt(mean_c A[r, c]² + eps)` (Zhang and Sennrich, arXiv 1910.07467); eps is
 * 1e-5 by default. Parameters A[rows, columns], weight[columns], B[rows, columns].
 *
 * @throws {TeError} for an impossible extent, or an eps that is negative or not finite
 */
export function rmsNorm(options: RowsOptions & { readonly eps?: number }): PrimFunc {
  const { eps = 1e-5, dtype = "f32" } = options;
  checkEps("rmsNorm", eps);
  const { rows, columns } = rowsOf("rmsNorm", options);
  const A = placeholder("A", [rows, columns], dtype);
  const weight = placeholder("weight", [columns], dtype);
  return primFunc("rms_norm", [A, weight, rmsNormed("B", A, weight, eps)]);
}

/**
 * A layer's residual and its norm in one: `S = A + D`, `B = rmsNorm(S)`. Parameters A and D[rows, columns],
 * weight[columns], S and B[rows, columns]; both S and B are results.
 *
 * @throws {TeError} for an impossible extent, or an eps that is negative or not finite
 */
export function addRmsNorm(options: RowsOptions & { readonly eps?: number }): PrimFunc {
  const { eps = 1e-5, dtype = "f32" } = options;
  checkEps("addRmsNorm", eps);
  const { rows, columns } = rowsOf("addRmsNorm", options);
  const A = placeholder("A", [rows, columns], dtype), D = placeholder("D", [rows, columns], dtype);
  const weight = placeholder("weight", [columns], dtype);
  // The norm adds up its input by itself: reading S back would cost more.
  const added = (name: string) => compute(name, [rows, columns], (i, j) => add(A.at(i, j), D.at(i, j)));
  return primFunc("add_rms_norm", [A, D, weight, added("S"), rmsNormed("B", added("added"), weight, eps)]);
}
