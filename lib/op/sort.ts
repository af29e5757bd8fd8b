import type { Expr } from "../ir/expr.ts";
import { compute } from "../te/compute.ts";
import type { Tensor } from "../te/tensor.ts";
import { sorted, type SortOptions } from "./sorted.ts";

/**
 * Sorts a tensor along a dimension; NaN comes last. It compares each element with all others along the dimension: that is
 * quadratic, and all at once. It suits dimensions of up to some thousands.
 *
 * @param A a tensor of f32, f16, i32 or u32 with at least one dimension
 * @returns the elements in order, of A's shape and dtype; the name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype, or a dimension that it doesn't have
 */
export function sort(A: Tensor, options: SortOptions = {}): Tensor {
  const { name = "B", positions, axis } = sorted("sort", A, options);
  const from = positions(`${name}_from`);
  return compute(name, A.shape, (...at: readonly Expr[]) => {
    const place = from.at(...at.toSpliced(axis, 1), at[axis] as Expr);
    return A.at(...at.with(axis, place));
  });
}
