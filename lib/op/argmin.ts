import type { Tensor } from "../te/tensor.ts";
import { type ArgOptions, positionOfBest } from "./best_position.ts";

/**
 * Finds the position of the smallest element along a dimension of a tensor (ONNX ArgMin). Of several ones, it takes the first, or
 * the last with `last`. NaN counts as ∞.
 *
 * @param A a tensor of f32, f16, i32 or u32 with at least one dimension
 * @returns the positions, of i32; the name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype, or a dimension that it doesn't have
 */
export function argmin(A: Tensor, options: ArgOptions = {}): Tensor {
  return positionOfBest("argmin", "min", A, options);
}
