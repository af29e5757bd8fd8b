import { checkOptions } from "../base/check_options.ts";
import { compute } from "../te/compute.ts";
import { all } from "../te/reduce.ts";
import type { Tensor } from "../te/tensor.ts";
import { checkTensors, checkTypes } from "./check_tensors.ts";
import { REDUCE, reducedOver, type ReduceOptions } from "./reduce_axes.ts";

/**
 * Tells where a tensor holds at all positions of one or several of its dimensions.
 *
 * @param A a tensor of bool with at least one dimension
 * @returns whether all hold, of A's dtype; the name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype, or a dimension that it doesn't have
 */
export function reduceAll(A: Tensor, options: ReduceOptions = {}): Tensor {
  checkTensors("reduceAll", { A });
  checkOptions("op.reduceAll", options, REDUCE);
  checkTypes("reduceAll", { A }, "bool");
  const { shape, over } = reducedOver("reduceAll", A, options);
  return compute(options.name ?? "B", shape, over(all, (...at) => A.at(...at)));
}
