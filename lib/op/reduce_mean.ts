import { div } from "../ir/build.ts";
import type { Tensor } from "../te/tensor.ts";
import { times } from "./extents.ts";
import type { ReduceOptions } from "./reduce_axes.ts";
import { reduceFloats } from "./reduce_floats.ts";
import { countOf } from "./row_reductions.ts";

/**
 * Takes the mean of a tensor over one or several of its dimensions, in f32 (ONNX ReduceMean).
 *
 * @param A a tensor of f32 or f16 with at least one dimension
 * @returns the means, of A's dtype; the name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype, or a dimension that it doesn't have
 */
export function reduceMean(A: Tensor, options: ReduceOptions = {}): Tensor {
  return reduceFloats("reduceMean", A, options, {
    finish: (sum, extents) => div(sum, countOf(extents.reduce(times))),
  });
}
