/** What the operators share that slide a window over images. */
import type { Fields, Kind } from "../base/check_options.ts";
import { anyOf, arrayOf, count, oneOf, pairOf, required } from "../base/option_kinds.ts";
import { and, constant, ge, lt, select, sub } from "../ir/build.ts";
import type { Expr, Var } from "../ir/expr.ts";
import { printExpr } from "../ir/print.ts";
import { compute, type ShapeCondition } from "../te/compute.ts";
import { placeholder, type Tensor } from "../te/tensor.ts";
import { type Dim, dims } from "../te/dimension.ts";
import { TeError } from "../te/error.ts";
import { constantExtent, shapeOfRank } from "./check_tensors.ts";
import { plus } from "./extents.ts";
import { dimension, extent, floatType } from "./kinds.ts";
import {
  type Count,
  countSymbolic,
  type SamePadding,
  samePadding,
  samePaddingOn,
  type SidesOfOne,
  type Slide,
  unknownSize,
} from "./slide.ts";

/** One number for both directions, or [vertical, horizontal]. */
export type Pair = number | readonly [vertical: number, horizontal: number];

/** What is added around an image: on all sides, [above and below, left and right], or on each side as in ONNX. */
export type Padding =
  | Pair
  | readonly [top: number, left: number, bottom: number, right: number]
  | SamePadding;

const padding: Kind<Padding> = {
  ...anyOf(count, arrayOf(count, 2), arrayOf(count, 4), samePadding) as Kind<Padding>,
  takes: `${count.takes}, or two or four of them in a list, or sameUpper or sameLower`,
};

/** The order of an image's dimensions: batch N, channels C, height H, width W. */
export type ImageLayout = "NCHW" | "NHWC";

/** The kind of an option that is an image's layout. */
export const imageLayout: Kind<ImageLayout> = oneOf("NCHW", "NHWC");

/** How a window moves over an image. */
export interface SlideOptions {
  /** The distance between neighbouring windows. Default: 1. */
  readonly stride?: Pair;
  /**
   * The rows and columns that are added: on each side, [above and below, left and right], or [top, left, bottom, right]
   * (ONNX: pads). With `sameUpper` or `sameLower` there is a window for each stride (ONNX: auto_pad). Default: 0.
   */
  readonly padding?: Padding;
  /** The order of the images' dimensions. Default: NCHW. */
  readonly layout?: ImageLayout;
}

/** The kinds of {@linkcode SlideOptions}. */
export const SLIDE = {
  stride: pairOf(extent),
  padding,
  layout: imageLayout,
} satisfies Fields<SlideOptions>;

/** The images of a program, whatever it does with them. */
export interface ImageProgramOptions {
  /** The number of images. Default: 1. */
  readonly batch?: Dim;
  /** Rows of an image. */
  readonly height: number;
  /** Columns of an image. */
  readonly width: number;
  /** Channels of the input. */
  readonly channels: number;
  /** The dtype of all tensors; sums are in f32. Default: f32. */
  readonly dtype?: "f32" | "f16";
}

/** The kinds of {@linkcode ImageProgramOptions}. */
export const IMAGE_PROGRAM = {
  batch: dimension,
  height: required(extent),
  width: required(extent),
  channels: required(extent),
  dtype: floatType,
} satisfies Fields<ImageProgramOptions>;

/** The options of a program that slides a window over images. */
export interface WindowProgramOptions extends ImageProgramOptions, SlideOptions {
  /** The window's height and width. */
  readonly kernel: Pair;
}

/** The kinds of {@linkcode WindowProgramOptions}. */
export const WINDOW_PROGRAM = {
  ...IMAGE_PROGRAM,
  ...SLIDE,
  kernel: required(pairOf(extent)),
} satisfies Fields<WindowProgramOptions>;

/** Makes the input image of a program: parameter A. */
export function imageInput(options: ImageProgramOptions, layout: ImageLayout = "NCHW"): Tensor {
  const { height, width, channels, dtype } = options;
  const { batch } = dims({ batch: options.batch ?? 1 });
  return placeholder("A", ordered<Expr | number>(layout, batch, channels, height, width), dtype);
}

/** A tensor of images, read by its layout. */
export interface Images {
  /** The order of its dimensions. */
  readonly layout: ImageLayout;
  /** The number of images. */
  readonly batch: Expr;
  /** Channels of an image. */
  readonly channels: number;
  /** Rows of an image. */
  readonly height: Expr;
  /** Columns of an image. */
  readonly width: Expr;
}

/**
 * Reads the shape of a tensor of images.
 *
 * @throws {TeError} for a tensor that hasn't four dimensions, or whose channels are no number
 */
export function asImages(operator: string, A: Tensor, layout: ImageLayout = "NCHW"): Images {
  const shape = shapeOfRank(operator, "A", A, 4, layout === "NCHW" ? "[n, c, h, w]" : "[n, h, w, c]");
  const [c, y, x] = layout === "NCHW" ? [1, 2, 3] as const : [3, 1, 2] as const;
  return {
    layout,
    batch: shape[0] as Expr,
    channels: constantExtent(operator, "A", A, c),
    height: shape[y] as Expr,
    width: shape[x] as Expr,
  };
}

/** Rows and columns on the sides of an image. */
export type Sides = readonly [top: number, left: number, bottom: number, right: number];

/** A window on images. */
export interface Window {
  /** Height and width of the window. */
  readonly kernel: readonly [number, number];
  /** The distance between neighbouring windows. */
  readonly stride: readonly [number, number];
  /** The rows and columns that are added: top, left, bottom and right, the overhang included. */
  readonly padding: Sides;
  /** The rows below and the columns to the right that the last windows need beyond the padding that was asked for. */
  readonly overhang: readonly [number, number];
  /** The distance between neighbouring elements of the window. */
  readonly dilation: readonly [number, number];
  /** Height and width of the output. */
  readonly out: readonly [Expr, Expr];
  /** The conditions that a window fits. */
  readonly requires: readonly ShapeCondition[];
}

/**
 * Places a window on images. With `ceilMode`, the last window of a row or column may reach beyond the padding; it is left out
 * if it starts past the image (ONNX MaxPool; PyTorch's pooling_output_shape).
 *
 * @throws {TeError} for a window that doesn't fit the padded image, and where a symbolic size can't say how it is placed
 */
export function windowOn(
  operator: string,
  { height, width }: Images,
  options: SlideOptions & { readonly kernel: Pair; readonly dilation?: Pair; readonly ceilMode?: boolean },
): Window {
  const kernel = pair(options.kernel), stride = pair(options.stride ?? 1);
  const dilation = pair(options.dilation ?? 1), { padding = 0, ceilMode = false } = options;
  const given = typeof padding === "string" ? undefined : sides(padding);
  const along = (d: 0 | 1) => {
    const size = d === 0 ? height : width, reach = dilation[d] * (kernel[d] - 1) + 1;
    const slide = { size, stride: stride[d], reach };
    const added = given
      ? [given[d], given[d + 2] as number] as const
      : samePaddingOn(operator, padding as SamePadding, slide, SIZE);
    return { sides: added, ...countOn(operator, slide, added, ceilMode) };
  };
  const rows = along(0), columns = along(1);
  if ([rows, columns].some(({ extent }) => extent.kind === "const" && extent.value < 1)) {
    throw new TeError(
      `expected a window that fits the ${printExpr(height)} x ${printExpr(width)} image, got ${
        kernel.join(" x ")
      }, in ${operator}; use more padding`,
    );
  }
  return {
    kernel,
    stride,
    padding: [
      rows.sides[0],
      columns.sides[0],
      rows.sides[1] + rows.overhang,
      columns.sides[1] + columns.overhang,
    ],
    overhang: [rows.overhang, columns.overhang],
    dilation,
    out: [rows.extent, columns.extent],
    requires: [...rows.requires, ...columns.requires],
  };
}

/** How errors name the extents of images. */
const SIZE = "of rows and columns";

/** Counts the windows along a dimension, and what the last needs beyond the padding. */
function countOn(
  operator: string,
  slide: Slide,
  added: SidesOfOne,
  ceilMode: boolean,
): Count & { readonly overhang: number } {
  const { size, stride, reach } = slide, [before, after] = added;
  if (size.kind === "const") {
    const room = size.value + before + after - reach, steps = room / stride;
    const all = (ceilMode ? Math.ceil(steps) : Math.floor(steps)) + 1;
    const count = ceilMode && (all - 1) * stride >= size.value + before ? all - 1 : all;
    return { extent: constant(count), overhang: Math.max(0, (count - 1) * stride - room), requires: [] };
  }
  if (ceilMode && stride > 1) throw unknownSize(operator, size, SIZE, `ceilMode and a stride of ${stride}`);
  return { ...countSymbolic(operator, slide, added), overhang: 0 };
}

function sides(p: Exclude<Padding, SamePadding>): Sides {
  if (typeof p === "number") return [p, p, p, p];
  return p.length === 4 ? p : [p[0], p[1], p[0], p[1]];
}

function pair(p: Pair): readonly [number, number] {
  return typeof p === "number" ? [p, p] : p;
}

/** Puts batch, channel, row and column in the order of the layout. */
export function ordered<T>(layout: ImageLayout, n: T, c: T, y: T, x: T): readonly [T, T, T, T] {
  return layout === "NCHW" ? [n, c, y, x] : [n, y, x, c];
}

/** Gives the position in an image as batch, channel, row, column. */
export function named(layout: ImageLayout, at: readonly Var[]): readonly [n: Var, c: Var, y: Var, x: Var] {
  const [a, b, c, d] = at as readonly [Var, Var, Var, Var];
  return layout === "NCHW" ? [a, b, c, d] : [a, d, b, c];
}

/** Makes the image with `outside` around it; gives the image itself where nothing is added. */
export function padded(
  A: Tensor,
  { layout, batch, channels, height, width }: Images,
  { padding: [top, left, bottom, right], requires }: Pick<Window, "padding" | "requires">,
  outside = 0,
): Tensor {
  if (top === 0 && left === 0 && bottom === 0 && right === 0 && requires.length === 0) return A;
  const shape = ordered<Expr | number>(
    layout,
    batch,
    channels,
    plus(height, top + bottom),
    plus(width, left + right),
  );
  return compute("padded", shape, (...at) => {
    const [n, c, y, x] = named(layout, at);
    const row = sub(y, top), column = sub(x, left);
    const inside = and(ge(row, 0), lt(row, height), ge(column, 0), lt(column, width));
    return select(inside, A.at(...ordered<Expr>(layout, n, c, row, column)), constant(outside, A.dtype));
  }, { requires });
}
