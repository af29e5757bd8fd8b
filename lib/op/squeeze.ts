import { checkOptions, type Fields } from "../base/check_options.ts";
import { isConst } from "../ir/build.ts";
import type { Expr } from "../ir/expr.ts";
import { printExpr } from "../ir/print.ts";
import type { Tensor } from "../te/tensor.ts";
import { TeError } from "../te/error.ts";
import { type Axes, axesKind, dimensionsOf } from "./axes.ts";
import { checkTensors, shownShape } from "./check_tensors.ts";
import { RESULT, type ResultOptions } from "./kinds.ts";
import { reshaped } from "./reshape.ts";

/** The options of {@linkcode squeeze}. */
export interface SqueezeOptions extends ResultOptions {
  /** The dimensions that are left out, each of extent 1; below 0 they count from the end. Default: all of extent 1. */
  readonly axis?: Axes;
}
const OPTIONS = { axis: axesKind, ...RESULT } satisfies Fields<SqueezeOptions>;

/**
 * Leaves out dimensions of extent 1 (NumPy squeeze).
 *
 * @param A a tensor of any dtype
 * @returns B, of A's dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a dimension that A doesn't have, or of another extent than 1
 */
export function squeeze(A: Tensor, options: SqueezeOptions = {}): Tensor {
  checkTensors("squeeze", { A });
  checkOptions("op.squeeze", options, OPTIONS);
  const { name = "B" } = options;
  const ones = A.shape.flatMap((d, k) => isConst(d, 1) ? [k] : []);
  const out = options.axis === undefined ? ones : dimensionsOf("squeeze", A, options.axis);
  const wide = out.find((d) => !ones.includes(d));
  if (wide !== undefined) {
    throw new TeError(
      `expected dimension ${wide} of A to be 1, got ${printExpr(A.shape[wide] as Expr)} of ` +
        `${shownShape(A.shape)}, in squeeze`,
    );
  }
  return reshaped(name, A, A.shape.filter((_, d) => !out.includes(d)));
}
