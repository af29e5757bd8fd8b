import { add, call, cast, constant, div, mul, sub } from "../ir/build.ts";
import type { PrimFunc } from "../ir/func.ts";
import { compute, placeholder, primFunc, sum } from "../te/compute.ts";
import { checkEps, countOf, f32, overColumns, rowsOf, type RowsOptions } from "./rows.ts";

/**
 * `B[r, c] = (A[r, c] - mean)·weight[c] / sqrt(variance + eps) + bias[c]`, mean and variance of row r; eps is
 * 1e-5 by default. Parameters A[rows, columns], weight and bias[columns], B[rows, columns].
 *
 * @throws {TeError} for an impossible extent, or an eps that is negative or not finite
 */
export function layerNorm(options: RowsOptions & { readonly eps?: number }): PrimFunc {
  const { eps = 1e-5, dtype = "f32" } = options;
  checkEps("layerNorm", eps);
  const { rows, columns } = rowsOf("layerNorm", options);
  const A = placeholder("A", [rows, columns], dtype), a = f32(A);
  const weight = placeholder("weight", [columns], dtype), bias = placeholder("bias", [columns], dtype);
  const total = compute("total", [rows], (i) => overColumns(columns, sum, (k) => a(i, k)));
  const mean = compute("mean", [rows], (i) => div(total.at(i), countOf(columns)));
  const squares = compute("squares", [rows], (i) =>
    overColumns(columns, sum, (k) => {
      const d = sub(a(i, k), mean.at(i));
      return mul(d, d);
    }));
  const B = compute("B", [rows, columns], (i, j) => {
    const deviation = call("rsqrt", add(div(squares.at(i), countOf(columns)), constant(eps, "f32")));
    const normal = mul(sub(a(i, j), mean.at(i)), deviation);
    return cast(dtype, add(mul(normal, f32(weight)(j)), f32(bias)(j)));
  });
  return primFunc("layer_norm", [A, weight, bias, B]);
}
