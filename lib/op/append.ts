import { checkOptions, type Fields } from "../base/check_options.ts";
import { integer } from "../base/option_kinds.ts";
import { add, max, min } from "../ir/build.ts";
import type { Expr, Var } from "../ir/expr.ts";
import type { Tensor } from "../te/tensor.ts";
import { update } from "../te/update.ts";
import {
  checkShape,
  checkTensors,
  checkTypes,
  dimensionOf,
  sharedType,
  shownShape,
} from "./check_tensors.ts";
import { TeError } from "../te/error.ts";
import { minus } from "./extents.ts";

/** The options of {@linkcode append}. */
export interface AppendOptions {
  /** The dimension of the cache along which values are stored; below 0 it counts from the end. Default: 0. */
  readonly axis?: number;
}
const OPTIONS = { axis: integer() } satisfies Fields<AppendOptions>;

/**
 * Stores values into a cache in place, one after the other from a position on: with axis 0,
 * `cache[position + i, …] = values[i, …]` (XLA's DynamicUpdateSlice). The position is data, and may be 0. One from which
 * the values would go past the end is taken to the last from which they don't, and one below 0 to 0.
 *
 * @param cache what is updated, of any dtype
 * @param values as the cache, with fewer positions along the axis
 * @param position a scalar of i32: shape [] or [1]
 * @returns the cache after the update. A program has one parameter for both
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for tensors that don't fit together
 */
export function append(cache: Tensor, values: Tensor, position: Tensor, options: AppendOptions = {}): Tensor {
  checkTensors("append", { cache, values, position });
  checkOptions("op.append", options, OPTIONS);
  sharedType("append", { cache, values });
  const axis = dimensionOf("append", cache, options.axis ?? 0);
  const length = cache.shape[axis] as Expr, count = values.shape[axis] ?? length;
  checkShape(
    "append",
    "values",
    values,
    cache.shape.with(axis, count),
    `to match cache ${shownShape(cache.shape)}`,
  );
  const from = scalar("append", "position", position);
  if (length.kind === "const" && count.kind === "const" && count.value > length.value) {
    throw new TeError(
      `expected at most ${length.value} values along axis ${axis}, got ${count.value}, in append`,
    );
  }
  const start = max(min(from, minus(length, count)), 0);
  const requires = length.kind === "const" && count.kind === "const"
    ? []
    : [{ value: count, atMost: length, because: "the cache holds the values" }];
  return update(
    cache,
    values.shape,
    (...at) => ({
      at: (at as readonly Expr[]).with(axis, add(start, at[axis] as Var)),
      value: values.at(...at),
    }),
    { requires },
  );
}

/** Reads a scalar that is data. */
function scalar(operator: string, name: string, t: Tensor): Expr {
  checkTypes(operator, { [name]: t }, "i32");
  const [first, ...more] = t.shape;
  if (first === undefined) return t.at();
  if (first.kind === "const" && first.value === 1 && more.length === 0) return t.at(0);
  throw new TeError(`expected ${name} of shape [] or [1], got ${shownShape(t.shape)}, in ${operator}`);
}
