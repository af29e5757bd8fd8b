import { cast, mul } from "../ir/build.ts";
import type { Expr, Var } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { type Dim, dims, placeholder, primFunc, reduceAxis, sum } from "../te/compute.ts";
import { dequantized, type Q4Layout } from "./dequantize_q4.ts";
import { type EpilogueOptions, finished } from "./epilogue.ts";
import { dotBytes, isOfBytes, operandType, scaledSums, scalesOf, wordsOf } from "./packed_bytes.ts";

export interface MatmulOptions extends EpilogueOptions {
  readonly m: Dim;
  readonly n: Dim;
  readonly k: Dim;
  /** A leading axis that A, B and C have; 4-bit weights have none, and serve every element of the batch. */
  readonly batch?: Dim;
  /** A is [k, m] and not [m, k]. */
  readonly transposeA?: boolean;
  /** B is [n, k] and not [k, n]: the layout of linear layers' weights. */
  readonly transposeB?: boolean;
  /**
   * Of A, B and C; sums are in f32. Default f32; with q4f16_1 weights always f16. `i8`: A and B are signed bytes, four
   * along k in a u32 (A u32[m, k/4], B u32[n, k/4]; k is a number that 4 divides), and sums are in i32.
   */
  readonly dtype?: "f32" | "f16" | "i8";
  /** B comes as 4-bit weights: parameters W_q and W_scale in its place, which are always of a B[n, k]. */
  readonly weights?: Q4Layout;
  /**
   * Of the result alone. Default: that of the operands. Sums of i8 are the result as they are (i32, the default), or
   * are scaled to numbers: `A_scale[m]·B_scale[n]·Σ`.
   */
  readonly out?: "f32" | "f16" | "i32";
}

/**
 * Matrix product: `C[m, n] = Σ_k A[m, k]·B[k, n]`. Parameters A[m, k], B[k, n] (or W_q u32[n, 4·ceil(k/32)]
 * and W_scale[n, ceil(k/32)]), A_scale[m] and B_scale[n] where sums of i8 are scaled, bias[n] and residual[m, n]
 * where they are asked for, C[m, n].
 *
 * @throws {TeError} for an impossible extent, or options that exclude each other
 */
export function matmul(options: MatmulOptions): PrimFunc {
  const { batch, transposeA = false, transposeB = false, weights } = options;
  const bytes = isOfBytes("matmul", options);
  const dtype = operandType(options);
  const { m, n, k, batch: b } = dims("matmul", {
    m: options.m,
    n: options.n,
    k: options.k,
    batch: batch ?? 1,
  });
  const lead = batch === undefined ? [] : [b], length = bytes ? wordsOf("matmul", k) : k;
  const A = placeholder("A", [...lead, ...(transposeA ? [length, m] : [m, length])], dtype);
  const w = weights && dequantized(weights, n, k);
  const nk = transposeB || weights !== undefined || bytes;
  const B = w?.weight ?? placeholder("B", [...lead, ...(nk ? [n, length] : [length, n])], dtype);
  const axis = reduceAxis(length);
  const product = (...at: Var[]): Expr => {
    const [i, j] = at.slice(-2) as [Var, Var];
    const first = at.slice(0, -2);
    const x = A.at(...first, ...(transposeA ? [axis.var, i] : [i, axis.var]));
    const y = B.at(...(weights ? [] : first), ...(nk ? [j, axis.var] : [axis.var, j]));
    return bytes ? dotBytes(x, y) : mul(cast("f32", x), cast("f32", y));
  };
  const shape = [...lead, m, n], out = options.out ?? (bytes ? "i32" : dtype);
  const scales = bytes && out !== "i32"
    ? [
      scalesOf("A", [...lead, m], (at) => at.slice(0, -1)),
      scalesOf("B", [...lead, n], (at) => [...at.slice(0, -2), at.at(-1) as Var]),
    ]
    : [];
  const { result: C, extra } = finished(
    "C",
    shape,
    out,
    shape.length - 1,
    (...at) => sum(product(...at), [axis]),
    options,
    bytes ? scaledSums(scales) : undefined,
  );
  return primFunc("matmul", [A, ...(w?.packed ?? [B]), ...scales.map((s) => s.tensor), ...extra, C]);
}
