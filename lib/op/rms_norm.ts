import { checkOptions, type Fields } from "../base/check_options.ts";
import type { PrimFunc } from "../ir/func.ts";
import { placeholder, type Tensor } from "../te/tensor.ts";
import { primFunc } from "../te/prim_func.ts";
import { checkShape, checkTensors, sharedFloat } from "./check_tensors.ts";
import { RESULT, type ResultOptions } from "./kinds.ts";
import {
  asRows,
  matrixShape,
  NORM,
  type NormOptions,
  rmsNormed,
  ROWS_PROGRAM,
  type RowsProgramOptions,
} from "./row_reductions.ts";

/** The options of {@linkcode rmsNorm}. */
export interface RmsNormOptions extends NormOptions, ResultOptions {}
const OPTIONS = { ...NORM, ...RESULT } satisfies Fields<RmsNormOptions>;

/**
 * Divides each row by the root of its mean square: `B[…, c] = A[…, c]·weight[c] / sqrt(mean_c A[…, c]² + eps)` (Zhang
 * and Sennrich, arXiv 1910.07467), computed in f32.
 *
 * @param A [..., columns] of f32 or f16
 * @param weight [columns], of A's dtype
 * @returns B, of A's shape and dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for tensors that don't fit together
 */
export function rmsNorm(A: Tensor, weight: Tensor, options: RmsNormOptions = {}): Tensor {
  checkTensors("rmsNorm", { A, weight });
  checkOptions("op.rmsNorm", options, OPTIONS);
  const rows = asRows("rmsNorm", A);
  sharedFloat("rmsNorm", { A, weight });
  checkShape("rmsNorm", "weight", weight, [rows.columns], "to match A's columns");
  return rmsNormed(options.name ?? "B", A, rows, weight, options.eps ?? 1e-5);
}

/** The options of the program of a norm. */
export interface NormProgramOptions extends RowsProgramOptions, NormOptions {}

/** The kinds of {@linkcode NormProgramOptions}. */
export const NORM_PROGRAM = { ...ROWS_PROGRAM, ...NORM } satisfies Fields<NormProgramOptions>;

/**
 * Makes the program of {@linkcode rmsNorm} on a matrix. Parameters A[rows, columns], weight[columns], B[rows, columns].
 *
 * @throws {OptionError} for an option that doesn't exist, is missing or can't have its value
 */
export function rmsNormProgram(options: NormProgramOptions): PrimFunc {
  checkOptions("te.rmsNorm", options, NORM_PROGRAM);
  const { eps = 1e-5, dtype } = options;
  const { rows, columns } = matrixShape(options);
  const A = placeholder("A", [rows, columns], dtype), weight = placeholder("weight", [columns], dtype);
  return primFunc("rms_norm", [A, weight, rmsNorm(A, weight, { eps })]);
}
