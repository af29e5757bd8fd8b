/** Comparisons of the elements of two tensors, with NumPy's broadcasting. */
import * as ir from "../ir/build.ts";
import { isFloat, type ScalarType } from "../ir/dtype.ts";
import type { Expr } from "../ir/expr.ts";
import type { Tensor } from "../te/tensor.ts";
import { NUMBERS, pairwise } from "./elementwise.ts";
import type { ResultOptions } from "./kinds.ts";

const ALL: readonly ScalarType[] = [...NUMBERS, "bool"];

/**
 * Tells where `A = B`, element by element.
 *
 * @param A a tensor of any dtype
 * @param B a tensor of A's dtype, whose shape fits A's
 * @returns C, of bool and of the shape of both together; its name is C by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for tensors that don't fit together
 */
export function equal(A: Tensor, B: Tensor, options: ResultOptions = {}): Tensor {
  return pairwise("equal", A, B, options, ir.eq, ALL);
}

/**
 * Tells where `A ≠ B`, element by element.
 *
 * @param A a tensor of any dtype
 * @param B a tensor of A's dtype, whose shape fits A's
 * @returns C, of bool and of the shape of both together; its name is C by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for tensors that don't fit together
 */
export function notEqual(A: Tensor, B: Tensor, options: ResultOptions = {}): Tensor {
  return pairwise("notEqual", A, B, options, differ, ALL);
}

/** Of NaN and NaN, a device may take `!=` for false (naga's is an ordered comparison), and `==` never for true. */
function differ(x: Expr, y: Expr): Expr {
  return isFloat(x.dtype) ? ir.not(ir.eq(x, y)) : ir.ne(x, y);
}

/**
 * Tells where `A < B`, element by element.
 *
 * @param A a tensor of f32, f16, i32 or u32
 * @param B a tensor of A's dtype, whose shape fits A's
 * @returns C, of bool and of the shape of both together; its name is C by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for tensors that don't fit together
 */
export function less(A: Tensor, B: Tensor, options: ResultOptions = {}): Tensor {
  return pairwise("less", A, B, options, ir.lt, NUMBERS);
}

/**
 * Tells where `A ≤ B`, element by element.
 *
 * @param A a tensor of f32, f16, i32 or u32
 * @param B a tensor of A's dtype, whose shape fits A's
 * @returns C, of bool and of the shape of both together; its name is C by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for tensors that don't fit together
 */
export function lessEqual(A: Tensor, B: Tensor, options: ResultOptions = {}): Tensor {
  return pairwise("lessEqual", A, B, options, ir.le, NUMBERS);
}

/**
 * Tells where `A > B`, element by element.
 *
 * @param A a tensor of f32, f16, i32 or u32
 * @param B a tensor of A's dtype, whose shape fits A's
 * @returns C, of bool and of the shape of both together; its name is C by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for tensors that don't fit together
 */
export function greater(A: Tensor, B: Tensor, options: ResultOptions = {}): Tensor {
  return pairwise("greater", A, B, options, ir.gt, NUMBERS);
}

/**
 * Tells where `A ≥ B`, element by element.
 *
 * @param A a tensor of f32, f16, i32 or u32
 * @param B a tensor of A's dtype, whose shape fits A's
 * @returns C, of bool and of the shape of both together; its name is C by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for tensors that don't fit together
 */
export function greaterEqual(A: Tensor, B: Tensor, options: ResultOptions = {}): Tensor {
  return pairwise("greaterEqual", A, B, options, ir.ge, NUMBERS);
}
