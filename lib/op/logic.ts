/** Logic on the elements of tensors of bool, with NumPy's broadcasting. */
import * as ir from "../ir/build.ts";
import type { Tensor } from "../te/tensor.ts";
import { pairwise, unary } from "./elementwise.ts";
import type { ResultOptions } from "./kinds.ts";

/**
 * Tells where both A and B hold, element by element.
 *
 * @param A a tensor of bool
 * @param B a tensor of bool, whose shape fits A's
 * @returns C, of bool and of the shape of both together; its name is C by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for tensors that don't fit together
 */
export function and(A: Tensor, B: Tensor, options: ResultOptions = {}): Tensor {
  return pairwise("and", A, B, options, (x, y) => ir.and(x, y), ["bool"]);
}

/**
 * Tells where A or B holds, or both, element by element.
 *
 * @param A a tensor of bool
 * @param B a tensor of bool, whose shape fits A's
 * @returns C, of bool and of the shape of both together; its name is C by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for tensors that don't fit together
 */
export function or(A: Tensor, B: Tensor, options: ResultOptions = {}): Tensor {
  return pairwise("or", A, B, options, ir.or, ["bool"]);
}

/**
 * Tells where one of A and B holds, and not both, element by element.
 *
 * @param A a tensor of bool
 * @param B a tensor of bool, whose shape fits A's
 * @returns C, of bool and of the shape of both together; its name is C by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for tensors that don't fit together
 */
export function xor(A: Tensor, B: Tensor, options: ResultOptions = {}): Tensor {
  return pairwise("xor", A, B, options, ir.ne, ["bool"]);
}

/**
 * Tells where A doesn't hold, element by element.
 *
 * @param A a tensor of bool
 * @returns B, of bool and of A's shape; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype
 */
export function not(A: Tensor, options: ResultOptions = {}): Tensor {
  return unary("not", A, options, ir.not, ["bool"]);
}
