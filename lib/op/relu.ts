import { checkOptions } from "../base/check_options.ts";
import type { PrimFunc } from "../ir/func.ts";
import type { Tensor } from "../te/tensor.ts";
import { ACTIVATIONS } from "./activation.ts";
import { ELEMENTWISE_PROGRAM, type ElementwiseProgramOptions, unary, unaryProgram } from "./elementwise.ts";
import type { ResultOptions } from "./kinds.ts";

/**
 * Replaces negative elements by 0: `B = max(A, 0)`, element by element, in A's dtype.
 *
 * @param A a tensor of f32 or f16
 * @returns B, of A's shape and dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype
 */
export function relu(A: Tensor, options: ResultOptions = {}): Tensor {
  return unary("relu", A, options, ACTIVATIONS.relu);
}

/**
 * Makes the program of {@linkcode relu}. Parameters A, B.
 *
 * @throws {OptionError} for an option that doesn't exist, is missing or can't have its value
 */
export function reluProgram(options: ElementwiseProgramOptions): PrimFunc {
  checkOptions("te.relu", options, ELEMENTWISE_PROGRAM);
  return unaryProgram("relu", options, relu);
}
