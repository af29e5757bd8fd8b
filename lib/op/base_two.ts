/** Powers of two and their logarithms. */
import * as floats from "../te/float_functions.ts";
import type { Tensor } from "../te/tensor.ts";
import { unary } from "./elementwise.ts";
import type { ResultOptions } from "./kinds.ts";

/**
 * Takes 2 to the power of each element.
 *
 * @param A a tensor of f32 or f16
 * @returns B, of A's shape and dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype
 */
export function exp2(A: Tensor, options: ResultOptions = {}): Tensor {
  return unary("exp2", A, options, floats.exp2);
}

/**
 * Takes the logarithm to the base 2; powers of two have exact ones.
 *
 * @param A a tensor of f32 or f16
 * @returns B, of A's shape and dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype
 */
export function log2(A: Tensor, options: ResultOptions = {}): Tensor {
  return unary("log2", A, options, floats.log2);
}
