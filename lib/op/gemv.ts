import { cast, constant, mul } from "../ir/build.ts";
import type { Var } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { type Dim, dims, placeholder, primFunc, reduceAxis, sum } from "../te/compute.ts";
import { dequantized, type Q4Layout } from "./dequantize_q4.ts";
import { type EpilogueOptions, finished } from "./epilogue.ts";
import { dotBytes, isOfBytes, operandType, scaledSums, scalesOf, wordsOf } from "./packed_bytes.ts";

export interface GemvOptions extends EpilogueOptions {
  /** Elements of the result. */
  readonly n: Dim;
  /** Elements of the vector. */
  readonly k: Dim;
  /** The matrix is [k, n] and not [n, k]: x·A and not A·x. */
  readonly transposeA?: boolean;
  /**
   * Of A, x and y; sums are in f32. Default f32; with q4f16_1 weights always f16. `i8`: A and x are signed bytes, four
   * along k in a u32 (A u32[n, k/4], x u32[k/4]; k is a number that 4 divides), and sums are in i32.
   */
  readonly dtype?: "f32" | "f16" | "i8";
  /** The matrix comes as 4-bit weights: parameters W_q and W_scale in its place, always of an A[n, k]. */
  readonly weights?: Q4Layout;
  /**
   * Of the result alone. Default: that of the operands. Sums of i8 are the result as they are (i32, the default), or
   * are scaled to numbers: `A_scale[n]·x_scale[0]·Σ`.
   */
  readonly out?: "f32" | "f16" | "i32";
}

/**
 * Matrix-vector product: `y[n] = Σ_k A[n, k]·x[k]`. Parameters A[n, k] (or W_q u32[n, 4·ceil(k/32)] and
 * W_scale[n, ceil(k/32)]), x[k], A_scale[n] and x_scale[1] where sums of i8 are scaled, bias[n] and residual[n]
 * where they are asked for, y[n].
 *
 * @throws {TeError} for an impossible extent, or options that exclude each other
 */
export function gemv(options: GemvOptions): PrimFunc {
  const { transposeA = false, weights } = options;
  const bytes = isOfBytes("gemv", options);
  const dtype = operandType(options);
  const { n, k } = dims("gemv", { n: options.n, k: options.k });
  const length = bytes ? wordsOf("gemv", k) : k;
  const w = weights && dequantized(weights, n, k);
  const A = w?.weight ?? placeholder("A", transposeA ? [length, n] : [n, length], dtype);
  const x = placeholder("x", [length], dtype);
  const axis = reduceAxis(length);
  const product = (j: Var) => {
    const a = transposeA && !weights ? A.at(axis.var, j) : A.at(j, axis.var), b = x.at(axis.var);
    return bytes ? dotBytes(a, b) : mul(cast("f32", a), cast("f32", b));
  };
  const out = options.out ?? (bytes ? "i32" : dtype);
  const scales = bytes && out !== "i32"
    ? [scalesOf("A", [n], (at) => at), scalesOf("x", [constant(1)], () => [constant(0)])]
    : [];
  const { result: y, extra } = finished(
    "y",
    [n],
    out,
    0,
    (j) => sum(product(j), [axis]),
    options,
    bytes ? scaledSums(scales) : undefined,
  );
  return primFunc("gemv", [...(w?.packed ?? [A]), x, ...scales.map((s) => s.tensor), ...extra, y]);
}
