import { checkOptions, type Fields } from "../base/check_options.ts";
import { arrayOf, number, oneOf } from "../base/option_kinds.ts";
import { add, cast, constant, div, floorDiv, floorMod, max, min, mul, sub } from "../ir/build.ts";
import type { Expr } from "../ir/expr.ts";
import { printExpr } from "../ir/print.ts";
import { compute, type ShapeCondition } from "../te/compute.ts";
import type { Tensor } from "../te/tensor.ts";
import { TeError } from "../te/error.ts";
import { type Axes, axesKind, checkLength, dimensionsOf } from "./axes.ts";
import { checkTensors, checkTypes } from "./check_tensors.ts";
import { type Extent, extentKind, givenExtents, minus, over, times } from "./extents.ts";
import { RESULT, type ResultOptions } from "./kinds.ts";
import {
  type Coordinates,
  type Fraction,
  fractionOf,
  type Resized,
  rounded,
  type Rounding,
  sourcePosition,
} from "./source_position.ts";

/** What an element between others becomes: one of them, or a mean of two or four along each dimension. */
export type ResizeMode = "nearest" | "linear" | "cubic";

/** The options of {@linkcode resize}: either sizes or scales. */
export interface ResizeOptions extends ResultOptions {
  /** The new extent of each axis. */
  readonly sizes?: readonly Extent[];
  /** The scale of each axis; the new extent is rounded down. It is a fraction with a denominator up to 1,024. */
  readonly scales?: readonly number[];
  /** The dimensions that are resized; below 0 they count from the end. Default: all from the third on. */
  readonly axes?: Axes;
  /** What an element between others becomes. Default: nearest. */
  readonly mode?: ResizeMode;
  /** Where elements lie. Default: halfPixel. */
  readonly coordinates?: Coordinates;
  /** Which of two elements is the nearest. Default: roundPreferFloor. */
  readonly rounding?: Rounding;
  /** The coefficient of cubic interpolation (Keys). Default: -0.75. */
  readonly cubicCoefficient?: number;
}
const OPTIONS = {
  sizes: arrayOf(extentKind),
  scales: arrayOf(number({ above: 0 })),
  axes: axesKind,
  mode: oneOf("nearest", "linear", "cubic"),
  coordinates: oneOf("halfPixel", "asymmetric", "alignCorners", "pytorchHalfPixel"),
  rounding: oneOf("roundPreferFloor", "roundPreferCeil", "floor", "ceil"),
  cubicCoefficient: number(),
  ...RESULT,
} satisfies Fields<ResizeOptions>;

/**
 * Resizes dimensions (ONNX Resize). Elements beyond the ends are the ends. Positions are exact; means are computed in f32.
 *
 * @param A a tensor of any dtype with mode nearest, else of f32 or f16
 * @returns B, of A's dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype, a dimension that A doesn't have, lists of different lengths, a scale
 * that leaves no element, or sizes whose positions leave i32
 */
export function resize(A: Tensor, options: ResizeOptions = {}): Tensor {
  checkTensors("resize", { A });
  checkOptions("op.resize", options, OPTIONS);
  const { mode = "nearest", coordinates = "halfPixel", name = "B" } = options;
  if (mode !== "nearest") checkTypes("resize", { A }, "f32", "f16");
  const all = A.shape.map((_, d) => d);
  const axes = dimensionsOf("resize", A, options.axes ?? all.slice(2));
  const resized = resizedAlong(A, axes, options);
  const shape = A.shape.map((d, k) => resized[axes.indexOf(k)]?.to ?? d);
  return compute(name, shape, (...at) => {
    const taps = axes.map((d, k) => {
      const place = resized[k] as Resized;
      return tapsAt(sourcePosition(at[d] as Expr, place, coordinates), place.from, options);
    });
    if (mode === "nearest") {
      return A.at(...at.map((i, d) => taps[axes.indexOf(d)]?.[0]?.index ?? i));
    }
    const weighted = (k: number, indices: readonly Expr[]): Expr => {
      const along = taps[k], axis = axes[k] as number;
      if (!along) return cast("f32", A.at(...indices));
      return along
        .map(({ index, weight = f32(1) }) => mul(weight, weighted(k + 1, indices.with(axis, index))))
        .reduce((a, b) => add(a, b));
    };
    return cast(A.dtype, weighted(0, at));
  }, { requires: resized.flatMap(({ from, to, scale }) => options.scales ? kept(from, to, scale) : []) });
}

/** An element along a dimension, and its weight in a mean. */
interface Tap {
  readonly index: Expr;
  readonly weight?: Expr;
}

function tapsAt(
  position: Fraction,
  extent: Expr,
  { mode = "nearest", rounding = "roundPreferFloor", cubicCoefficient = -0.75 }: ResizeOptions,
): readonly Tap[] {
  const inside = (i: Expr) => max(min(i, minus(extent, 1)), 0);
  if (mode === "nearest") return [{ index: inside(rounded(position, rounding)) }];
  const { top, bottom } = position, first = floorDiv(top, bottom);
  const t = div(cast("f32", floorMod(top, bottom)), cast("f32", bottom)), rest = sub(f32(1), t);
  return mode === "linear"
    ? [{ index: inside(first), weight: rest }, { index: inside(add(first, 1)), weight: t }]
    : [
      { index: inside(sub(first, 1)), weight: outer(add(t, f32(1)), cubicCoefficient) },
      { index: inside(first), weight: inner(t, cubicCoefficient) },
      { index: inside(add(first, 1)), weight: inner(rest, cubicCoefficient) },
      { index: inside(add(first, 2)), weight: outer(add(rest, f32(1)), cubicCoefficient) },
    ];
}

/** The weight of an element at a distance of 0 … 1: `((a + 2)·x - (a + 3))·x² + 1`. */
function inner(x: Expr, a: number): Expr {
  return add(mul(sub(mul(f32(a + 2), x), f32(a + 3)), mul(x, x)), f32(1));
}

/** The weight of an element at a distance of 1 … 2: `a·x³ - 5·a·x² + 8·a·x - 4·a`. */
function outer(x: Expr, a: number): Expr {
  const square = sub(mul(f32(a), x), f32(5 * a));
  return sub(mul(add(mul(square, x), f32(8 * a)), x), f32(4 * a));
}

function f32(x: number): Expr {
  return constant(x, "f32");
}

function resizedAlong(
  A: Tensor,
  axes: readonly number[],
  { sizes, scales }: ResizeOptions,
): readonly Resized[] {
  if ((sizes === undefined) === (scales === undefined)) {
    throw new TeError(
      `expected either sizes or scales, got ${sizes === undefined ? "neither" : "both"}, in resize`,
    );
  }
  checkLength("resize", sizes ? "sizes" : "scales", sizes ?? scales ?? [], axes.length);
  const to = sizes && givenExtents("resize", "sizes", sizes);
  return axes.map((d, k) => {
    const from = A.shape[d] as Expr, size = to?.[k];
    return checkPositions(size ? bySize(from, size) : byScale(from, scales?.[k] as number));
  });
}

function bySize(from: Expr, to: Expr): Resized {
  if (from.kind !== "const" || to.kind !== "const") return { from, to, scale: { top: to, bottom: from } };
  const common = gcd(to.value, from.value);
  const scale = { top: constant(to.value / common), bottom: constant(from.value / common) };
  return { from, to, scale };
}

function byScale(from: Expr, given: number): Resized {
  const [top, bottom] = fractionOf("resize", given), scale = { top: constant(top), bottom: constant(bottom) };
  const to = over(times(from, top), bottom);
  if (to.kind === "const" && to.value < 1) {
    throw new TeError(
      `expected a scale that leaves an element, got ${given} of ${printExpr(from)}, in resize`,
    );
  }
  return { from, to, scale };
}

/** A symbolic extent leaves an element where it is scaled down. */
function kept(from: Expr, to: Expr, { top, bottom }: Fraction): readonly ShapeCondition[] {
  const shrinks = top.kind === "const" && bottom.kind === "const" && top.value < bottom.value;
  if (from.kind === "const" || !shrinks) return [];
  return [{ value: constant(1), atMost: to, because: "resize leaves an element" }];
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

/** Positions are fractions of i32; shape variables are checked when they have values. */
function checkPositions(r: Resized): Resized {
  const { from, to, scale: { top, bottom } } = r;
  if (to.kind !== "const" || from.kind !== "const" || top.kind !== "const" || bottom.kind !== "const") {
    return r;
  }
  const largest = 4 * Math.max(to.value * Math.max(bottom.value, from.value), top.value) + 4;
  if (largest < 2 ** 31) return r;
  throw new TeError(
    `expected extents whose positions are below 2^31, got ${from.value} to ${to.value}, in resize; resize in steps`,
  );
}
