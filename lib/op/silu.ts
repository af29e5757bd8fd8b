import { checkOptions } from "../base/check_options.ts";
import type { PrimFunc } from "../ir/func.ts";
import type { Tensor } from "../te/tensor.ts";
import { ACTIVATIONS } from "./activation.ts";
import { ELEMENTWISE_PROGRAM, type ElementwiseProgramOptions, unary, unaryProgram } from "./elementwise.ts";
import type { ResultOptions } from "./kinds.ts";

/**
 * Applies the sigmoid-weighted linear unit (Elfwing et al., arXiv 1702.03118): `B = A / (1 + exp(-A))`, element by element, in A's dtype.
 *
 * @param A a tensor of f32 or f16
 * @returns B, of A's shape and dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype
 */
export function silu(A: Tensor, options: ResultOptions = {}): Tensor {
  return unary("silu", A, options, ACTIVATIONS.silu);
}

/**
 * Makes the program of {@linkcode silu}. Parameters A, B.
 *
 * @throws {OptionError} for an option that doesn't exist, is missing or can't have its value
 */
export function siluProgram(options: ElementwiseProgramOptions): PrimFunc {
  checkOptions("te.silu", options, ELEMENTWISE_PROGRAM);
  return unaryProgram("silu", options, silu);
}
