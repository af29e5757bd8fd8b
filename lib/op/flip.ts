import { checkOptions, type Fields } from "../base/check_options.ts";
import { sub } from "../ir/build.ts";
import type { Expr } from "../ir/expr.ts";
import { compute } from "../te/compute.ts";
import type { Tensor } from "../te/tensor.ts";
import { type Axes, axesKind, dimensionsOf } from "./axes.ts";
import { checkTensors } from "./check_tensors.ts";
import { minus } from "./extents.ts";
import { RESULT, type ResultOptions } from "./kinds.ts";

/** The options of {@linkcode flip}. */
export interface FlipOptions extends ResultOptions {
  /** The dimensions that are reversed; below 0 they count from the end. Default: all. */
  readonly axis?: Axes;
}
const OPTIONS = { axis: axesKind, ...RESULT } satisfies Fields<FlipOptions>;

/**
 * Reverses the order of elements along dimensions (NumPy flip).
 *
 * @param A a tensor of any dtype
 * @returns B, of A's shape and dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a dimension that A doesn't have, or one that is named twice
 */
export function flip(A: Tensor, options: FlipOptions = {}): Tensor {
  checkTensors("flip", { A });
  checkOptions("op.flip", options, OPTIONS);
  const axes = dimensionsOf("flip", A, options.axis ?? A.shape.map((_, d) => d));
  return compute(
    options.name ?? "B",
    A.shape,
    (...at) => A.at(...at.map((i, d) => axes.includes(d) ? sub(minus(A.shape[d] as Expr, 1), i) : i)),
  );
}
