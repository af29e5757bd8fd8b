import type { Fields } from "../base/check_options.ts";
import { count } from "../base/option_kinds.ts";
import type { Tensor } from "../te/tensor.ts";
import { transposedConvolution, type TransposedOptions } from "./convolution.ts";
import { spatial, spatialFields } from "./spatial.ts";

const OPTIONS = { ...spatialFields(3), outputPadding: spatial(count, 3) } satisfies Fields<TransposedOptions>;

/**
 * Applies the transpose of a convolution of volumes: the sum of `A[n, c, z, …]·W[c, f, i, …]` over all z and i with
 * `x = z·stride + i·dilation - padding` in all three dimensions, in f32 (ONNX ConvTranspose). Its extents are `(size -
 * 1)·stride + dilation·(kernel - 1) + 1 + outputPadding - padding`.
 *
 * @param A the volumes [n, c, d, h, w] of f32 or f16
 * @param W the filters [c, f/groups, kd, kh, kw] of f32 or f16
 * @returns C[n, f, …], of A's dtype; its name is C by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for tensors that don't fit together, groups that don't divide channels and filters, or a window that
 * doesn't fit
 */
export function convTranspose3d(A: Tensor, W: Tensor, options: TransposedOptions = {}): Tensor {
  return transposedConvolution("convTranspose3d", 3, A, W, options, OPTIONS);
}
