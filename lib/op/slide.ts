/** Windows that slide along one dimension: the padding that they ask for, and their number. */
import type { Kind } from "../base/check_options.ts";
import { oneOf } from "../base/option_kinds.ts";
import { constant } from "../ir/build.ts";
import type { Expr } from "../ir/expr.ts";
import { printExpr } from "../ir/print.ts";
import type { ShapeCondition } from "../te/compute.ts";
import { TeError } from "../te/error.ts";
import { over, plus } from "./extents.ts";

/**
 * Padding such that each stride has one window: an odd one is added at the end (sameUpper) or at the begin (sameLower), as
 * ONNX's auto_pad has it.
 */
export type SamePadding = "sameUpper" | "sameLower";

/** The words of {@linkcode SamePadding}. */
export const samePadding: Kind<SamePadding> = oneOf("sameUpper", "sameLower");

/** What is added before a dimension, and after it. */
export type SidesOfOne = readonly [before: number, after: number];

/** A window along a dimension. */
export interface Slide {
  /** The extent of the image. */
  readonly size: Expr;
  /** The distance between neighbouring windows. */
  readonly stride: number;
  /** What the first and the last element of the window are apart, and one. */
  readonly reach: number;
}

/**
 * Gives the padding that gives each stride a window.
 *
 * @throws {TeError} for a symbolic extent, unless windows lie side by side; it names the extent as `what`
 */
export function samePaddingOn(
  operator: string,
  padding: SamePadding,
  { size, stride, reach }: Slide,
  what: string,
): SidesOfOne {
  if (size.kind === "const") return sameSides(padding, size.value, stride, reach);
  if (stride === 1) return halves(padding, reach - 1);
  throw unknownSize(operator, size, what, `padding = ${padding} and a stride of ${stride}`);
}

/** The error for a symbolic extent where only a number says how windows are placed. */
export function unknownSize(operator: string, size: Expr, what: string, beside: string): TeError {
  return new TeError(`expected a number ${what} beside ${beside}, got ${printExpr(size)}, in ${operator}`);
}

/** The padding before and after a dimension that gives each stride a window of that reach. */
function sameSides(padding: SamePadding, size: number, stride: number, reach: number): SidesOfOne {
  return halves(padding, Math.max(0, (Math.ceil(size / stride) - 1) * stride + reach - size));
}

/** Splits padding on both sides of a dimension. */
export function halves(padding: SamePadding, all: number): SidesOfOne {
  const small = Math.floor(all / 2);
  return padding === "sameUpper" ? [small, all - small] : [all - small, small];
}

/** The windows that fit along a dimension. */
export interface Count {
  /** Their number. */
  readonly extent: Expr;
  /** The condition that there is one. */
  readonly requires: readonly ShapeCondition[];
}

/** Counts the windows along a symbolic dimension with padding. */
export function countSymbolic(
  operator: string,
  { size, stride, reach }: Slide,
  [before, after]: SidesOfOne,
): Count {
  const room = before + after - reach, because = `a window of ${operator} fits the image`;
  return {
    extent: stride === 1 ? plus(size, room + 1) : plus(over(plus(size, room), stride), 1),
    requires: room >= -1 ? [] : [{ value: constant(-room), atMost: size, because }],
  };
}
