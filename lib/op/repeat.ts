import { checkOptions, type Fields } from "../base/check_options.ts";
import { integer, positive, required } from "../base/option_kinds.ts";
import type { Expr, Var } from "../ir/expr.ts";
import { compute } from "../te/compute.ts";
import type { Tensor } from "../te/tensor.ts";
import { checkTensors, dimensionOf } from "./check_tensors.ts";
import { over, times } from "./extents.ts";
import { RESULT, type ResultOptions } from "./kinds.ts";

/** The options of {@linkcode repeat}. */
export interface RepeatOptions extends ResultOptions {
  /** How often each element stands in the result. */
  readonly repeats: number;
  /** The dimension along which elements are repeated; below 0 it counts from the end. Default: -1. */
  readonly axis?: number;
}
const OPTIONS = { repeats: required(positive), axis: integer(), ...RESULT } satisfies Fields<RepeatOptions>;

/**
 * Repeats each element along a dimension: 1, 2 becomes 1, 1, 2, 2 (NumPy repeat).
 *
 * @param A a tensor of any dtype
 * @returns B, of A's dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist, is missing or can't have its value
 * @throws {TeError} for a dimension that A doesn't have
 */
export function repeat(A: Tensor, options: RepeatOptions): Tensor {
  checkTensors("repeat", { A });
  checkOptions("op.repeat", options, OPTIONS);
  const { repeats, name = "B" } = options, axis = dimensionOf("repeat", A, options.axis ?? -1);
  return compute(
    name,
    A.shape.with(axis, times(A.shape[axis] as Expr, repeats)),
    (...at) => A.at(...(at as readonly Expr[]).with(axis, over(at[axis] as Var, repeats))),
  );
}
