import { checkOptions, type Fields } from "../base/check_options.ts";
import type { Expr } from "../ir/expr.ts";
import type { Tensor } from "../te/tensor.ts";
import { checkTensors, lastOf } from "./check_tensors.ts";
import { groupNormed } from "./group_norm.ts";
import { RESULT, type ResultOptions } from "./kinds.ts";
import { NORM, type NormOptions } from "./row_reductions.ts";

/** The options of {@linkcode instanceNorm}. */
export interface InstanceNormOptions extends NormOptions, ResultOptions {}
const OPTIONS = { ...NORM, ...RESULT } satisfies Fields<InstanceNormOptions>;

/**
 * Gives each channel of each image mean 0 and variance 1 (Ulyanov et al., arXiv 1607.08022):
 * `B = (A - mean)·weight[c] / sqrt(variance + eps) + bias[c]`, computed in f32.
 *
 * @param A [n, channels, ...] of f32 or f16, with at least one dimension after the channels
 * @param weight [channels], of f32 or f16
 * @param bias [channels], of f32 or f16
 * @returns B, of A's shape and dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for tensors that don't fit together
 */
export function instanceNorm(
  A: Tensor,
  weight: Tensor,
  bias: Tensor,
  options: InstanceNormOptions = {},
): Tensor {
  checkTensors("instanceNorm", { A, weight, bias });
  checkOptions("op.instanceNorm", options, OPTIONS);
  lastOf("instanceNorm", "A", A, 3, "[n, c, size, …]");
  return groupNormed("instanceNorm", A, weight, bias, 1, A.shape[1] as Expr, options);
}
