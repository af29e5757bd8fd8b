import { cast, mul } from "../ir/build.ts";
import type { ScalarType } from "../ir/dtype.ts";
import type { Var } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { type Dim, dims, placeholder, primFunc, reduceAxis, sum } from "./compute.ts";
import { dequantized, type Q4Layout } from "./dequantize_q4.ts";
import { type EpilogueOptions, finished } from "./epilogue.ts";

export interface GemvOptions extends EpilogueOptions {
  /** Elements of the result. */
  readonly n: Dim;
  /** Elements of the vector. */
  readonly k: Dim;
  /** The matrix is [k, n] and not [n, k]: x·A and not A·x. */
  readonly transposeA?: boolean;
  /** Of A, x and y; sums are in f32. Default f32; with q4f16_1 weights always f16. */
  readonly dtype?: "f32" | "f16";
  /** The matrix comes as 4-bit weights: parameters W_q and W_scale in its place, always of an A[n, k]. */
  readonly weights?: Q4Layout;
  /** Of the result alone. Default: that of the operands. */
  readonly out?: "f32" | "f16";
}

/**
 * Matrix-vector product: `y[n] = Σ_k A[n, k]·x[k]`. Parameters A[n, k] (or W_q u32[n, 4·ceil(k/32)] and
 * W_scale[n, ceil(k/32)]), x[k], bias[n] and residual[n] where they are asked for, y[n].
 *
 * @throws {TeError} for an impossible extent
 */
export function gemv(options: GemvOptions): PrimFunc {
  const { transposeA = false, weights } = options;
  const dtype: ScalarType = weights === "q4f16_1" ? "f16" : options.dtype ?? "f32";
  const { n, k } = dims("gemv", { n: options.n, k: options.k });
  const w = weights && dequantized(weights, n, k);
  const A = w?.weight ?? placeholder("A", transposeA ? [k, n] : [n, k], dtype);
  const x = placeholder("x", [k], dtype);
  const axis = reduceAxis(k);
  const product = (j: Var) => {
    const a = transposeA && !weights ? A.at(axis.var, j) : A.at(j, axis.var);
    return mul(cast("f32", a), cast("f32", x.at(axis.var)));
  };
  const { result: y, extra } = finished(
    "y",
    [n],
    options.out ?? dtype,
    0,
    (j) => sum(product(j), [axis]),
    options,
  );
  return primFunc("gemv", [...(w?.packed ?? [A]), x, ...extra, y]);
}
