import { mul } from "../ir/build.ts";
import type { Tensor } from "../te/tensor.ts";
import type { ReduceOptions } from "./reduce_axes.ts";
import { reduceFloats } from "./reduce_floats.ts";

/**
 * Sums squares over one or several dimensions, in f32 (ONNX ReduceSumSquare): `Σ A²`.
 *
 * @param A a tensor of f32 or f16 with at least one dimension
 * @returns the sums, of A's dtype; the name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype, or a dimension that it doesn't have
 */
export function reduceSumSquare(A: Tensor, options: ReduceOptions = {}): Tensor {
  return reduceFloats("reduceSumSquare", A, options, { element: (x) => mul(x, x) });
}
