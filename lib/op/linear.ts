import { checkOptions, type Fields } from "../base/check_options.ts";
import type { Tensor } from "../te/tensor.ts";
import { checkTensors } from "./check_tensors.ts";
import { MATMUL, matmul, type MatmulOptions } from "./matmul.ts";

/** The options of {@linkcode linear}. */
export type LinearOptions = Omit<MatmulOptions, "transposeA" | "transposeB">;
const { transposeA: _, transposeB: __, ...fields } = MATMUL;
const OPTIONS: Fields<LinearOptions> = fields;

/**
 * Multiplies by a linear layer's weights, as models store them: `C[…, m, n] = Σ_k A[…, m, k]·W[n, k]`, summed in f32.
 * It is {@linkcode matmul} with `transposeB`.
 *
 * @param A [..., m, k] of f32 or f16, or u32[m, k/4]
 * @param W [n, k] of f32 or f16, or u32[n, k/4]
 * @returns C[..., m, n]; its name is C by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for tensors that don't fit together
 */
export function linear(A: Tensor, W: Tensor, options: LinearOptions = {}): Tensor {
  checkTensors("linear", { A, W });
  checkOptions("op.linear", options, OPTIONS);
  return matmul(A, W, { ...options, transposeB: true });
}
