import { cast, mul } from "../ir/build.ts";
import type { ScalarType } from "../ir/dtype.ts";
import type { Expr, Var } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { type Dim, dims, placeholder, primFunc, reduceAxis, sum } from "./compute.ts";
import { dequantized, type Q4Layout } from "./dequantize_q4.ts";
import { type EpilogueOptions, finished } from "./epilogue.ts";

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
  /** Of A, B and C; sums are in f32. Default f32; with q4f16_1 weights always f16. */
  readonly dtype?: "f32" | "f16";
  /** B comes as 4-bit weights: parameters W_q and W_scale in its place, which are always of a B[n, k]. */
  readonly weights?: Q4Layout;
  /** Of the result alone. Default: that of the operands. */
  readonly out?: "f32" | "f16";
}

/**
 * Matrix product: `C[m, n] = Σ_k A[m, k]·B[k, n]`. Parameters A[m, k], B[k, n] (or W_q u32[n, 4·ceil(k/32)]
 * and W_scale[n, ceil(k/32)]), bias[n] and residual[m, n] where they are asked for, C[m, n].
 *
 * @throws {TeError} for an impossible extent
 */
export function matmul(options: MatmulOptions): PrimFunc {
  const { batch, transposeA = false, transposeB = false, weights } = options;
  const dtype: ScalarType = weights === "q4f16_1" ? "f16" : options.dtype ?? "f32";
  const { m, n, k, batch: b } = dims("matmul", {
    m: options.m,
    n: options.n,
    k: options.k,
    batch: batch ?? 1,
  });
  const lead = batch === undefined ? [] : [b];
  const A = placeholder("A", [...lead, ...(transposeA ? [k, m] : [m, k])], dtype);
  const w = weights && dequantized(weights, n, k);
  const B = w?.weight ?? placeholder("B", [...lead, ...(transposeB ? [n, k] : [k, n])], dtype);
  const nk = transposeB || weights !== undefined;
  const axis = reduceAxis(k);
  const product = (...at: Var[]): Expr => {
    const [i, j] = at.slice(-2) as [Var, Var];
    const first = at.slice(0, -2);
    const x = A.at(...first, ...(transposeA ? [axis.var, i] : [i, axis.var]));
    const y = B.at(...(weights ? [] : first), ...(nk ? [j, axis.var] : [axis.var, j]));
    return mul(cast("f32", x), cast("f32", y));
  };
  const shape = [...lead, m, n];
  const { result: C, extra } = finished(
    "C",
    shape,
    options.out ?? dtype,
    shape.length - 1,
    (...at) => sum(product(...at), [axis]),
    options,
  );
  return primFunc("matmul", [A, ...(w?.packed ?? [B]), ...extra, C]);
}
