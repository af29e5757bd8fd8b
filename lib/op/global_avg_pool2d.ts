import { checkOptions, type Fields } from "../base/check_options.ts";
import { cast, constant, div, mul } from "../ir/build.ts";
import type { Expr, Var } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { compute } from "../te/compute.ts";
import { primFunc } from "../te/prim_func.ts";
import { reduceAxis, sum } from "../te/reduce.ts";
import type { Tensor } from "../te/tensor.ts";
import { checkTensors, sharedFloat } from "./check_tensors.ts";
import { RESULT, type ResultOptions } from "./kinds.ts";
import {
  asImages,
  IMAGE_PROGRAM,
  imageInput,
  type ImageLayout,
  imageLayout,
  type ImageProgramOptions,
  ordered,
} from "./window.ts";

/** The options of {@linkcode globalAvgPool2d}. */
export interface GlobalAvgPool2dOptions extends ResultOptions {
  /** The order of the images' dimensions. Default: NCHW. */
  readonly layout?: ImageLayout;
}
const OPTIONS = { layout: imageLayout, ...RESULT } satisfies Fields<GlobalAvgPool2dOptions>;

/**
 * Takes the mean of each channel's plane: `B[n, c] = mean_{y, x} A[n, c, y, x]`, summed in f32.
 *
 * @param A the images in the order of the layout, of f32 or f16
 * @returns B[batch, channels], of A's dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor that is no images
 */
export function globalAvgPool2d(A: Tensor, options: GlobalAvgPool2dOptions = {}): Tensor {
  checkTensors("globalAvgPool2d", { A });
  checkOptions("op.globalAvgPool2d", options, OPTIONS);
  const dtype = sharedFloat("globalAvgPool2d", { A });
  const { layout, batch, channels, height, width } = asImages("globalAvgPool2d", A, options.layout);
  const y = reduceAxis(height, "y"), x = reduceAxis(width, "x");
  const total = compute(
    "total",
    [batch, channels],
    (n, c) => sum(cast("f32", A.at(...ordered<Var>(layout, n as Var, c as Var, y.var, x.var))), [y, x]),
  );
  const mean = height.kind === "const" && width.kind === "const"
    ? (x: Expr) => mul(x, constant(1 / (height.value * width.value), "f32"))
    : (x: Expr) => div(x, cast("f32", mul(height, width)));
  return compute(options.name ?? "B", [batch, channels], (...at) => cast(dtype, mean(total.at(...at))));
}

/** The options of {@linkcode globalAvgPool2dProgram}. */
export interface GlobalAvgPool2dProgramOptions extends ImageProgramOptions {
  /** The order of the images' dimensions. Default: NCHW. */
  readonly layout?: ImageLayout;
}
const PROGRAM = { ...IMAGE_PROGRAM, layout: imageLayout } satisfies Fields<GlobalAvgPool2dProgramOptions>;

/**
 * Makes the program of {@linkcode globalAvgPool2d}. Parameters A in the order of the layout, B[batch, channels].
 *
 * @throws {OptionError} for an option that doesn't exist, is missing or can't have its value
 */
export function globalAvgPool2dProgram(options: GlobalAvgPool2dProgramOptions): PrimFunc {
  checkOptions("te.globalAvgPool2d", options, PROGRAM);
  const { layout = "NCHW" } = options;
  const A = imageInput(options, layout);
  return primFunc("global_avg_pool2d", [A, globalAvgPool2d(A, { layout })]);
}
