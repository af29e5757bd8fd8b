/** Functions of single elements that round, and their signs. */
import * as floats from "../te/float_functions.ts";
import type { Tensor } from "../te/tensor.ts";
import { NUMBERS, unary } from "./elementwise.ts";
import type { ResultOptions } from "./kinds.ts";

/**
 * Rounds up to a whole number.
 *
 * @param A a tensor of f32 or f16
 * @returns B, of A's shape and dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype
 */
export function ceil(A: Tensor, options: ResultOptions = {}): Tensor {
  return unary("ceil", A, options, floats.ceil);
}

/**
 * Rounds to the nearest whole number; of two that are equally near, to the even one.
 *
 * @param A a tensor of f32 or f16
 * @returns B, of A's shape and dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype
 */
export function round(A: Tensor, options: ResultOptions = {}): Tensor {
  return unary("round", A, options, floats.round);
}

/**
 * Rounds to a whole number toward 0.
 *
 * @param A a tensor of f32 or f16
 * @returns B, of A's shape and dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype
 */
export function trunc(A: Tensor, options: ResultOptions = {}): Tensor {
  return unary("trunc", A, options, floats.trunc);
}

/**
 * Takes the sign: -1, 0 or 1, as an element is below, at or above 0. That of NaN is 0.
 *
 * @param A a tensor of f32, f16, i32 or u32
 * @returns B, of A's shape and dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype
 */
export function sign(A: Tensor, options: ResultOptions = {}): Tensor {
  return unary("sign", A, options, floats.sign, NUMBERS);
}
