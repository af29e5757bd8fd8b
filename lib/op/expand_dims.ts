import { checkOptions, type Fields } from "../base/check_options.ts";
import { required } from "../base/option_kinds.ts";
import { constant } from "../ir/build.ts";
import type { Expr } from "../ir/expr.ts";
import type { Tensor } from "../te/tensor.ts";
import { type Axes, axesKind, listOf, resultDimensions } from "./axes.ts";
import { checkTensors } from "./check_tensors.ts";
import { RESULT, type ResultOptions } from "./kinds.ts";
import { reshaped } from "./reshape.ts";

/** The options of {@linkcode expandDims}. */
export interface ExpandDimsOptions extends ResultOptions {
  /** The result's dimensions that are new; below 0 they count from its end. */
  readonly axis: Axes;
}
const OPTIONS = { axis: required(axesKind), ...RESULT } satisfies Fields<ExpandDimsOptions>;

/**
 * Adds dimensions of extent 1 (NumPy expand_dims, ONNX Unsqueeze).
 *
 * @param A a tensor of any dtype
 * @returns B, of A's dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist, is missing or can't have its value
 * @throws {TeError} for a dimension that the result doesn't have, or one that is named twice
 */
export function expandDims(A: Tensor, options: ExpandDimsOptions): Tensor {
  checkTensors("expandDims", { A });
  checkOptions("op.expandDims", options, OPTIONS);
  const rank = A.shape.length + listOf(options.axis).length;
  const added = resultDimensions("expandDims", rank, options.axis), own = [...A.shape];
  const shape = Array.from(
    { length: rank },
    (_, d) => added.includes(d) ? constant(1) : own.shift() as Expr,
  );
  return reshaped(options.name ?? "B", A, shape);
}
