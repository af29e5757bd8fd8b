import { checkOptions } from "../base/check_options.ts";
import { mul as times } from "../ir/build.ts";
import type { PrimFunc } from "../ir/func.ts";
import type { Tensor } from "../te/tensor.ts";
import {
  ELEMENTWISE_PROGRAM,
  type ElementwiseProgramOptions,
  NUMBERS,
  pairwise,
  pairwiseProgram,
} from "./elementwise.ts";
import type { ResultOptions } from "./kinds.ts";

/**
 * Multiplies two tensors, element by element: `C = A · B`, in their dtype. Dimensions are aligned at the last one, and an extent of
 * 1 is repeated.
 *
 * @param A a tensor of f32, f16, i32 or u32; integers wrap around
 * @param B a tensor of A's dtype, whose shape fits A's
 * @returns C, of the shape of both together; its name is C by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for tensors that don't fit together
 */
export function mul(A: Tensor, B: Tensor, options: ResultOptions = {}): Tensor {
  return pairwise("mul", A, B, options, times, NUMBERS);
}

/**
 * Makes the program of {@linkcode mul} on tensors of one shape. Parameters A, B, C.
 *
 * @throws {OptionError} for an option that doesn't exist, is missing or can't have its value
 */
export function mulProgram(options: ElementwiseProgramOptions): PrimFunc {
  checkOptions("te.mul", options, ELEMENTWISE_PROGRAM);
  return pairwiseProgram("mul", options, mul);
}
