import { checkOptions, type Fields } from "../base/check_options.ts";
import { arrayOf, integer } from "../base/option_kinds.ts";
import type { Expr, Var } from "../ir/expr.ts";
import { compute } from "../te/compute.ts";
import type { Tensor } from "../te/tensor.ts";
import { checkLength, dimensionsOf } from "./axes.ts";
import { checkTensors } from "./check_tensors.ts";
import { RESULT, type ResultOptions } from "./kinds.ts";

/** The options of {@linkcode permuteDims}. */
export interface PermuteDimsOptions extends ResultOptions {
  /** For each dimension of the result, the one of A that it is; below 0 it counts from the end. Default: reversed. */
  readonly axes?: readonly number[];
}
const OPTIONS = { axes: arrayOf(integer()), ...RESULT } satisfies Fields<PermuteDimsOptions>;

/**
 * Puts dimensions in another order (Relax permute_dims, NumPy and ONNX Transpose): dimension d of the result is dimension
 * `axes[d]` of A.
 *
 * @param A a tensor of any dtype
 * @returns B, of A's dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for axes that don't name each dimension once
 */
export function permuteDims(A: Tensor, options: PermuteDimsOptions = {}): Tensor {
  checkTensors("permuteDims", { A });
  checkOptions("op.permuteDims", options, OPTIONS);
  const { name = "B" } = options, { shape } = A;
  const given = options.axes ?? shape.map((_, d) => shape.length - 1 - d);
  checkLength("permuteDims", "axes", given, shape.length);
  const axes = dimensionsOf("permuteDims", A, given);
  return compute(
    name,
    axes.map((d) => shape[d] as Expr),
    (...at) => A.at(...shape.map((_, d) => at[axes.indexOf(d)] as Var)),
  );
}
