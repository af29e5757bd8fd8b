import { checkOptions, type Fields } from "../base/check_options.ts";
import { required } from "../base/option_kinds.ts";
import { floorMod } from "../ir/build.ts";
import type { Expr } from "../ir/expr.ts";
import { compute } from "../te/compute.ts";
import type { Tensor } from "../te/tensor.ts";
import { type Axes, axesKind, checkLength, dimensionsOf, listOf } from "./axes.ts";
import { checkTensors } from "./check_tensors.ts";
import { minus } from "./extents.ts";
import { RESULT, type ResultOptions } from "./kinds.ts";

/** The options of {@linkcode roll}. */
export interface RollOptions extends ResultOptions {
  /** For each axis, how far elements move, below 2^30 in magnitude; below 0 they move towards the begin. */
  readonly shift: Axes;
  /** The dimensions along which they move; below 0 they count from the end. */
  readonly axis: Axes;
}
const OPTIONS = { shift: required(axesKind), axis: required(axesKind), ...RESULT } satisfies Fields<
  RollOptions
>;

/**
 * Moves elements along dimensions; those that leave at one end enter at the other (NumPy roll).
 *
 * @param A a tensor of any dtype
 * @returns B, of A's shape and dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist, is missing or can't have its value
 * @throws {TeError} for a dimension that A doesn't have, one that is named twice, or shifts of another number
 */
export function roll(A: Tensor, options: RollOptions): Tensor {
  checkTensors("roll", { A });
  checkOptions("op.roll", options, OPTIONS);
  const axes = dimensionsOf("roll", A, options.axis), shifts = listOf(options.shift);
  checkLength("roll", "shifts", shifts, axes.length);
  return compute(options.name ?? "B", A.shape, (...at) =>
    A.at(...at.map((i, d) => {
      const k = axes.indexOf(d), extent = A.shape[d] as Expr, shift = shifts[k] ?? 0;
      if (k < 0 || shift === 0) return i;
      return floorMod(minus(i, extent.kind === "const" ? shift % extent.value : shift), extent);
    })));
}
