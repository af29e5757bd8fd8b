import { checkOptions } from "../base/check_options.ts";
import type { ScalarType } from "../ir/dtype.ts";
import { compute } from "../te/compute.ts";
import type { sum } from "../te/reduce.ts";
import type { Tensor } from "../te/tensor.ts";
import { checkTensors, checkTypes } from "./check_tensors.ts";
import { REDUCE, reducedOver, type ReduceOptions } from "./reduce_axes.ts";

/**
 * Reduces a tensor over some of its dimensions.
 *
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of none of `types`, or a dimension that it doesn't have
 */
export function reduceBy(
  operator: string,
  A: Tensor,
  options: ReduceOptions,
  reduce: typeof sum,
  types: readonly ScalarType[],
): Tensor {
  checkTensors(operator, { A });
  checkOptions(`op.${operator}`, options, REDUCE);
  checkTypes(operator, { A }, ...types);
  const { shape, over } = reducedOver(operator, A, options);
  return compute(options.name ?? "B", shape, over(reduce, (...index) => A.at(...index)));
}

/** The dtypes of numbers. */
export const NUMBERS: readonly ScalarType[] = ["f32", "f16", "i32", "u32"];
