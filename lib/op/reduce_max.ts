import { checkOptions } from "../base/check_options.ts";
import { compute } from "../te/compute.ts";
import { max } from "../te/reduce.ts";
import type { Tensor } from "../te/tensor.ts";
import { checkTensors, checkTypes } from "./check_tensors.ts";
import { REDUCE, reducedOver, type ReduceOptions } from "./reduce_axes.ts";

/**
 * Takes the maximum of a tensor over one or several of its dimensions (ONNX ReduceMax).
 *
 * @param A a tensor of f32, f16, i32 or u32 with at least one dimension
 * @returns the maxima, of A's dtype; the name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype, or a dimension that it doesn't have
 */
export function reduceMax(A: Tensor, options: ReduceOptions = {}): Tensor {
  checkTensors("reduceMax", { A });
  checkOptions("op.reduceMax", options, REDUCE);
  checkTypes("reduceMax", { A }, "f32", "f16", "i32", "u32");
  const { shape, over } = reducedOver("reduceMax", A, options);
  return compute(options.name ?? "B", shape, over(max, (...at) => A.at(...at)));
}
