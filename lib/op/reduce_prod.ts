import { prod } from "../te/reduce.ts";
import type { Tensor } from "../te/tensor.ts";
import type { ReduceOptions } from "./reduce_axes.ts";
import { NUMBERS, reduceBy } from "./reduce_by.ts";

/**
 * Multiplies the elements of a tensor over one or several of its dimensions (ONNX ReduceProd). f16 is multiplied in f32;
 * integers wrap around.
 *
 * @param A a tensor of f32, f16, i32 or u32 with at least one dimension
 * @returns the products, of A's dtype; the name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype, or a dimension that it doesn't have
 */
export function reduceProd(A: Tensor, options: ReduceOptions = {}): Tensor {
  return reduceBy("reduceProd", A, options, prod, NUMBERS);
}
