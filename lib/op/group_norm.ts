import { checkOptions, type Fields } from "../base/check_options.ts";
import { required } from "../base/option_kinds.ts";
import { add, call, cast, constant, div, floorDiv, mul, sub } from "../ir/build.ts";
import type { Expr, Var } from "../ir/expr.ts";
import { compute } from "../te/compute.ts";
import { reduceAxis, sum } from "../te/reduce.ts";
import type { ReduceAxis, Tensor } from "../te/tensor.ts";
import { TeError } from "../te/error.ts";
import {
  checkShape,
  checkTensors,
  checkTypes,
  constantExtent,
  lastOf,
  sharedFloat,
} from "./check_tensors.ts";
import { plus, times } from "./extents.ts";
import { extent, RESULT, type ResultOptions } from "./kinds.ts";
import { countOf, f32, NORM, type NormOptions } from "./row_reductions.ts";

/** The options of {@linkcode groupNorm}. */
export interface GroupNormOptions extends NormOptions, ResultOptions {
  /** The number of groups of neighbouring channels; it divides the channels. */
  readonly groups: number;
}
const OPTIONS = { groups: required(extent), ...NORM, ...RESULT } satisfies Fields<GroupNormOptions>;

/**
 * Gives each group of channels mean 0 and variance 1, image by image (Wu and He, arXiv 1803.08494):
 * `B = (A - mean)·weight[c] / sqrt(variance + eps) + bias[c]`, computed in f32.
 *
 * @param A [n, channels, ...] of f32 or f16
 * @param weight [channels], of f32 or f16
 * @param bias [channels], of f32 or f16
 * @returns B, of A's shape and dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist, is missing or can't have its value
 * @throws {TeError} for tensors that don't fit together, or groups that don't divide the channels
 */
export function groupNorm(A: Tensor, weight: Tensor, bias: Tensor, options: GroupNormOptions): Tensor {
  checkTensors("groupNorm", { A, weight, bias });
  checkOptions("op.groupNorm", options, OPTIONS);
  lastOf("groupNorm", "A", A, 2, "[n, c, …]");
  const channels = constantExtent("groupNorm", "A", A, 1), { groups } = options;
  if (channels % groups !== 0) {
    throw new TeError(`expected groups that divide ${channels} channels, got ${groups}, in groupNorm`);
  }
  return groupNormed("groupNorm", A, weight, bias, channels / groups, constant(groups), options);
}

/**
 * Normalizes groups of `own` channels each.
 *
 * @throws {TeError} for tensors that don't fit together
 */
export function groupNormed(
  operator: string,
  A: Tensor,
  weight: Tensor,
  bias: Tensor,
  own: number,
  groups: Expr,
  { eps = 1e-5, name = "B" }: NormOptions & ResultOptions,
): Tensor {
  const dtype = sharedFloat(operator, { A }), a = f32(A);
  checkTypes(operator, { weight, bias }, "f32", "f16");
  const [n, channels, ...sizes] = A.shape as readonly [Expr, Expr, ...Expr[]];
  checkShape(operator, "weight", weight, [channels], "to match A's channels");
  checkShape(operator, "bias", bias, [channels], "to match A's channels");
  const count = countOf([constant(own), ...sizes].reduce(times));
  const overGroup = (image: Expr, group: Expr, f: (x: Expr) => Expr) => {
    const c = own > 1 ? [reduceAxis(own, "c")] : [], places = sizes.map((d) => reduceAxis(d));
    const channel = plus(times(group, own), (c[0] as ReduceAxis | undefined)?.var ?? constant(0));
    const axes = [...c, ...places];
    return sum(f(a(image, channel, ...places.map((k) => k.var))), axes);
  };
  const total = compute("total", [n, groups], (i, g) => overGroup(i as Var, g as Var, (x) => x));
  const mean = compute("mean", [n, groups], (...at) => div(total.at(...at), count));
  const squares = compute("squares", [n, groups], (i, g) =>
    overGroup(i as Var, g as Var, (x) => {
      const d = sub(x, mean.at(i as Var, g as Var));
      return mul(d, d);
    }));
  return compute(name, A.shape, (...at) => {
    const [image, c] = at as readonly [Var, Var], group = own === 1 ? c : floorDiv(c, own);
    const scale = call("rsqrt", add(div(squares.at(image, group), count), constant(eps, "f32")));
    const normal = mul(sub(a(...at), mean.at(image, group)), scale);
    return cast(dtype, add(mul(normal, f32(weight)(c)), f32(bias)(c)));
  });
}
