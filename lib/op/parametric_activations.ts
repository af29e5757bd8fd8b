/** Activations with parameters, element by element. The defaults are those of ONNX. */
import { checkOptions, type Fields } from "../base/check_options.ts";
import { number } from "../base/option_kinds.ts";
import { add, call, div, gt, lt, max, min, mul, select, sub } from "../ir/build.ts";
import { RANGE } from "../ir/dtype.ts";
import { equalExpr } from "../ir/equal.ts";
import type { Expr } from "../ir/expr.ts";
import { compute } from "../te/compute.ts";
import type { Tensor } from "../te/tensor.ts";
import { TeError } from "../te/error.ts";
import { broadcastConditions, broadcastShape, elementFor } from "./broadcast.ts";
import { checkTensors, sharedFloat, shownShape } from "./check_tensors.ts";
import { unary } from "./elementwise.ts";
import { RESULT, type ResultOptions } from "./kinds.ts";
import { inF32, like } from "./unary_math.ts";

const f32 = number({ min: RANGE.f32[0], max: RANGE.f32[1] }, "a finite f32");
const positive = number({ above: 0, max: RANGE.f32[1] }, "a finite f32 above 0");

/** The options of {@linkcode hardSigmoid}. */
export interface HardSigmoidOptions extends ResultOptions {
  /** The slope of the line. Default: 0.2. */
  readonly alpha?: number;
  /** The value at 0. Default: 0.5. */
  readonly beta?: number;
}
const HARD_SIGMOID = { alpha: f32, beta: f32, ...RESULT } satisfies Fields<HardSigmoidOptions>;

/**
 * Approximates the logistic function by a line: `B = max(0, min(1, alpha·A + beta))`, computed in f32.
 *
 * @param A a tensor of f32 or f16
 * @returns B, of A's shape and dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype
 */
export function hardSigmoid(A: Tensor, options: HardSigmoidOptions = {}): Tensor {
  const { alpha = 0.2, beta = 0.5 } = options;
  return unary(
    "hardSigmoid",
    A,
    options,
    inF32((x) => max(min(add(mul(x, like(x, alpha)), like(x, beta)), like(x, 1)), like(x, 0))),
    undefined,
    HARD_SIGMOID,
  );
}

/** The options of {@linkcode leakyRelu}. */
export interface LeakyReluOptions extends ResultOptions {
  /** The slope below 0. Default: 0.01. */
  readonly alpha?: number;
}
const LEAKY_RELU = { alpha: f32, ...RESULT } satisfies Fields<LeakyReluOptions>;

/**
 * Scales elements below 0: `B = A < 0 ? alpha·A : A`, computed in f32.
 *
 * @param A a tensor of f32 or f16
 * @returns B, of A's shape and dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype
 */
export function leakyRelu(A: Tensor, options: LeakyReluOptions = {}): Tensor {
  const { alpha = 0.01 } = options;
  return unary(
    "leakyRelu",
    A,
    options,
    inF32((x) => select(lt(x, like(x, 0)), mul(x, like(x, alpha)), x)),
    undefined,
    LEAKY_RELU,
  );
}

/** The options of {@linkcode elu}. */
export interface EluOptions extends ResultOptions {
  /** What -B comes near to far below 0. Default: 1. */
  readonly alpha?: number;
}
const ELU = { alpha: f32, ...RESULT } satisfies Fields<EluOptions>;

/**
 * Bends elements below 0 (Clevert et al., arXiv 1511.07289): `B = A < 0 ? alpha·(e^A - 1) : A`, computed in f32.
 *
 * @param A a tensor of f32 or f16
 * @returns B, of A's shape and dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype
 */
export function elu(A: Tensor, options: EluOptions = {}): Tensor {
  const { alpha = 1 } = options;
  return unary(
    "elu",
    A,
    options,
    inF32((x) => select(lt(x, like(x, 0)), mul(bent(x), like(x, alpha)), x)),
    undefined,
    ELU,
  );
}

/** The options of {@linkcode selu}. */
export interface SeluOptions extends ResultOptions {
  /** The scale below 0. Default: 1.67326319217681884765625. */
  readonly alpha?: number;
  /** The scale of all. Default: 1.05070102214813232421875. */
  readonly gamma?: number;
}
const SELU = { alpha: f32, gamma: f32, ...RESULT } satisfies Fields<SeluOptions>;

/**
 * Scales and bends elements (Klambauer et al., arXiv 1706.02515): `B = gamma·(A < 0 ? alpha·(e^A - 1) : A)`, computed in f32.
 *
 * @param A a tensor of f32 or f16
 * @returns B, of A's shape and dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype
 */
export function selu(A: Tensor, options: SeluOptions = {}): Tensor {
  const { alpha = 1.67326319217681884765625, gamma = 1.05070102214813232421875 } = options;
  return unary(
    "selu",
    A,
    options,
    inF32((x) => mul(select(lt(x, like(x, 0)), mul(bent(x), like(x, alpha)), x), like(x, gamma))),
    undefined,
    SELU,
  );
}

/** The options of {@linkcode celu}. */
export interface CeluOptions extends ResultOptions {
  /** What -B comes near to far below 0, above 0. Default: 1. */
  readonly alpha?: number;
}
const CELU = { alpha: positive, ...RESULT } satisfies Fields<CeluOptions>;

/**
 * Bends elements below 0 with a smooth slope (Barron, arXiv 1704.07483): `B = max(0, A) + min(0, alpha·(e^(A/alpha) - 1))`, computed in f32.
 *
 * @param A a tensor of f32 or f16
 * @returns B, of A's shape and dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype
 */
export function celu(A: Tensor, options: CeluOptions = {}): Tensor {
  const { alpha = 1 } = options;
  return unary(
    "celu",
    A,
    options,
    inF32((x) => select(lt(x, like(x, 0)), mul(bent(div(x, like(x, alpha))), like(x, alpha)), x)),
    undefined,
    CELU,
  );
}

/** The options of {@linkcode thresholdedRelu}. */
export interface ThresholdedReluOptions extends ResultOptions {
  /** The threshold. Default: 1. */
  readonly alpha?: number;
}
const THRESHOLDED_RELU = { alpha: f32, ...RESULT } satisfies Fields<ThresholdedReluOptions>;

/**
 * Keeps elements above a threshold, and sets the others to 0: `B = A > alpha ? A : 0`.
 *
 * @param A a tensor of f32 or f16
 * @returns B, of A's shape and dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype
 */
export function thresholdedRelu(A: Tensor, options: ThresholdedReluOptions = {}): Tensor {
  const { alpha = 1 } = options;
  return unary(
    "thresholdedRelu",
    A,
    options,
    inF32((x) => select(gt(x, like(x, alpha)), x, like(x, 0))),
    undefined,
    THRESHOLDED_RELU,
  );
}

/** `e^x - 1` below 0. */
function bent(x: Expr): Expr {
  return sub(call("exp", min(x, like(x, 0))), like(x, 1));
}

/**
 * Multiplies by a line between 0 and 1 (Howard et al., arXiv 1905.02244): `B = A·max(0, min(1, A/6 + 1/2))`, computed in
 * f32.
 *
 * @param A a tensor of f32 or f16
 * @returns B, of A's shape and dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype
 */
export function hardSwish(A: Tensor, options: ResultOptions = {}): Tensor {
  const line = (x: Expr) => add(mul(x, like(x, 1 / 6)), like(x, 0.5));
  return unary("hardSwish", A, options, inF32((x) => mul(x, max(min(line(x), like(x, 1)), like(x, 0)))));
}

/**
 * Scales elements below 0 by a slope of their own: `B = A < 0 ? slope·A : A` (He et al., arXiv 1502.01852).
 *
 * @param A a tensor of f32 or f16
 * @param slope a tensor of A's dtype that can be repeated to A's shape: one slope per channel is [c, 1, 1]
 * @returns B, of A's shape and dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for tensors that don't fit together
 */
export function prelu(A: Tensor, slope: Tensor, options: ResultOptions = {}): Tensor {
  checkTensors("prelu", { A, slope });
  checkOptions("op.prelu", options, RESULT);
  sharedFloat("prelu", { A, slope });
  const shape = broadcastShape("prelu", { A, slope });
  if (shape.length !== A.shape.length || shape.some((d, k) => !equalExpr(d, A.shape[k] as Expr))) {
    throw new TeError(
      `expected slope of a shape that repeats to A's ${shownShape(A.shape)}, got ${
        shownShape(slope.shape)
      }, in prelu`,
    );
  }
  return compute(options.name ?? "B", shape, (...at) => {
    const x = elementFor(A, shape, at);
    return select(lt(x, like(x, 0)), mul(x, elementFor(slope, shape, at)), x);
  }, { requires: broadcastConditions("prelu", shape, [slope]) });
}
