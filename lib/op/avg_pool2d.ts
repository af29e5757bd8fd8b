import { checkOptions, type Fields } from "../base/check_options.ts";
import { flag } from "../base/option_kinds.ts";
import { cast, ceilDiv, constant, div, max, min, mul, sub } from "../ir/build.ts";
import type { Expr } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { compute } from "../te/compute.ts";
import { primFunc } from "../te/prim_func.ts";
import { sum } from "../te/reduce.ts";
import type { Tensor } from "../te/tensor.ts";
import { checkTensors, sharedFloat } from "./check_tensors.ts";
import { plus } from "./extents.ts";
import { POOL, POOL_PROGRAM, type PoolOptions, type PoolProgramOptions, pools } from "./pool.ts";
import { asImages, imageInput, type Images, named, padded, type Window, windowOn } from "./window.ts";

/** What the mean of a window is taken over. */
export interface MeanOptions {
  /**
   * Counts the zeros around the image, but not what `ceilMode` adds beyond them (ONNX: count_include_pad, whose default is
   * 0; PyTorch: true). Default: true.
   */
  readonly countIncludePad?: boolean;
}
const MEAN = { countIncludePad: flag } satisfies Fields<MeanOptions>;

/** The options of {@linkcode avgPool2d}. */
export interface AvgPool2dOptions extends PoolOptions, MeanOptions {}
const OPTIONS = { ...POOL, ...MEAN } satisfies Fields<AvgPool2dOptions>;

/**
 * Takes the mean of each window: `B[n, c, y, x] = mean_{i, j} A[n, c, y·stride + i·dilation - padding, …]`, summed in
 * f32 (ONNX AveragePool). The zeros around the image count, unless `countIncludePad` is false. A window without anything
 * that counts gives 0.
 *
 * @param A the images in the order of the layout, of f32 or f16
 * @returns B in the same layout, of A's dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist, is missing or can't have its value
 * @throws {TeError} for a tensor that is no images, or a window that doesn't fit
 */
export function avgPool2d(A: Tensor, options: AvgPool2dOptions): Tensor {
  checkTensors("avgPool2d", { A });
  checkOptions("op.avgPool2d", options, OPTIONS);
  const dtype = sharedFloat("avgPool2d", { A }), image = asImages("avgPool2d", A, options.layout);
  const window = windowOn("avgPool2d", image, options);
  const { shape, axes, element } = pools(padded(A, image, window), image, window);
  const total = compute("total", shape, (...at) => sum(cast("f32", element(...at)), axes));
  const { countIncludePad = true, name = "B" } = options;
  const whole = countIncludePad
    ? window.overhang.every((o) => o === 0)
    : window.padding.every((p) => p === 0);
  if (whole) {
    const share = constant(1 / (window.kernel[0] * window.kernel[1]), "f32");
    return compute(name, shape, (...at) => cast(dtype, mul(total.at(...at), share)));
  }
  return compute(name, shape, (...at) => {
    const [, , y, x] = named(image.layout, at);
    const counted = mul(
      countedAlong(0, y, image, window, countIncludePad),
      countedAlong(1, x, image, window, countIncludePad),
    );
    return cast(dtype, div(total.at(...at), cast("f32", max(counted, 1))));
  });
}

/** The number of a window's rows (d = 0) or columns (d = 1) that count, for its position `at`; not below 0. */
function countedAlong(d: 0 | 1, at: Expr, { height, width }: Images, window: Window, pads: boolean): Expr {
  const before = window.padding[d], start = mul(at, window.stride[d]), step = window.dilation[d];
  const size = d === 0 ? height : width, after = window.padding[d === 0 ? 2 : 3] - window.overhang[d];
  // The first element that counts, and the end of those that do, in elements of the padded image.
  const first = pads ? 0 : before, end = plus(size, before + (pads ? after : 0));
  const skipped = max(ceilDiv(sub(constant(first), start), step), 0);
  const reached = min(ceilDiv(sub(end, start), step), window.kernel[d]);
  return max(sub(reached, skipped), 0);
}

/** The options of {@linkcode avgPool2dProgram}. */
export interface AvgPool2dProgramOptions extends PoolProgramOptions, MeanOptions {}
const PROGRAM = { ...POOL_PROGRAM, ...MEAN } satisfies Fields<AvgPool2dProgramOptions>;

/**
 * Makes the program of {@linkcode avgPool2d}. Parameters A, B, in the order of the layout.
 *
 * @throws {OptionError} for an option that doesn't exist, is missing or can't have its value
 * @throws {TeError} for a window that doesn't fit
 */
export function avgPool2dProgram(options: AvgPool2dProgramOptions): PrimFunc {
  checkOptions("te.avgPool2d", options, PROGRAM);
  const { kernel, stride = 1, padding = 0, dilation = 1, ceilMode = false, layout = "NCHW" } = options;
  const { countIncludePad = true } = options, A = imageInput(options, layout);
  const how = { kernel, stride, padding, dilation, ceilMode, countIncludePad, layout };
  return primFunc("avg_pool2d", [A, avgPool2d(A, how)]);
}
