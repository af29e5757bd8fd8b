/** Trigonometric and hyperbolic functions of single elements, computed in f32. */
import * as floats from "../te/float_functions.ts";
import type { Tensor } from "../te/tensor.ts";
import { unary } from "./elementwise.ts";
import type { ResultOptions } from "./kinds.ts";

/**
 * Takes the tangent of radians, up to 800,000.
 *
 * @param A a tensor of f32 or f16
 * @returns B, of A's shape and dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype
 */
export function tan(A: Tensor, options: ResultOptions = {}): Tensor {
  return unary("tan", A, options, floats.tan);
}

/**
 * Takes the arc sine, from -π/2 to π/2. Beyond ±1 it is open.
 *
 * @param A a tensor of f32 or f16
 * @returns B, of A's shape and dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype
 */
export function asin(A: Tensor, options: ResultOptions = {}): Tensor {
  return unary("asin", A, options, floats.asin);
}

/**
 * Takes the arc cosine, from 0 to π. Beyond ±1 it is open.
 *
 * @param A a tensor of f32 or f16
 * @returns B, of A's shape and dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype
 */
export function acos(A: Tensor, options: ResultOptions = {}): Tensor {
  return unary("acos", A, options, floats.acos);
}

/**
 * Takes the arc tangent, from -π/2 to π/2.
 *
 * @param A a tensor of f32 or f16
 * @returns B, of A's shape and dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype
 */
export function atan(A: Tensor, options: ResultOptions = {}): Tensor {
  return unary("atan", A, options, floats.atan);
}

/**
 * Takes the hyperbolic sine.
 *
 * @param A a tensor of f32 or f16
 * @returns B, of A's shape and dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype
 */
export function sinh(A: Tensor, options: ResultOptions = {}): Tensor {
  return unary("sinh", A, options, floats.sinh);
}

/**
 * Takes the hyperbolic cosine.
 *
 * @param A a tensor of f32 or f16
 * @returns B, of A's shape and dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype
 */
export function cosh(A: Tensor, options: ResultOptions = {}): Tensor {
  return unary("cosh", A, options, floats.cosh);
}

/**
 * Takes the inverse of the hyperbolic sine.
 *
 * @param A a tensor of f32 or f16
 * @returns B, of A's shape and dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype
 */
export function asinh(A: Tensor, options: ResultOptions = {}): Tensor {
  return unary("asinh", A, options, floats.asinh);
}

/**
 * Takes the inverse of the hyperbolic cosine, at least 0. Below 1 it is open.
 *
 * @param A a tensor of f32 or f16
 * @returns B, of A's shape and dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype
 */
export function acosh(A: Tensor, options: ResultOptions = {}): Tensor {
  return unary("acosh", A, options, floats.acosh);
}

/**
 * Takes the inverse of the hyperbolic tangent. Beyond ±1 it is open.
 *
 * @param A a tensor of f32 or f16
 * @returns B, of A's shape and dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype
 */
export function atanh(A: Tensor, options: ResultOptions = {}): Tensor {
  return unary("atanh", A, options, floats.atanh);
}
