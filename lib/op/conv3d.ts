import type { Tensor } from "../te/tensor.ts";
import { convolution } from "./convolution.ts";
import { spatialFields, type SpatialOptions } from "./spatial.ts";

const OPTIONS = spatialFields(3);

/**
 * Convolves volumes: `C[n, f, z, y, x] = Σ_{c, i, j, k} A[n, c, z·stride + i·dilation - padding, …]·W[f, c, i, j,
 * k]`, with zeros outside of the volume, summed in f32 (ONNX Conv).
 *
 * @param A the images [n, c, d, h, w] of f32 or f16
 * @param W the filters [f, c/groups, kd, kh, kw] of f32 or f16
 * @returns C[n, f, …], of A's dtype; its name is C by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for tensors that don't fit together, groups that don't divide channels and filters, or a window that
 * doesn't fit
 */
export function conv3d(A: Tensor, W: Tensor, options: SpatialOptions = {}): Tensor {
  return convolution("conv3d", 3, A, W, options, OPTIONS);
}
