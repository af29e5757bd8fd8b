import { checkOptions, type Fields } from "../base/check_options.ts";
import { integer } from "../base/option_kinds.ts";
import { constant, eq, select } from "../ir/build.ts";
import type { Expr, Var } from "../ir/expr.ts";
import { compute } from "../te/compute.ts";
import type { Tensor } from "../te/tensor.ts";
import { resultDimensions } from "./axes.ts";
import { checkList } from "./check_tensors.ts";
import { fitting } from "./concat.ts";
import { RESULT, type ResultOptions } from "./kinds.ts";

/** The options of {@linkcode stack}. */
export interface StackOptions extends ResultOptions {
  /** The result's dimension that is new; below 0 it counts from its end. Default: 0. */
  readonly axis?: number;
}
const OPTIONS = { axis: integer(), ...RESULT } satisfies Fields<StackOptions>;

/**
 * Joins tensors of one shape along a new dimension (NumPy stack).
 *
 * @param tensors at least one, of one dtype and shape
 * @returns B, of their dtype; its name is B by default. Where two extents are different variables, a run in which they are
 * different numbers is refused
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for tensors that don't fit together
 */
export function stack(tensors: readonly Tensor[], options: StackOptions = {}): Tensor {
  const first = checkList("stack", tensors);
  checkOptions("op.stack", options, OPTIONS);
  const [axis] = resultDimensions("stack", first.shape.length + 1, options.axis ?? 0) as [number];
  const requires = tensors.flatMap((t, k) => k === 0 ? [] : fitting("stack", first, t, k));
  return compute(
    options.name ?? "B",
    first.shape.toSpliced(axis, 0, constant(tensors.length)),
    (...at) => {
      const i = at[axis] as Var, rest = at.toSpliced(axis, 1);
      return tensors.slice(0, -1).reduceRight<Expr>(
        (value, t, k) => select(eq(i, k), t.at(...rest), value),
        (tensors.at(-1) as Tensor).at(...rest),
      );
    },
    { requires },
  );
}
