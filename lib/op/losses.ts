/** Losses of classes and of numbers, as models in training have them. */
import { checkOptions, type Fields } from "../base/check_options.ts";
import { integer, oneOf } from "../base/option_kinds.ts";
import { eq, mul, select, sub } from "../ir/build.ts";
import type { Expr } from "../ir/expr.ts";
import { constant } from "../ir/build.ts";
import { compute } from "../te/compute.ts";
import type { Tensor } from "../te/tensor.ts";
import { checkShape, checkTensors, checkTypes, lastOf, sharedFloat } from "./check_tensors.ts";
import { div } from "./arithmetic.ts";
import { elementAt } from "./element_at.ts";
import { nearestIndex } from "./indices.ts";
import { RESULT, type ResultOptions } from "./kinds.ts";
import { logSoftmax } from "./log_softmax.ts";
import { reduceMean } from "./reduce_mean.ts";
import { reduceSum } from "./reduce_sum.ts";

/** The options of a loss. */
export interface LossOptions extends ResultOptions {
  /** What becomes of the losses of single rows. Default: mean. */
  readonly reduction?: "none" | "sum" | "mean";
}
const LOSS = { reduction: oneOf("none", "sum", "mean"), ...RESULT } satisfies Fields<LossOptions>;

/** The options of a loss of classes. */
export interface ClassLossOptions extends LossOptions {
  /** Rows of this class have no loss, and don't count in the mean. Default: none. */
  readonly ignore?: number;
}
const CLASSES = { ignore: integer(), ...LOSS } satisfies Fields<ClassLossOptions>;

function reduced(losses: Tensor, { reduction = "mean", name = "B" }: LossOptions): Tensor {
  const axis = losses.shape.map((_, d) => d);
  if (reduction === "none" || axis.length === 0) return losses;
  return reduction === "sum" ? reduceSum(losses, { axis, name }) : reduceMean(losses, { axis, name });
}

/**
 * Takes the negative logarithm of the class's probability: `B[…] = -A[…, classes[…]]` (PyTorch nll_loss).
 *
 * @param A logarithms of probabilities [..., number of classes], of f32 or f16
 * @param classes i32[...]; a class outside is taken to the nearest inside
 * @returns B[...], or a single element; of A's dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for tensors that don't fit together
 */
export function negativeLogLikelihood(A: Tensor, classes: Tensor, options: ClassLossOptions = {}): Tensor {
  checkTensors("negativeLogLikelihood", { A, classes });
  checkOptions("op.negativeLogLikelihood", options, CLASSES);
  checkTypes("negativeLogLikelihood", { classes }, "i32");
  const dtype = sharedFloat("negativeLogLikelihood", { A });
  const { lead, last } = lastOf("negativeLogLikelihood", "A", A, 1, "[…, classes]");
  checkShape("negativeLogLikelihood", "classes", classes, lead, "to match A's rows");
  const { ignore, reduction = "mean", name = "B" } = options;
  const of = (counts: boolean) => (...at: readonly Expr[]): Expr => {
    const k = classes.at(...at), zero = constant(0, dtype);
    const value = counts
      ? constant(1, dtype)
      : sub(zero, elementAt(A, ...at, nearestIndex(k, last[0] as Expr, false)));
    return ignore === undefined ? value : select(eq(k, ignore), zero, value);
  };
  const whole = reduction === "none" || lead.length === 0;
  const losses = compute(whole ? name : `${name}_rows`, lead, of(false));
  if (ignore === undefined || reduction !== "mean" || whole) return reduced(losses, options);
  const axis = lead.map((_, d) => d), counted = compute(`${name}_counted`, lead, of(true));
  return div(reduceSum(losses, { axis }), reduceSum(counted, { axis, name: `${name}_count` }), { name });
}

/**
 * Takes the cross entropy of logits and classes: `negativeLogLikelihood(logSoftmax(A), classes)` (PyTorch cross_entropy).
 *
 * @param A logits [..., number of classes], of f32 or f16
 * @param classes i32[...]; a class outside is taken to the nearest inside
 * @returns B[...], or a single element; of A's dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for tensors that don't fit together
 */
export function crossEntropy(A: Tensor, classes: Tensor, options: ClassLossOptions = {}): Tensor {
  checkTensors("crossEntropy", { A, classes });
  checkOptions("op.crossEntropy", options, CLASSES);
  return negativeLogLikelihood(logSoftmax(A, { name: "log_probabilities" }), classes, options);
}

/**
 * Takes squares of differences: `B[…] = (A[…] - T[…])²` (PyTorch mse_loss).
 *
 * @param A a tensor of f32 or f16
 * @param T of A's shape and dtype
 * @returns B, of A's shape, or a single element; of A's dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for tensors that don't fit together
 */
export function squaredError(A: Tensor, T: Tensor, options: LossOptions = {}): Tensor {
  checkTensors("squaredError", { A, T });
  checkOptions("op.squaredError", options, LOSS);
  sharedFloat("squaredError", { A, T });
  checkShape("squaredError", "T", T, A.shape, "to match A");
  const name = options.reduction === "none" ? options.name ?? "B" : "squares";
  const squares = compute(name, A.shape, (...at) => {
    const d = sub(A.at(...at), T.at(...at));
    return mul(d, d);
  });
  return reduced(squares, options);
}
