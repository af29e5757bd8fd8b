import { checkOptions } from "../base/check_options.ts";
import { compute } from "../te/compute.ts";
import { min } from "../te/reduce.ts";
import type { Tensor } from "../te/tensor.ts";
import { checkTensors, checkTypes } from "./check_tensors.ts";
import { REDUCE, reducedOver, type ReduceOptions } from "./reduce_axes.ts";

/**
 * Takes the minimum of a tensor over one or several of its dimensions (ONNX ReduceMin).
 *
 * @param A a tensor of f32, f16, i32 or u32 with at least one dimension
 * @returns the minima, of A's dtype; the name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype, or a dimension that it doesn't have
 */
export function reduceMin(A: Tensor, options: ReduceOptions = {}): Tensor {
  checkTensors("reduceMin", { A });
  checkOptions("op.reduceMin", options, REDUCE);
  checkTypes("reduceMin", { A }, "f32", "f16", "i32", "u32");
  const { shape, over } = reducedOver("reduceMin", A, options);
  return compute(options.name ?? "B", shape, over(min, (...at) => A.at(...at)));
}
