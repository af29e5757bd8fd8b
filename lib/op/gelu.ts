import { checkOptions, type Fields } from "../base/check_options.ts";
import { oneOf } from "../base/option_kinds.ts";
import type { PrimFunc } from "../ir/func.ts";
import type { Tensor } from "../te/tensor.ts";
import { ACTIVATIONS } from "./activation.ts";
import { checkTensors } from "./check_tensors.ts";
import { ELEMENTWISE_PROGRAM, type ElementwiseProgramOptions, unary, unaryProgram } from "./elementwise.ts";
import { RESULT, type ResultOptions } from "./kinds.ts";

/** How {@linkcode gelu} computes the normal distribution. */
export interface ApproximateOptions {
  /** `none` computes it by erf; `tanh` approximates it (Hendrycks and Gimpel, arXiv 1606.08415). Default: none. */
  readonly approximate?: "none" | "tanh";
}
const APPROXIMATE = { approximate: oneOf("none", "tanh") } satisfies Fields<ApproximateOptions>;

/** The options of {@linkcode gelu}. */
export interface GeluOptions extends ApproximateOptions, ResultOptions {}
const OPTIONS = { ...APPROXIMATE, ...RESULT } satisfies Fields<GeluOptions>;

/**
 * Applies the Gaussian error linear unit: `B = A·Φ(A)` with the normal distribution's Φ, element by element, in A's
 * dtype.
 *
 * @param A a tensor of f32 or f16
 * @returns B, of A's shape and dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype
 */
export function gelu(A: Tensor, options: GeluOptions = {}): Tensor {
  checkTensors("gelu", { A });
  checkOptions("op.gelu", options, OPTIONS);
  const { approximate, ...result } = options;
  return unary("gelu", A, result, ACTIVATIONS[approximate === "tanh" ? "gelu_tanh" : "gelu"]);
}

/** The options of {@linkcode geluProgram}. */
export interface GeluProgramOptions extends ElementwiseProgramOptions, ApproximateOptions {}
const PROGRAM = { ...ELEMENTWISE_PROGRAM, ...APPROXIMATE } satisfies Fields<GeluProgramOptions>;

/**
 * Makes the program of {@linkcode gelu}. Parameters A, B.
 *
 * @throws {OptionError} for an option that doesn't exist, is missing or can't have its value
 */
export function geluProgram(options: GeluProgramOptions): PrimFunc {
  checkOptions("te.gelu", options, PROGRAM);
  const { approximate = "none", ...elementwise } = options;
  return unaryProgram("gelu", elementwise, (A) => gelu(A, { approximate }));
}
