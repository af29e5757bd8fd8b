import { checkOptions } from "../base/check_options.ts";
import { cast, constant, mul } from "../ir/build.ts";
import type { PrimFunc } from "../ir/func.ts";
import { compute, primFunc, sum, type Tensor } from "../te/compute.ts";
import { checkTensors, sharedFloat } from "./check_tensors.ts";
import { POOL, type PoolOptions, pools } from "./pool.ts";
import {
  asImages,
  imageInput,
  padded,
  WINDOW_PROGRAM,
  windowOn,
  type WindowProgramOptions,
} from "./window.ts";

/**
 * Takes the mean of each window: `B[n, c, y, x] = mean_{i, j} A[n, c, y·stride + i - padding, …]`, summed in f32. The
 * zeros around the image count.
 *
 * @param A the images in the order of the layout, of f32 or f16
 * @returns B in the same layout, of A's dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist, is missing or can't have its value
 * @throws {TeError} for a tensor that is no images, or a window that doesn't fit
 */
export function avgPool2d(A: Tensor, options: PoolOptions): Tensor {
  checkTensors("avgPool2d", { A });
  checkOptions("op.avgPool2d", options, POOL);
  const dtype = sharedFloat("avgPool2d", { A }), image = asImages("avgPool2d", A, options.layout);
  const window = windowOn("avgPool2d", image, options);
  const { shape, axes, element } = pools(padded(A, image, window.padding), image, window);
  const total = compute("total", shape, (...at) => sum(cast("f32", element(...at)), axes));
  const share = constant(1 / (window.kernel[0] * window.kernel[1]), "f32");
  return compute(options.name ?? "B", shape, (...at) => cast(dtype, mul(total.at(...at), share)));
}

/**
 * Makes the program of {@linkcode avgPool2d}. Parameters A, B, in the order of the layout.
 *
 * @throws {OptionError} for an option that doesn't exist, is missing or can't have its value
 * @throws {TeError} for a window that doesn't fit
 */
export function avgPool2dProgram(options: WindowProgramOptions): PrimFunc {
  checkOptions("te.avgPool2d", options, WINDOW_PROGRAM);
  const { kernel, stride = 1, padding = 0, layout = "NCHW" } = options;
  const A = imageInput(options, layout);
  return primFunc("avg_pool2d", [A, avgPool2d(A, { kernel, stride, padding, layout })]);
}
