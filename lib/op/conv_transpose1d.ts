import type { Fields } from "../base/check_options.ts";
import { count } from "../base/option_kinds.ts";
import type { Tensor } from "../te/tensor.ts";
import { transposedConvolution, type TransposedOptions } from "./convolution.ts";
import { spatial, spatialFields } from "./spatial.ts";

const OPTIONS = { ...spatialFields(1), outputPadding: spatial(count, 1) } satisfies Fields<TransposedOptions>;

/**
 * Applies the transpose of a convolution of sequences: the sum of `A[n, c, y]·W[c, f, i]` over all y and i with `x
 * = y·stride + i·dilation - padding`, in f32 (ONNX ConvTranspose).
 *
 * @param A the images [n, c, w] of f32 or f16
 * @param W the filters [c, f/groups, kw] of f32 or f16
 * @returns C[n, f, …], of A's dtype; its name is C by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for tensors that don't fit together, groups that don't divide channels and filters, or a window that
 * doesn't fit
 */
export function convTranspose1d(A: Tensor, W: Tensor, options: TransposedOptions = {}): Tensor {
  return transposedConvolution("convTranspose1d", 1, A, W, options, OPTIONS);
}
