/** What the operators share that reduce a tensor over some of its dimensions. */
import type { Fields, Kind } from "../base/check_options.ts";
import { flag, passing } from "../base/option_kinds.ts";
import { constant } from "../ir/build.ts";
import type { Expr, Var } from "../ir/expr.ts";
import { TeError } from "../te/error.ts";
import { reduceAxis, type sum } from "../te/reduce.ts";
import type { Reduction, Tensor } from "../te/tensor.ts";
import { dimensionOf } from "./check_tensors.ts";
import { RESULT, type ResultOptions } from "./kinds.ts";

/** The options of an operator that reduces a tensor over some of its dimensions. */
export interface ReduceOptions extends ResultOptions {
  /** The dimension that is reduced, or a list of them; below 0 they count from the end. Default: -1, the last one. */
  readonly axis?: number | readonly number[];
  /** Whether the result has an extent of 1 for each dimension that is reduced, and not one dimension less. Default: false. */
  readonly keepDims?: boolean;
}

const isAxis = (x: unknown): x is number => Number.isInteger(x);
const axisKind: Kind<number | readonly number[]> = passing(
  "an integer, or a list of at least one integer",
  (x) => isAxis(x) || (Array.isArray(x) && x.length > 0 && x.every(isAxis)),
);

/** The kinds of {@linkcode ReduceOptions}. */
export const REDUCE = { axis: axisKind, keepDims: flag, ...RESULT } satisfies Fields<ReduceOptions>;

/** A tensor, seen as a reduction over some of its dimensions. */
export interface Reduced {
  /** The dimensions that are reduced, in order. */
  readonly dimensions: readonly number[];
  /** The shape of the result. */
  readonly shape: readonly Expr[];
  /** Gives an element's index in A, from its position in the result and in each of the dimensions. */
  readonly indexAt: (at: readonly Expr[], reduced: readonly Expr[]) => readonly Expr[];
  /** Reduces A's elements, given their index, to an element of the result at a position. */
  readonly over: (
    reduce: typeof sum,
    element: (...index: readonly Expr[]) => Expr,
  ) => (...at: readonly Var[]) => Reduction;
}

/**
 * Reads the options of a reduction of A.
 *
 * @throws {TeError} for a dimension that A doesn't have, or that is named twice
 */
export function reducedOver(
  operator: string,
  A: Tensor,
  { axis = -1, keepDims = false }: ReduceOptions,
): Reduced {
  const dimensions = [axis].flat().map((d) => dimensionOf(operator, A, d)).toSorted((a, b) => a - b);
  const twice = dimensions.find((d, k) => d === dimensions[k + 1]);
  if (twice !== undefined) {
    throw new TeError(`expected each axis once, got dimension ${twice} of A twice, in ${operator}`);
  }
  const place = (d: number) => dimensions.indexOf(d);
  const shape = A.shape.flatMap((extent, d) => place(d) < 0 ? [extent] : keepDims ? [constant(1)] : []);
  const indexAt = (at: readonly Expr[], reduced: readonly Expr[]) => {
    let next = 0;
    return A.shape.map((_, d) => {
      if (place(d) < 0) return at[next++] as Expr;
      if (keepDims) next++;
      return reduced[place(d)] as Expr;
    });
  };
  return {
    dimensions,
    shape,
    indexAt,
    over: (reduce, element) => (...at) => {
      const axes = dimensions.map((d) => reduceAxis(A.shape[d] as Expr));
      return reduce(element(...indexAt(at, axes.map((k) => k.var))), axes);
    },
  };
}
