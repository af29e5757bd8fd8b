/** The bits of integers, element by element, with NumPy's broadcasting; and elements as the bits of another dtype. */
import { checkArgument, type Kind } from "../base/check_options.ts";
import { oneOf } from "../base/option_kinds.ts";
import type { ScalarType } from "../ir/dtype.ts";
import * as integers from "../te/integer_functions.ts";
import type { Tensor } from "../te/tensor.ts";
import { checkTensors } from "./check_tensors.ts";
import { pairwise, unary } from "./elementwise.ts";
import type { ResultOptions } from "./kinds.ts";

const INTEGERS: readonly ScalarType[] = ["i32", "u32"];

/**
 * Takes the bits that are set in both A and B.
 *
 * @param A a tensor of i32 or u32
 * @param B a tensor of A's dtype, whose shape fits A's
 * @returns C, of A's dtype and of the shape of both together; its name is C by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for tensors that don't fit together
 */
export function bitwiseAnd(A: Tensor, B: Tensor, options: ResultOptions = {}): Tensor {
  return pairwise("bitwiseAnd", A, B, options, integers.bitAnd, INTEGERS);
}

/**
 * Takes the bits that are set in A or B, or in both.
 *
 * @param A a tensor of i32 or u32
 * @param B a tensor of A's dtype, whose shape fits A's
 * @returns C, of A's dtype and of the shape of both together; its name is C by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for tensors that don't fit together
 */
export function bitwiseOr(A: Tensor, B: Tensor, options: ResultOptions = {}): Tensor {
  return pairwise("bitwiseOr", A, B, options, integers.bitOr, INTEGERS);
}

/**
 * Takes the bits that are set in one of A and B, and not in both.
 *
 * @param A a tensor of i32 or u32
 * @param B a tensor of A's dtype, whose shape fits A's
 * @returns C, of A's dtype and of the shape of both together; its name is C by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for tensors that don't fit together
 */
export function bitwiseXor(A: Tensor, B: Tensor, options: ResultOptions = {}): Tensor {
  return pairwise("bitwiseXor", A, B, options, integers.bitXor, INTEGERS);
}

/**
 * Moves the bits of A up by the places that B says: 0 to 31.
 *
 * @param A a tensor of i32 or u32
 * @param B a tensor of A's dtype, whose shape fits A's
 * @returns C, of A's dtype and of the shape of both together; its name is C by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for tensors that don't fit together
 */
export function leftShift(A: Tensor, B: Tensor, options: ResultOptions = {}): Tensor {
  return pairwise("leftShift", A, B, options, integers.shiftLeft, INTEGERS);
}

/**
 * Moves the bits of A down by the places that B says, 0 to 31: `⌊A / 2^B⌋`. The sign of i32 stays.
 *
 * @param A a tensor of i32 or u32
 * @param B a tensor of A's dtype, whose shape fits A's
 * @returns C, of A's dtype and of the shape of both together; its name is C by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for tensors that don't fit together
 */
export function rightShift(A: Tensor, B: Tensor, options: ResultOptions = {}): Tensor {
  return pairwise("rightShift", A, B, options, integers.shiftRight, INTEGERS);
}

/**
 * Takes the bits that are not set in A.
 *
 * @param A a tensor of i32 or u32
 * @returns B, of A's shape and dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype
 */
export function bitwiseNot(A: Tensor, options: ResultOptions = {}): Tensor {
  return unary("bitwiseNot", A, options, integers.bitNot, INTEGERS);
}

const word: Kind<"f32" | "i32" | "u32"> = oneOf("f32", "i32", "u32");

/**
 * Reads the bits of each element as another dtype.
 *
 * @param A a tensor of f32, i32 or u32
 * @param dtype one of these
 * @returns B, of that dtype and of A's shape; its name is B by default
 * @throws {OptionError} for an argument or an option that can't have its value
 * @throws {TeError} for a tensor of another dtype
 */
export function bitcast(A: Tensor, dtype: "f32" | "i32" | "u32", options: ResultOptions = {}): Tensor {
  checkTensors("bitcast", { A });
  checkArgument("op.bitcast", "dtype", dtype, word);
  return unary("bitcast", A, options, (x) => integers.bitcast(dtype, x), ["f32", ...INTEGERS]);
}
