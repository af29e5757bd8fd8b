import { checkOptions, type Fields } from "../base/check_options.ts";
import { integer } from "../base/option_kinds.ts";
import type { Expr, Var } from "../ir/expr.ts";
import type { Tensor } from "../te/tensor.ts";
import { update } from "../te/update.ts";
import {
  checkShape,
  checkTensors,
  checkTypes,
  dimensionOf,
  shapeOfRank,
  sharedType,
} from "./check_tensors.ts";
import { INDEX, nearestIndex } from "./indices.ts";
import type { IndexOptions } from "./indices.ts";

/** The options of {@linkcode scatterUpdate}. */
export interface ScatterUpdateOptions extends Pick<IndexOptions, "negative"> {
  /** The dimension of the cache that the positions are in; below 0 it counts from the end. Default: 0. */
  readonly axis?: number;
}
const OPTIONS = { axis: integer(), negative: INDEX.negative } satisfies Fields<ScatterUpdateOptions>;

/**
 * Stores slices into a tensor in place: with axis 0, `cache[positions[i], …] = values[i, …]` (PyTorch index_copy_). A
 * position outside of the dimension is taken to the nearest inside. Positions must differ: of several slices for one
 * position, any may stay.
 *
 * @param cache what is updated, of any dtype
 * @param values as the cache, with one slice for each position
 * @param positions positions along the dimension, i32[n]. A placeholder's domain `{ below: length, distinct: true }` says
 * that they lie inside and differ
 * @returns the cache after the update. A program has one parameter for both
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for tensors that don't fit together
 */
export function scatterUpdate(
  cache: Tensor,
  values: Tensor,
  positions: Tensor,
  options: ScatterUpdateOptions = {},
): Tensor {
  checkTensors("scatterUpdate", { cache, values, positions });
  checkOptions("op.scatterUpdate", options, OPTIONS);
  checkTypes("scatterUpdate", { positions }, "i32");
  sharedType("scatterUpdate", { cache, values });
  const { negative = false } = options, axis = dimensionOf("scatterUpdate", cache, options.axis ?? 0);
  const [count] = shapeOfRank("scatterUpdate", "positions", positions, 1, "[n]") as [Expr];
  checkShape(
    "scatterUpdate",
    "values",
    values,
    cache.shape.with(axis, count),
    "to match cache and positions",
  );
  return update(cache, values.shape, (...at) => ({
    at: (at as readonly Expr[]).with(
      axis,
      nearestIndex(positions.at(at[axis] as Var), cache.shape[axis] as Expr, negative),
    ),
    value: values.at(...at),
  }));
}
