import { checkOptions, type Fields } from "../base/check_options.ts";
import { integer } from "../base/option_kinds.ts";
import { add, call, cast, constant, mul, sub } from "../ir/build.ts";
import type { Expr, Var } from "../ir/expr.ts";
import { compute } from "../te/compute.ts";
import type { Tensor } from "../te/tensor.ts";
import { checkShape, checkTensors, checkTypes, dimensionOf, sharedFloat } from "./check_tensors.ts";
import { RESULT, type ResultOptions } from "./kinds.ts";
import { f32, NORM, type NormOptions } from "./row_reductions.ts";

/** The options of {@linkcode batchNorm}. */
export interface BatchNormOptions extends NormOptions, ResultOptions {
  /** The dimension of the channels; below 0 it counts from the end. Default: 1. */
  readonly axis?: number;
}
const OPTIONS = { axis: integer(), ...NORM, ...RESULT } satisfies Fields<BatchNormOptions>;

/** The statistics of {@linkcode batchNorm}, one element for each channel. */
export interface BatchStatistics {
  /** The means, of f32 or f16. */
  readonly mean: Tensor;
  /** The variances, of f32 or f16. */
  readonly variance: Tensor;
}

/**
 * Normalizes each channel by known statistics, as models do after training (Ioffe and Szegedy, arXiv 1502.03167):
 * `B = (A - mean[c])·weight[c] / sqrt(variance[c] + eps) + bias[c]`, computed in f32.
 *
 * @param A a tensor of f32 or f16
 * @param weight [channels], of f32 or f16
 * @param bias [channels], of f32 or f16
 * @param statistics mean and variance, each [channels]
 * @returns B, of A's shape and dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for tensors that don't fit together
 */
export function batchNorm(
  A: Tensor,
  weight: Tensor,
  bias: Tensor,
  statistics: BatchStatistics,
  options: BatchNormOptions = {},
): Tensor {
  const { mean, variance } = statistics ?? {};
  const vectors = { weight, bias, mean, variance };
  checkTensors("batchNorm", { A, ...vectors });
  checkOptions("op.batchNorm", options, OPTIONS);
  const dtype = sharedFloat("batchNorm", { A }), axis = dimensionOf("batchNorm", A, options.axis ?? 1);
  checkTypes("batchNorm", vectors, "f32", "f16");
  for (const [name, v] of Object.entries(vectors)) {
    checkShape("batchNorm", name, v, [A.shape[axis] as Expr], "to match A's channels");
  }
  const eps = constant(options.eps ?? 1e-5, "f32");
  return compute(options.name ?? "B", A.shape, (...at) => {
    const c = at[axis] as Var, of = (v: Tensor) => f32(v)(c);
    const scale = mul(of(weight), call("rsqrt", add(of(variance), eps)));
    return cast(dtype, add(mul(sub(f32(A)(...at), of(mean)), scale), of(bias)));
  });
}
