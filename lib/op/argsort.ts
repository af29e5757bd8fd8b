import type { Expr } from "../ir/expr.ts";
import { compute } from "../te/compute.ts";
import type { Tensor } from "../te/tensor.ts";
import { sorted, type SortOptions } from "./sorted.ts";

/**
 * Finds the positions of a tensor's elements in order, as `sort` has them. Equal elements keep their order.
 *
 * @param A a tensor of f32, f16, i32 or u32 with at least one dimension
 * @returns the positions, of i32 and A's shape; the name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype, or a dimension that it doesn't have
 */
export function argsort(A: Tensor, options: SortOptions = {}): Tensor {
  const { name = "B", positions, axis } = sorted("argsort", A, options);
  if (axis === A.shape.length - 1) return positions(name);
  const from = positions(`${name}_from`);
  return compute(
    name,
    A.shape,
    (...at: readonly Expr[]) => from.at(...at.toSpliced(axis, 1), at[axis] as Expr),
  );
}
