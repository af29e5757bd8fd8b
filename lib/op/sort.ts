import { checkOptions, type Fields } from "../base/check_options.ts";
import { flag, integer } from "../base/option_kinds.ts";
import type { Expr } from "../ir/expr.ts";
import { compute } from "../te/compute.ts";
import type { Tensor } from "../te/tensor.ts";
import { checkTensors, checkTypes, dimensionOf } from "./check_tensors.ts";
import { RESULT, type ResultOptions } from "./kinds.ts";
import { keysOf, positionsInOrder } from "./ranks.ts";
import { NUMBERS } from "./reduce_by.ts";

/** The options of {@linkcode sort} and {@linkcode argsort}. */
export interface SortOptions extends ResultOptions {
  /** The dimension along which elements are sorted; below 0 it counts from the end. Default: -1, the last one. */
  readonly axis?: number;
  /** Whether the largest element is the first. Default: false. */
  readonly descending?: boolean;
}
const OPTIONS = { axis: integer(), descending: flag, ...RESULT } satisfies Fields<SortOptions>;

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

/**
 * Finds the positions of a tensor's elements in order, as {@linkcode sort} has them. Equal elements keep their order.
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

/** Reads the options; `positions` has the sorted dimension last. */
function sorted(operator: "sort" | "argsort", A: Tensor, options: SortOptions) {
  checkTensors(operator, { A });
  checkOptions(`op.${operator}`, options, OPTIONS);
  checkTypes(operator, { A }, ...NUMBERS);
  const axis = dimensionOf(operator, A, options.axis ?? -1), first = options.descending ? "max" : "min";
  const positions = (name: string) =>
    positionsInOrder(name, keysOf(A, axis, first), A.shape[axis] as Expr, first);
  return { axis, positions, ...(options.name === undefined ? {} : { name: options.name }) };
}
