/** What convolutions share in any number of spatial dimensions: images are [n, c, …], and windows move along the rest. */
import type { Fields, Kind } from "../base/check_options.ts";
import { anyOf, arrayOf, count } from "../base/option_kinds.ts";
import { and, constant, ge, lt, select } from "../ir/build.ts";
import type { Expr } from "../ir/expr.ts";
import { compute, type ShapeCondition } from "../te/compute.ts";
import type { Tensor } from "../te/tensor.ts";
import { TeError } from "../te/error.ts";
import { EPILOGUE, type EpilogueOptions } from "./epilogue.ts";
import { minus, plus } from "./extents.ts";
import { extent, RESULT, type ResultOptions } from "./kinds.ts";
import {
  type Count,
  countSymbolic,
  type SamePadding,
  samePadding,
  samePaddingOn,
  type Slide,
} from "./slide.ts";

/** One number for all spatial dimensions, or one for each. */
export type Spatial = number | readonly number[];

/** The options of a convolution in any number of dimensions. */
export interface SpatialOptions extends EpilogueOptions, ResultOptions {
  /** The distance between neighbouring windows: one number, or one for each dimension. Default: 1. */
  readonly stride?: Spatial;
  /**
   * What is added: on all sides, on both sides of each dimension, or before each and then after each (ONNX: pads). With
   * `sameUpper` or `sameLower` there is a window for each stride (ONNX: auto_pad). Default: 0.
   */
  readonly padding?: Spatial | SamePadding;
  /** The distance between neighbouring elements of a window: one number, or one for each dimension. Default: 1. */
  readonly dilation?: Spatial;
  /** Channels and filters fall into this number of groups, which don't mix. Default: 1. */
  readonly groups?: number;
}

/** The kind of an option that is one value of a kind, or one for each of `rank` dimensions. */
export function spatial(kind: Kind<number>, rank: number, ...lengths: readonly number[]): Kind<Spatial> {
  return {
    ...anyOf(kind, ...[rank, ...lengths].map((n) => arrayOf(kind, n))) as Kind<Spatial>,
    takes: `${kind.takes}, or a list of ${[rank, ...lengths].join(" or ")} of them`,
  };
}

/** The kinds of {@linkcode SpatialOptions} in `rank` dimensions. */
export function spatialFields(rank: number): Fields<SpatialOptions> {
  const sides = spatial(count, rank, 2 * rank);
  return {
    stride: spatial(extent, rank),
    padding: {
      ...anyOf(sides, samePadding) as Kind<Spatial | SamePadding>,
      takes: `${sides.takes}, or sameUpper or sameLower`,
    },
    dilation: spatial(extent, rank),
    groups: extent,
    ...EPILOGUE,
    ...RESULT,
  };
}

/** A window along one dimension. */
export interface Along extends Slide {
  /** The elements of the window. */
  readonly kernel: number;
  /** The distance between neighbouring elements of the window. */
  readonly dilation: number;
  /** What is added before the image, and after it. */
  readonly sides: readonly [before: number, after: number];
}

/**
 * Reads the window along each dimension.
 *
 * @throws {TeError} for padding same of a symbolic extent, unless windows lie side by side
 */
export function windowsAlong(
  operator: string,
  sizes: readonly Expr[],
  kernel: readonly number[],
  options: SpatialOptions,
): readonly Along[] {
  const rank = sizes.length, { padding = 0 } = options;
  const each = (x: Spatial | undefined, d: number) => (typeof x === "object" ? x[d] : x) ?? 1;
  return sizes.map((size, d) => {
    const [k, stride, dilation] = [kernel[d] as number, each(options.stride, d), each(options.dilation, d)];
    const reach = dilation * (k - 1) + 1;
    return {
      size,
      kernel: k,
      stride,
      dilation,
      reach,
      sides: sidesOf(operator, padding, { size, stride, reach }, d, rank),
    };
  });
}

function sidesOf(
  operator: string,
  padding: Spatial | SamePadding,
  slide: Slide,
  d: number,
  rank: number,
): readonly [number, number] {
  if (typeof padding === "number") return [padding, padding];
  if (typeof padding === "object") {
    return [padding[d] ?? 0, padding[padding.length === rank ? d : d + rank] ?? 0];
  }
  return samePaddingOn(operator, padding, slide, `for dimension ${d + 2} of A`);
}

/**
 * Counts the windows that fit along a dimension.
 *
 * @throws {TeError} if none does
 */
export function countAlong(operator: string, { size, stride, reach, sides }: Along): Count {
  if (size.kind === "const") {
    const all = Math.floor((size.value + sides[0] + sides[1] - reach) / stride) + 1;
    if (all > 0) return { extent: constant(all), requires: [] };
    throw new TeError(
      `expected a window that fits ${
        size.value + sides[0] + sides[1]
      } elements with their padding, got one of ${reach}, ` +
        `in ${operator}; use more padding`,
    );
  }
  return countSymbolic(operator, { size, stride, reach }, sides);
}

/**
 * Makes images whose elements are those of A at `position` in each spatial dimension, and 0 where that lies outside of A
 * or `exists` says that there is none.
 */
export function placed(
  name: string,
  A: Tensor,
  shape: readonly Expr[],
  position: (
    i: Expr,
    d: number,
  ) => { readonly index: Expr; readonly exists?: Expr; readonly bounded?: boolean },
  requires: readonly ShapeCondition[],
): Tensor {
  const [n, c, ...sizes] = A.shape as readonly [Expr, Expr, ...Expr[]];
  return compute(name, [n, c, ...shape], (image, channel, ...at) => {
    const places = at.map((i, d) => position(i, d));
    const inside = places.flatMap(({ index, exists, bounded }, d) => [
      ...(exists ? [exists] : []),
      ...(bounded ? [] : [ge(index, 0), lt(index, sizes[d] as Expr)]),
    ]);
    const element = A.at(image as Expr, channel as Expr, ...places.map((p) => p.index));
    return select(and(...inside), element, constant(0, A.dtype));
  }, { requires });
}

/** The extents of an image with its padding. */
export function paddedExtent({ size, sides }: Along): Expr {
  return plus(size, sides[0] + sides[1]);
}

/** The position in an image of one in the padded image. */
export function unpadded({ sides }: Along, i: Expr): { readonly index: Expr; readonly bounded: boolean } {
  return { index: minus(i, sides[0]), bounded: sides[0] === 0 && sides[1] === 0 };
}
