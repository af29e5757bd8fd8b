/** Reductions of elements along axes. */
import { checkArgument, type Kind } from "../base/check_options.ts";
import { arrayOf, passing, text } from "../base/option_kinds.ts";
import { type ExprLike, variable } from "../ir/build.ts";
import { isExpr } from "../ir/kinds.ts";
import type { Expr } from "../ir/expr.ts";
import { extents } from "./dimension.ts";
import type { ReduceAxis, Reduction } from "./tensor.ts";

/** The kind of an argument that is an axis to reduce over. */
export const axisKind: Kind<ReduceAxis> = passing(
  "an axis that te.reduceAxis made",
  (x) => typeof x === "object" && x !== null && "var" in x && "extent" in x,
);
/** The kind of a list of such axes. */
export const axesKind: Kind<readonly ReduceAxis[]> = arrayOf(axisKind);

/**
 * Makes an axis to reduce over.
 *
 * @param extent the number of positions, as {@linkcode placeholder} takes it
 * @param name the name of the loop over the axis; k by default
 * @throws {TeError} for an impossible extent
 */
export function reduceAxis(extent: ExprLike | string, name = "k"): ReduceAxis {
  checkArgument("te.reduceAxis", "name", name, text);
  return { var: variable(name), extent: extents(name, [extent])[0] as Expr };
}

/**
 * Sums `value` over `axes`; a sum over no position is 0. f16 is added up in f32, and the total rounded.
 *
 * @throws {OptionError} for an argument of a wrong kind
 */
export function sum(value: Expr, axes: readonly ReduceAxis[]): Reduction {
  return reduction("sum", "add", value, axes);
}

/**
 * Takes the maximum of `value` over `axes`; over no position it is -∞, or the least integer.
 *
 * @throws {OptionError} for an argument of a wrong kind
 */
export function max(value: Expr, axes: readonly ReduceAxis[]): Reduction {
  return reduction("max", "max", value, axes);
}

/**
 * Takes the minimum of `value` over `axes`; over no position it is ∞, or the largest integer.
 *
 * @throws {OptionError} for an argument of a wrong kind
 */
export function min(value: Expr, axes: readonly ReduceAxis[]): Reduction {
  return reduction("min", "min", value, axes);
}

/**
 * Multiplies `value` over `axes`; a product over no position is 1. f16 is multiplied in f32, and the product rounded.
 *
 * @throws {OptionError} for an argument of a wrong kind
 */
export function prod(value: Expr, axes: readonly ReduceAxis[]): Reduction {
  return reduction("prod", "mul", value, axes);
}

/**
 * Tells whether `value` holds at any position of `axes`, a bool; over no position it is false.
 *
 * @param value a bool
 * @throws {OptionError} for an argument of a wrong kind
 */
export function any(value: Expr, axes: readonly ReduceAxis[]): Reduction {
  return reduction("any", "or", value, axes);
}

/**
 * Tells whether `value` holds at all positions of `axes`, a bool; over no position it is true.
 *
 * @param value a bool
 * @throws {OptionError} for an argument of a wrong kind
 */
export function all(value: Expr, axes: readonly ReduceAxis[]): Reduction {
  return reduction("all", "and", value, axes);
}

function reduction(name: string, op: Reduction["op"], value: Expr, axes: readonly ReduceAxis[]): Reduction {
  checkArgument(`te.${name}`, "value", value, op === "and" || op === "or" ? boolKind : numberKind);
  checkArgument(`te.${name}`, "axes", axes, axesKind);
  return { kind: "reduction", op, value, axes };
}

const numberKind = passing<Expr>("an expression of numbers", (x) => isExpr(x) && x.dtype !== "bool");
const boolKind = passing<Expr>("an expression of bool", (x) => isExpr(x) && x.dtype === "bool");
