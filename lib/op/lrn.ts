import { checkOptions, type Fields } from "../base/check_options.ts";
import { number, required } from "../base/option_kinds.ts";
import { add, and, call, cast, constant, div, ge, lt, mul, select } from "../ir/build.ts";
import { RANGE } from "../ir/dtype.ts";
import type { Expr, Var } from "../ir/expr.ts";
import { compute } from "../te/compute.ts";
import { reduceAxis, sum } from "../te/reduce.ts";
import type { Tensor } from "../te/tensor.ts";
import { checkTensors, lastOf, sharedFloat } from "./check_tensors.ts";
import { minus, plus } from "./extents.ts";
import { extent, RESULT, type ResultOptions } from "./kinds.ts";
import { f32 } from "./row_reductions.ts";

/** The options of {@linkcode lrn}. */
export interface LrnOptions extends ResultOptions {
  /** The number of neighbouring channels whose squares are summed. */
  readonly size: number;
  /** The scale of the mean square. Default: 0.0001. */
  readonly alpha?: number;
  /** The exponent. Default: 0.75. */
  readonly beta?: number;
  /** What is added to the scaled mean square, above 0. Default: 1. */
  readonly bias?: number;
}
const scale = number({ min: 0, max: RANGE.f32[1] }, "a finite f32 of at least 0");
const OPTIONS = {
  size: required(extent),
  alpha: scale,
  beta: scale,
  bias: number({ above: 0, max: RANGE.f32[1] }, "a finite f32 above 0"),
  ...RESULT,
} satisfies Fields<LrnOptions>;

/**
 * Divides each element by a power of the mean square of its neighbours in other channels (Krizhevsky et al., 2012; ONNX
 * LRN): `B = A / (bias + alpha/size · Σ A²)^beta` over channels from c - ⌊(size-1)/2⌋ to c + ⌈(size-1)/2⌉, computed in f32.
 *
 * @param A [n, channels, ...] of f32 or f16
 * @returns B, of A's shape and dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist, is missing or can't have its value
 * @throws {TeError} for a tensor of another dtype, or without channels
 */
export function lrn(A: Tensor, options: LrnOptions): Tensor {
  checkTensors("lrn", { A });
  checkOptions("op.lrn", options, OPTIONS);
  const { size, alpha = 1e-4, beta = 0.75, bias = 1, name = "B" } = options;
  const dtype = sharedFloat("lrn", { A }), a = f32(A);
  lastOf("lrn", "A", A, 2, "[n, c, …]");
  const before = Math.floor((size - 1) / 2), channels = A.shape[1] as Expr;
  const shape = A.shape.with(1, plus(channels, size - 1));
  const padded = compute("padded", shape, (...at) => {
    const c = minus(at[1] as Var, before);
    const element = a(...(at as readonly Expr[]).with(1, c));
    return select(and(ge(c, 0), lt(c, channels)), element, constant(0, "f32"));
  });
  const squares = compute("squares", A.shape, (...at) => {
    const k = reduceAxis(size), x = padded.at(...(at as readonly Expr[]).with(1, add(at[1] as Var, k.var)));
    return sum(mul(x, x), [k]);
  });
  return compute(name, A.shape, (...at) => {
    const base = add(mul(squares.at(...at), constant(alpha / size, "f32")), constant(bias, "f32"));
    return cast(dtype, div(a(...at), call("pow", base, constant(beta, "f32"))));
  });
}
