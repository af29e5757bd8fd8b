import type { Fields } from "../base/check_options.ts";
import { pairOf, required } from "../base/option_kinds.ts";
import { add, constant, mul } from "../ir/build.ts";
import type { Expr, Var } from "../ir/expr.ts";
import { type ReduceAxis, reduceAxis, type Tensor } from "../te/compute.ts";
import { extent, RESULT, type ResultOptions } from "./kinds.ts";
import { type Images, named, ordered, type Pair, SLIDE, type SlideOptions, type Window } from "./window.ts";

/** The options of `op.maxPool2d` and `op.avgPool2d`. */
export interface PoolOptions extends SlideOptions, ResultOptions {
  /** The window's height and width. */
  readonly kernel: Pair;
}

/** The kinds of {@linkcode PoolOptions}. */
export const POOL = { kernel: required(pairOf(extent)), ...SLIDE, ...RESULT } satisfies Fields<PoolOptions>;

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
  const { kernel, stride, out } = window;
  const i = reduceAxis(kernel[0], "i"), j = reduceAxis(kernel[1], "j");
  return {
    shape: ordered<Expr>(layout, batch, constant(channels), constant(out[0]), constant(out[1])),
    axes: [i, j],
    element: (...at) => {
      const [n, c, y, x] = named(layout, at);
      const row = add(mul(y, stride[0]), i.var), column = add(mul(x, stride[1]), j.var);
      return source.at(...ordered<Expr>(layout, n, c, row, column));
    },
  };
}
