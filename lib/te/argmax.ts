/** Reductions that find a position. */
import { checkArgument, checkOptions, type Fields } from "../base/check_options.ts";
import { flag, passing } from "../base/option_kinds.ts";
import { type Best, betterOf } from "../ir/best_reducer.ts";
import { constant, select } from "../ir/build.ts";
import { isFloat, RANGE, type ScalarType } from "../ir/dtype.ts";
import type { Expr } from "../ir/expr.ts";
import { identityOf } from "../ir/reducer.ts";
import { isExpr } from "../ir/kinds.ts";
import { isNaN } from "./float_functions.ts";
import { axisKind } from "./reduce.ts";
import type { Combiner, ReduceAxis, TupleReduction } from "./tensor.ts";
import { reduce } from "./tuple_reduction.ts";

/** The options of {@linkcode argmax} and {@linkcode argmin}. */
export interface ArgmaxOptions {
  /** Whether the largest of several positions with the best value is taken, and not the smallest. Default: false. */
  readonly last?: boolean;
}
const OPTIONS = { last: flag } satisfies Fields<ArgmaxOptions>;

/**
 * Finds the position along an axis at which `value` is the largest, an i32, and that value:
 * `te.compute(["at", "best"], [rows], (i) => te.argmax(A.at(i, k.var), k))`. NaN counts as -∞. So it is found only
 * in a row of nothing else but NaN and -∞. Over no position, the position is the largest i32, or -1 with `last`.
 *
 * @param value an expression of numbers
 * @throws {OptionError} for an argument of a wrong kind, or an option that doesn't exist
 */
export function argmax(value: Expr, axis: ReduceAxis, options: ArgmaxOptions = {}): TupleReduction {
  return extreme("argmax", "max", value, axis, options);
}

/**
 * Finds the position along an axis at which `value` is the smallest, an i32, and that value, as {@linkcode argmax} does.
 * NaN counts as ∞.
 *
 * @param value an expression of numbers
 * @throws {OptionError} for an argument of a wrong kind, or an option that doesn't exist
 */
export function argmin(value: Expr, axis: ReduceAxis, options: ArgmaxOptions = {}): TupleReduction {
  return extreme("argmin", "min", value, axis, options);
}

function extreme(
  name: "argmax" | "argmin",
  op: "max" | "min",
  value: Expr,
  axis: ReduceAxis,
  options: ArgmaxOptions,
): TupleReduction {
  checkArgument(`te.${name}`, "value", value, numbers);
  checkArgument(`te.${name}`, "axis", axis, axisKind);
  checkOptions(`te.${name}`, options, OPTIONS);
  const by = bestPosition(op, value.dtype as ScalarType, options.last ?? false);
  return reduce({ ...by, values: [axis.var, ordered(op, value)] }, [axis]);
}

const numbers = passing<Expr>("an expression of numbers", (x) => isExpr(x) && x.dtype !== "bool");

/** The combiner of pairs of a position and its value, and its identity. */
export function bestPosition(
  op: "max" | "min",
  dtype: ScalarType,
  last: boolean,
): { readonly identity: readonly Expr[]; readonly combine: Combiner } {
  const combine: Combiner = (a, b) => betterOf({ op, last }, a as unknown as Best, b as unknown as Best);
  return { identity: [constant(last ? -1 : RANGE.i32[1]), identityOf(op, dtype)], combine };
}

/** `value` with the worst one in place of NaN. */
export function ordered(op: "max" | "min", value: Expr): Expr {
  return isFloat(value.dtype)
    ? select(isNaN(value), identityOf(op, value.dtype as ScalarType), value)
    : value;
}
