import type { Fields } from "../base/check_options.ts";
import { flag, pairOf, required } from "../base/option_kinds.ts";
import { add, constant, mul } from "../ir/build.ts";
import type { Expr, Var } from "../ir/expr.ts";
import type { ReduceAxis, Tensor } from "../te/tensor.ts";
import { reduceAxis } from "../te/reduce.ts";
import { extent, RESULT, type ResultOptions } from "./kinds.ts";
import {
  type Images,
  named,
  ordered,
  type Pair,
  SLIDE,
  type SlideOptions,
  type Window,
  WINDOW_PROGRAM,
  type WindowProgramOptions,
} from "./window.ts";

/** The windows of a pool, beyond their size. */
export interface PoolWindowOptions {
  /** The distance between neighbouring elements of a window (ONNX: dilations). Default: 1. */
  readonly dilation?: Pair;
  /**
   * Rounds the number of windows up, and not down: the last ones may reach beyond the padding. A last window that would
   * start past the image is left out (ONNX and PyTorch: ceil_mode). Default: false.
   */
  readonly ceilMode?: boolean;
}
const POOL_WINDOW = { dilation: pairOf(extent), ceilMode: flag } satisfies Fields<PoolWindowOptions>;

/** The options of `op.maxPool2d` and `op.avgPool2d`. */
export interface PoolOptions extends SlideOptions, PoolWindowOptions, ResultOptions {
  /** The window's height and width. */
  readonly kernel: Pair;
}

/** The kinds of {@linkcode PoolOptions}. */
export const POOL = {
  kernel: required(pairOf(extent)),
  ...SLIDE,
  ...POOL_WINDOW,
  ...RESULT,
} satisfies Fields<PoolOptions>;

/** The options of `te.maxPool2d`, and most of those of `te.avgPool2d`. */
export interface PoolProgramOptions extends WindowProgramOptions, PoolWindowOptions {}

/** The kinds of {@linkcode PoolProgramOptions}. */
export const POOL_PROGRAM = { ...WINDOW_PROGRAM, ...POOL_WINDOW } satisfies Fields<PoolProgramOptions>;

/** The windows of a pool. */
export interface Pools {
  /** The shape of the result. */
  readonly shape: readonly Expr[];
  /** The axes of a window. */
  readonly axes: readonly ReduceAxis[];
  /** The window's element, for a position of the result. */
  readonly element: (...at: readonly Var[]) => Expr;
}

/** Lays a pool's windows on a padded image. */
export function pools(source: Tensor, { layout, batch, channels }: Images, window: Window): Pools {
  const { kernel, stride, dilation, out } = window;
  const i = reduceAxis(kernel[0], "i"), j = reduceAxis(kernel[1], "j");
  return {
    shape: ordered<Expr>(layout, batch, constant(channels), ...out),
    axes: [i, j],
    element: (...at) => {
      const [n, c, y, x] = named(layout, at);
      const row = add(mul(y, stride[0]), mul(i.var, dilation[0]));
      const column = add(mul(x, stride[1]), mul(j.var, dilation[1]));
      return source.at(...ordered<Expr>(layout, n, c, row, column));
    },
  };
}
