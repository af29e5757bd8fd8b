import { all } from "../te/reduce.ts";
import type { Tensor } from "../te/tensor.ts";
import type { ReduceOptions } from "./reduce_axes.ts";
import { reduceBy } from "./reduce_by.ts";

/**
 * Tells where a tensor holds at all positions of one or several of its dimensions.
 *
 * @param A a tensor of bool with at least one dimension
 * @returns whether all hold, of A's dtype; the name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype, or a dimension that it doesn't have
 */
export function reduceAll(A: Tensor, options: ReduceOptions = {}): Tensor {
  return reduceBy("reduceAll", A, options, all, ["bool"]);
}
