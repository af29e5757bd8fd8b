import { checkOptions } from "../base/check_options.ts";
import { compute } from "../te/compute.ts";
import { any } from "../te/reduce.ts";
import type { Tensor } from "../te/tensor.ts";
import { checkTensors, checkTypes } from "./check_tensors.ts";
import { REDUCE, reducedOver, type ReduceOptions } from "./reduce_axes.ts";

/**
 * Tells where a tensor holds at any position of one or several of its dimensions.
 *
 * @param A a tensor of bool with at least one dimension
 * @returns whether there is one, of A's dtype; the name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype, or a dimension that it doesn't have
 */
export function reduceAny(A: Tensor, options: ReduceOptions = {}): Tensor {
  checkTensors("reduceAny", { A });
  checkOptions("op.reduceAny", options, REDUCE);
  checkTypes("reduceAny", { A }, "bool");
  const { shape, over } = reducedOver("reduceAny", A, options);
  return compute(options.name ?? "B", shape, over(any, (...at) => A.at(...at)));
}
