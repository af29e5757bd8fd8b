import { checkOptions } from "../base/check_options.ts";
import type { PrimFunc } from "../ir/func.ts";
import { compute } from "../te/compute.ts";
import { max } from "../te/reduce.ts";
import { primFunc } from "../te/prim_func.ts";
import type { Tensor } from "../te/tensor.ts";
import { checkTensors, sharedFloat } from "./check_tensors.ts";
import { POOL, POOL_PROGRAM, type PoolOptions, type PoolProgramOptions, pools } from "./pool.ts";
import { asImages, imageInput, padded, windowOn } from "./window.ts";

/**
 * Takes the largest element of each window: `B[n, c, y, x] = max_{i, j} A[n, c, y·stride + i·dilation - padding, …]`.
 * Elements outside of the image don't count (ONNX MaxPool).
 *
 * @param A the images in the order of the layout, of f32 or f16
 * @returns B in the same layout, of A's dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist, is missing or can't have its value
 * @throws {TeError} for a tensor that is no images, or a window that doesn't fit
 */
export function maxPool2d(A: Tensor, options: PoolOptions): Tensor {
  checkTensors("maxPool2d", { A });
  checkOptions("op.maxPool2d", options, POOL);
  sharedFloat("maxPool2d", { A });
  const image = asImages("maxPool2d", A, options.layout);
  const window = windowOn("maxPool2d", image, options);
  const { shape, axes, element } = pools(padded(A, image, window, -Infinity), image, window);
  return compute(options.name ?? "B", shape, (...at) => max(element(...at), axes));
}

/**
 * Makes the program of {@linkcode maxPool2d}. Parameters A, B, in the order of the layout.
 *
 * @throws {OptionError} for an option that doesn't exist, is missing or can't have its value
 * @throws {TeError} for a window that doesn't fit
 */
export function maxPool2dProgram(options: PoolProgramOptions): PrimFunc {
  checkOptions("te.maxPool2d", options, POOL_PROGRAM);
  const { kernel, stride = 1, padding = 0, dilation = 1, ceilMode = false, layout = "NCHW" } = options;
  const A = imageInput(options, layout);
  return primFunc("max_pool2d", [A, maxPool2d(A, { kernel, stride, padding, dilation, ceilMode, layout })]);
}
