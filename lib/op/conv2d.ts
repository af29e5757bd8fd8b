import { checkOptions, type Fields } from "../base/check_options.ts";
import { pairOf, required } from "../base/option_kinds.ts";
import { add, cast, constant, floorDiv, mul } from "../ir/build.ts";
import type { Expr, Var } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { placeholder, type Tensor } from "../te/tensor.ts";
import { primFunc } from "../te/prim_func.ts";
import { reduceAxis, sum } from "../te/reduce.ts";
import { TeError } from "../te/error.ts";
import { checkShape, checkTensors, checkTypes, constantExtent, shapeOfRank } from "./check_tensors.ts";
import {
  EPILOGUE,
  EPILOGUE_PROGRAM,
  epilogueInputs,
  type EpilogueOptions,
  type EpilogueProgramOptions,
  withEpilogue,
} from "./epilogue.ts";
import { extent, RESULT, type ResultOptions } from "./kinds.ts";
import {
  asImages,
  imageInput,
  named,
  ordered,
  padded,
  type Pair,
  SLIDE,
  type SlideOptions,
  WINDOW_PROGRAM,
  windowOn,
  type WindowProgramOptions,
} from "./window.ts";

/** The window of a convolution, beyond its size. */
export interface ConvolutionOptions {
  /** The distance between neighbouring elements of the window. Default: 1. */
  readonly dilation?: Pair;
  /** Channels and filters fall into this number of groups, which don't mix; one channel each is depthwise. Default: 1. */
  readonly groups?: number;
}
const CONVOLUTION = { dilation: pairOf(extent), groups: extent } satisfies Fields<ConvolutionOptions>;

/** The options of {@linkcode conv2d}. */
export interface Conv2dOptions extends SlideOptions, ConvolutionOptions, EpilogueOptions, ResultOptions {}
const OPTIONS = { ...SLIDE, ...CONVOLUTION, ...EPILOGUE, ...RESULT } satisfies Fields<Conv2dOptions>;

/**
 * Convolves images: `C[n, f, y, x] = Σ_{c, i, j} A[n, c, y·stride + i·dilation - padding, …]·W[f, c, i, j]`, with zeros
 * outside of the image, summed in f32.
 *
 * @param A the images: [n, c, h, w] with layout NCHW, [n, h, w, c] with NHWC, of f32 or f16
 * @param W the filters: [f, c/groups, kh, kw] with layout NCHW, [kh, kw, c/groups, f] with NHWC, of f32 or f16
 * @returns C in the same layout, of A's dtype; its name is C by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for tensors that don't fit together, groups that don't divide channels and filters, or a window that
 * doesn't fit
 */
export function conv2d(A: Tensor, W: Tensor, options: Conv2dOptions = {}): Tensor {
  checkTensors("conv2d", { A, W });
  checkOptions("op.conv2d", options, OPTIONS);
  checkTypes("conv2d", { A, W }, "f32", "f16");
  const { layout = "NCHW", groups = 1, name = "C" } = options, nchw = layout === "NCHW";
  const image = asImages("conv2d", A, layout), { channels, batch } = image;
  shapeOfRank("conv2d", "W", W, 4, nchw ? "[f, c/groups, kh, kw]" : "[kh, kw, c/groups, f]");
  const [filters, kh, kw] = (nchw ? [0, 2, 3] as const : [3, 0, 1] as const)
    .map((d) => constantExtent("conv2d", "W", W, d)) as [number, number, number];
  checkGroups("conv2d", groups, channels, filters);
  const own = channels / groups, each = filters / groups;
  checkShape(
    "conv2d",
    "W",
    W,
    nchw ? ["f", constant(own), "kh", "kw"] : ["kh", "kw", constant(own), "f"],
    `to match A's ${channels} channels in ${groups} ${groups === 1 ? "group" : "groups"}`,
  );
  const w = windowOn("conv2d", image, { ...options, kernel: [kh, kw] });
  const source = padded(A, image, w);
  // A depthwise convolution has one channel in a group, and nothing to sum over but the window.
  const c = own > 1 ? reduceAxis(own, "c") : undefined;
  const i = reduceAxis(kh, "i"), j = reduceAxis(kw, "j");
  const product = (...at: readonly Var[]): Expr => {
    const [n, f, y, x] = named(layout, at);
    const inGroup = c?.var ?? constant(0);
    const group = groups === 1 ? constant(0) : floorDiv(f, each);
    const channel = add(mul(group, own), inGroup);
    const row = add(mul(y, w.stride[0]), mul(i.var, w.dilation[0]));
    const column = add(mul(x, w.stride[1]), mul(j.var, w.dilation[1]));
    const a = source.at(...ordered(layout, n, channel, row, column));
    const b = nchw ? W.at(f, inGroup, i.var, j.var) : W.at(i.var, j.var, inGroup, f);
    return mul(cast("f32", a), cast("f32", b));
  };
  return withEpilogue(
    {
      operator: "conv2d",
      name,
      shape: ordered<Expr>(layout, batch, constant(filters), ...w.out),
      dtype: A.dtype,
      channel: nchw ? 1 : 3,
    },
    (...at) => sum(product(...at), [...(c ? [c] : []), i, j]),
    options,
  );
}

/**
 * Checks that groups divide channels and filters.
 *
 * @throws {TeError} if they don't
 */
export function checkGroups(operator: string, groups: number, channels: number, filters: number): void {
  if (channels % groups === 0 && filters % groups === 0) return;
  throw new TeError(
    `expected groups to divide channels and filters, got ${groups} groups of ${channels} channels and ${filters} ` +
      `filters, in ${operator}`,
  );
}

/** The options of {@linkcode conv2dProgram}. */
export interface Conv2dProgramOptions
  extends WindowProgramOptions, ConvolutionOptions, EpilogueProgramOptions {
  /** Channels of the output. */
  readonly filters: number;
}
const PROGRAM = {
  ...WINDOW_PROGRAM,
  ...CONVOLUTION,
  ...EPILOGUE_PROGRAM,
  filters: required(extent),
} satisfies Fields<Conv2dProgramOptions>;

/**
 * Makes the program of {@linkcode conv2d}. Parameters A, W, bias[filters] and residual if they are asked for, C. A
 * convolution whose groups have one channel each is called depthwise_conv2d.
 *
 * @throws {OptionError} for an option that doesn't exist, is missing or can't have its value
 * @throws {TeError} for groups that don't divide channels and filters, or a window that doesn't fit
 */
export function conv2dProgram(options: Conv2dProgramOptions): PrimFunc {
  checkOptions("te.conv2d", options, PROGRAM);
  const { channels, filters, groups = 1, layout = "NCHW", dtype = "f32" } = options;
  const { stride = 1, padding = 0, dilation = 1 } = options;
  checkGroups("conv2d", groups, channels, filters);
  const A = imageInput(options, layout), image = asImages("conv2d", A, layout);
  const w = windowOn("conv2d", image, options), own = channels / groups;
  const W = placeholder(
    "W",
    layout === "NCHW" ? [filters, own, ...w.kernel] : [...w.kernel, own, filters],
    dtype,
  );
  const shape = ordered<Expr>(layout, image.batch, constant(filters), ...w.out);
  const epilogue = epilogueInputs(options, shape, layout === "NCHW" ? 1 : 3, dtype);
  const C = conv2d(A, W, { stride, padding, dilation, groups, layout, ...epilogue.options });
  const name = own === 1 && groups > 1 ? "depthwise_conv2d" : "conv2d";
  return primFunc(name, [A, W, ...epilogue.extra, C]);
}
