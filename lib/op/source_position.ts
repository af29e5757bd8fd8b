/** Where the elements of a resized dimension lie in the original one: fractions of integers, so that no rounding moves them. */
import { add, constant, floorDiv, gt, max, mul, select, sub } from "../ir/build.ts";
import type { Expr } from "../ir/expr.ts";
import { TeError } from "../te/error.ts";
import { minus } from "./extents.ts";

/** How a position of the result becomes one of the original (ONNX: coordinate_transformation_mode). */
export type Coordinates = "halfPixel" | "asymmetric" | "alignCorners" | "pytorchHalfPixel";

/** How a position between two elements becomes one of them (ONNX: nearest_mode). */
export type Rounding = "roundPreferFloor" | "roundPreferCeil" | "floor" | "ceil";

/** A position as a fraction; the denominator is above 0. */
export interface Fraction {
  /** The numerator. */
  readonly top: Expr;
  /** The denominator. */
  readonly bottom: Expr;
}

/** A dimension that is resized. */
export interface Resized {
  /** Its extent in the original. */
  readonly from: Expr;
  /** Its extent in the result. */
  readonly to: Expr;
  /** The scale, as a fraction: the result's size by the original's. */
  readonly scale: Fraction;
}

/**
 * Writes a scale as a fraction with a denominator up to 1,024.
 *
 * @throws {TeError} for a number that isn't within 2^-22 of one
 */
export function fractionOf(operator: string, scale: number): readonly [top: number, bottom: number] {
  for (let bottom = 1; bottom <= 1024; bottom++) {
    const top = Math.round(scale * bottom);
    if (top > 0 && Math.abs(top / bottom - scale) <= scale * 2 ** -22) return [top, bottom];
  }
  throw new TeError(
    `expected a scale that is a fraction with a denominator up to 1024, got ${scale}, in ${operator}; use sizes`,
  );
}

/** Gives the position in the original that belongs to position `i` of the result. */
export function sourcePosition(i: Expr, { from, to, scale }: Resized, coordinates: Coordinates): Fraction {
  switch (coordinates) {
    case "halfPixel": {
      // (i + 1/2) / scale - 1/2
      const middle = mul(add(mul(i, 2), 1), scale.bottom);
      return { top: sub(middle, scale.top), bottom: twice(scale.top) };
    }
    case "pytorchHalfPixel": {
      const half = sourcePosition(i, { from, to, scale }, "halfPixel");
      return { ...half, top: select(gt(to, 1), half.top, 0) };
    }
    case "asymmetric":
      return { top: mul(i, scale.bottom), bottom: scale.top };
    case "alignCorners":
      return { top: mul(i, minus(from, 1)), bottom: max(minus(to, 1), 1) };
    default:
      return coordinates satisfies never;
  }
}

/** Gives the element that a position is rounded to; it may lie outside of the dimension. */
export function rounded({ top, bottom }: Fraction, rounding: Rounding): Expr {
  switch (rounding) {
    case "roundPreferFloor":
      return floorDiv(sub(add(twice(top), bottom), 1), twice(bottom));
    case "roundPreferCeil":
      return floorDiv(add(twice(top), bottom), twice(bottom));
    case "floor":
      return floorDiv(top, bottom);
    case "ceil":
      return floorDiv(add(top, minus(bottom, 1)), bottom);
    default:
      return rounding satisfies never;
  }
}

function twice(x: Expr): Expr {
  return x.kind === "const" ? constant(2 * x.value) : mul(x, 2);
}
