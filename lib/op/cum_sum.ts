import type { Tensor } from "../te/tensor.ts";
import { scanned, type ScanOptions } from "./scan.ts";

/**
 * Sums all elements of a tensor up to each position along a dimension (ONNX CumSum). f16 is computed in f32; integers
 * wrap around. A dimension of up to 128 elements is gone over once for each result; a longer one in chunks of up to 32.
 *
 * @param A a tensor of f32, f16, i32 or u32 with at least one dimension
 * @returns the sums, of A's shape and dtype; the name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype, or a dimension that it doesn't have
 */
export function cumSum(A: Tensor, options: ScanOptions = {}): Tensor {
  return scanned("cumSum", "add", A, options);
}
