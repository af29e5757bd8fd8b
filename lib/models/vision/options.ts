import type { Fields } from "../../base/check_options.ts";
import { integer, passing } from "../../base/option_kinds.ts";
import { type ImageLayout, imageLayout } from "../../op/window.ts";
import { type Dim, dimension } from "../../te/dimension.ts";

/** The options of vision models. */
export interface VisionOptions {
  /** Rows and columns of a picture: a multiple of 32. Default: 224. */
  readonly size?: number;
  /** The order of the dimensions of images and filters. Default: NHWC. */
  readonly layout?: ImageLayout;
  /** The number of pictures, or the name of a shape variable. Default: 1. */
  readonly batch?: Dim;
  /** The number of classes. Default: 1000. */
  readonly classes?: number;
}

/** The kinds of {@linkcode VisionOptions}. */
export const VISION = {
  size: passing<number>("a positive multiple of 32", (x) => typeof x === "number" && x > 0 && x % 32 === 0),
  layout: imageLayout,
  batch: dimension,
  classes: integer({ min: 1 }),
} satisfies Fields<VisionOptions>;
