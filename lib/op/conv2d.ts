import { add, and, cast, constant, floorDiv, ge, lt, mul, select, sub } from "../ir/build.ts";
import type { Expr, Var } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import {
  compute,
  type Dim,
  dims,
  placeholder,
  primFunc,
  reduceAxis,
  sum,
  type Tensor,
} from "../te/compute.ts";
import { type EpilogueOptions, finished } from "./epilogue.ts";
import { TeError } from "../te/error.ts";

/** One number for both directions, or [vertical, horizontal]. */
export type Pair = number | readonly [vertical: number, horizontal: number];
export type ImageLayout = "NCHW" | "NHWC";

/** A window that slides over an image. */
export interface WindowOptions {
  /** Default 1. */
  readonly batch?: Dim;
  readonly height: number;
  readonly width: number;
  /** Channels of the input. */
  readonly channels: number;
  readonly kernel: Pair;
  /** Default 1. */
  readonly stride?: Pair;
  /** Rows and columns that are added on each side. Default 0. */
  readonly padding?: Pair;
  /** Default NCHW. */
  readonly layout?: ImageLayout;
  /** Of all tensors; sums are in f32. Default f32. */
  readonly dtype?: "f32" | "f16";
}

export interface Conv2dOptions extends WindowOptions, EpilogueOptions {
  /** Channels of the output. */
  readonly filters: number;
  /** Default 1. */
  readonly dilation?: Pair;
  /** Channels and filters fall into so many groups that don't mix; as many as channels: depthwise. Default 1. */
  readonly groups?: number;
}

/**
 * Convolution of images: `C[n, f, y, x] = Σ_{c, i, j} A[n, c, y·stride + i·dilation - padding, …]·W[f, c, i, j]`
 * with zeros outside of the image. Layout NCHW has A[n, c, h, w] and W[f, c/groups, kh, kw]; NHWC has
 * A[n, h, w, c] and W[kh, kw, c/groups, f]. Parameters A, W, bias and residual where they are asked for, C.
 *
 * @throws {TeError} for an impossible extent, or groups that don't divide channels and filters
 */
export function conv2d(options: Conv2dOptions): PrimFunc {
  const { channels, filters, groups = 1, layout = "NCHW", dtype = "f32" } = options;
  const w = windowOf("conv2d", options);
  dims("conv2d", { filters, groups });
  if (channels % groups !== 0 || filters % groups !== 0) {
    throw new TeError(
      `cannot build conv2d of ${channels} channels and ${filters} filters in ${groups} groups: ` +
        `groups must divide both`,
    );
  }
  const own = channels / groups, each = filters / groups;
  const A = imageOf("A", layout, w.batch, channels, options.height, options.width, dtype);
  const W = placeholder(
    "W",
    layout === "NCHW" ? [filters, own, ...w.kernel] : [...w.kernel, own, filters],
    dtype,
  );
  const source = padded(A, layout, w.padding);
  // A depthwise convolution has one channel in a group, and nothing to sum over but the window.
  const c = own > 1 ? reduceAxis(own, "c") : undefined;
  const i = reduceAxis(w.kernel[0], "i"), j = reduceAxis(w.kernel[1], "j");
  const shape = layout === "NCHW" ? [w.batch, filters, ...w.out] : [w.batch, ...w.out, filters];
  const product = (...at: readonly Var[]): Expr => {
    const [n, f, y, x] = named(layout, at);
    const inGroup = c?.var ?? constant(0);
    const group = groups === 1 ? constant(0) : floorDiv(f, each);
    const channel = add(mul(group, own), inGroup);
    const row = add(mul(y, w.stride[0]), mul(i.var, w.dilation[0]));
    const column = add(mul(x, w.stride[1]), mul(j.var, w.dilation[1]));
    const a = source.at(...ordered(layout, n, channel, row, column));
    const b = layout === "NCHW" ? W.at(f, inGroup, i.var, j.var) : W.at(i.var, j.var, inGroup, f);
    return mul(cast("f32", a), cast("f32", b));
  };
  const axes = [...(c ? [c] : []), i, j];
  const { result: C, extra } = finished(
    "C",
    shape,
    dtype,
    layout === "NCHW" ? 1 : 3,
    (...at) => sum(product(...at), axes),
    options,
  );
  return primFunc(own === 1 && groups > 1 ? "depthwise_conv2d" : "conv2d", [A, W, ...extra, C]);
}

/** The numbers of a window, checked. */
export function windowOf(operator: string, options: WindowOptions & { readonly dilation?: Pair }): {
  readonly batch: Expr;
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
  readonly dilation: readonly [number, number];
  /** Height and width of the output. */
  readonly out: readonly [number, number];
} {
  const { height, width, channels } = options;
  const kernel = pair(options.kernel), stride = pair(options.stride ?? 1);
  const dilation = pair(options.dilation ?? 1), padding = pair(options.padding ?? 0);
  const { batch } = dims(operator, {
    batch: options.batch ?? 1,
    height,
    width,
    channels,
    "kernel[0]": kernel[0],
    "kernel[1]": kernel[1],
    "stride[0]": stride[0],
    "stride[1]": stride[1],
    "dilation[0]": dilation[0],
    "dilation[1]": dilation[1],
  });
  if (!padding.every((p) => Number.isSafeInteger(p) && p >= 0)) {
    throw new TeError(
      `cannot build ${operator} with padding ${padding.join(" x ")}: it is whole and at least 0`,
    );
  }
  const along = (d: 0 | 1) => {
    const size = d === 0 ? height : width;
    return Math.floor((size + 2 * padding[d] - dilation[d] * (kernel[d] - 1) - 1) / stride[d]) + 1;
  };
  const out = [along(0), along(1)] as const;
  if (out[0] < 1 || out[1] < 1) {
    throw new TeError(
      `cannot build ${operator} of a ${height} x ${width} image with a ${kernel.join(" x ")} window: ` +
        `the window does not fit; give more padding`,
    );
  }
  return { batch, kernel, stride, padding, dilation, out };
}

function pair(p: Pair): readonly [number, number] {
  return typeof p === "number" ? [p, p] : p;
}

/** An input image. */
export function imageOf(
  name: string,
  layout: ImageLayout,
  batch: Expr,
  channels: number,
  height: number,
  width: number,
  dtype: "f32" | "f16",
): Tensor {
  return placeholder(name, ordered<Expr | number>(layout, batch, channels, height, width), dtype);
}

/** Channel, row and column in the order of the layout. */
export function ordered<T>(layout: ImageLayout, n: T, c: T, y: T, x: T): readonly [T, T, T, T] {
  return layout === "NCHW" ? [n, c, y, x] : [n, y, x, c];
}

/** The axes of an image as batch, channel, row, column. */
export function named(layout: ImageLayout, at: readonly Var[]): readonly [n: Var, c: Var, y: Var, x: Var] {
  const [a, b, c, d] = at as readonly [Var, Var, Var, Var];
  return layout === "NCHW" ? [a, b, c, d] : [a, d, b, c];
}

/** The image with `outside` around it; itself where nothing is added. */
export function padded(
  A: Tensor,
  layout: ImageLayout,
  padding: readonly [number, number],
  outside = 0,
): Tensor {
  if (padding[0] === 0 && padding[1] === 0) return A;
  const [n, c, h, w] = (layout === "NCHW" ? [0, 1, 2, 3] : [0, 3, 1, 2])
    .map((d) => A.buffer.shape[d] as Expr) as [Expr, Expr, Expr, Expr];
  const shape = ordered(layout, n, c, add(h, 2 * padding[0]), add(w, 2 * padding[1]));
  return compute("padded", shape, (...at) => {
    const [n, c, y, x] = named(layout, at);
    const row = sub(y, padding[0]), column = sub(x, padding[1]);
    const inside = and(ge(row, 0), lt(row, h), ge(column, 0), lt(column, w));
    const value = A.at(...ordered<Expr>(layout, n, c, row, column));
    return select(inside, value, constant(outside, A.buffer.dtype));
  });
}
