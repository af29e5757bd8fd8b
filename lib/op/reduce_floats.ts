import { checkOptions } from "../base/check_options.ts";
import { cast, constant } from "../ir/build.ts";
import type { Expr } from "../ir/expr.ts";
import { compute } from "../te/compute.ts";
import { sum } from "../te/reduce.ts";
import type { Tensor } from "../te/tensor.ts";
import { checkTensors, sharedFloat } from "./check_tensors.ts";
import { REDUCE, reducedOver, type ReduceOptions } from "./reduce_axes.ts";
import { f32 } from "./row_reductions.ts";

/** What is summed, and what is made of the sum; both in f32. */
interface Sums {
  /** The summand that an element of A gives. Default: the element. */
  readonly element?: (x: Expr) => Expr;
  /** The result that a sum of that number of elements gives. Default: the sum. */
  readonly finish?: (sum: Expr, extents: readonly Expr[]) => Expr;
}

/**
 * Sums functions of a tensor's elements over some of its dimensions, in f32, and takes a function of the sums.
 *
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor that is not of f32 or f16, or a dimension that it doesn't have
 */
export function reduceFloats(
  operator: string,
  A: Tensor,
  options: ReduceOptions,
  { element = (x) => x, finish }: Sums,
): Tensor {
  checkTensors(operator, { A });
  checkOptions(`op.${operator}`, options, REDUCE);
  const { name = "B" } = options, dtype = sharedFloat(operator, { A }), a = f32(A);
  // Rules know sums by their axes, but the first of several can't have an extent of 1.
  const keepDims = options.keepDims === true, dimensions = reducedOver(operator, A, options).dimensions;
  const within = keepDims && dimensions[0] !== 0;
  const { shape, over } = reducedOver(operator, A, { ...options, keepDims: within });
  const value = over(sum, (...at) => element(a(...at)));
  if (dtype === "f32" && !finish && within === keepDims) return compute(name, shape, value);
  const total = compute("total", shape, value), extents = dimensions.map((d) => A.shape[d] as Expr);
  const kept = keepDims ? A.shape.map((d, k) => dimensions.includes(k) ? constant(1) : d) : shape;
  return compute(name, kept, (...at) => {
    const sum = total.at(...within === keepDims ? at : at.filter((_, d) => !dimensions.includes(d)));
    return cast(dtype, finish ? finish(sum, extents) : sum);
  });
}
