import { checkOptions } from "../base/check_options.ts";
import { add as plus } from "../ir/build.ts";
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
 * Adds two tensors, element by element: `C = A + B`, in their dtype. Dimensions are aligned at the last one, and an extent of
 * 1 is repeated.
 *
 * @param A a tensor of f32, f16, i32 or u32; integers wrap around
 * @param B a tensor of A's dtype, whose shape fits A's
 * @returns C, of the shape of both together; its name is C by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for tensors that don't fit together
 */
export function add(A: Tensor, B: Tensor, options: ResultOptions = {}): Tensor {
  return pairwise("add", A, B, options, plus, NUMBERS);
}

/**
 * Makes the program of {@linkcode add} on tensors of one shape. Parameters A, B, C.
 *
 * @throws {OptionError} for an option that doesn't exist, is missing or can't have its value
 */
export function addProgram(options: ElementwiseProgramOptions): PrimFunc {
  checkOptions("te.add", options, ELEMENTWISE_PROGRAM);
  return pairwiseProgram("add", options, add);
}
