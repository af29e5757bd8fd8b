import { checkOptions, type Fields } from "../base/check_options.ts";
import { name } from "../base/option_kinds.ts";
import { add } from "../ir/build.ts";
import type { PrimFunc } from "../ir/func.ts";
import { compute } from "../te/compute.ts";
import { placeholder, type Tensor } from "../te/tensor.ts";
import { primFunc } from "../te/prim_func.ts";
import { checkShape, checkTensors, sharedFloat } from "./check_tensors.ts";
import { NORM_PROGRAM, type NormProgramOptions } from "./rms_norm.ts";
import { asRows, matrixShape, NORM, type NormOptions, rmsNormed } from "./row_reductions.ts";

/** The options of {@linkcode addRmsNorm}. */
export interface AddRmsNormOptions extends NormOptions {
  /** The name of the sum. Default: S. */
  readonly sumName?: string;
  /** The name of the norm. Default: B. */
  readonly name?: string;
}
const OPTIONS = { ...NORM, sumName: name, name } satisfies Fields<AddRmsNormOptions>;

/** The results of {@linkcode addRmsNorm}. */
export interface AddRmsNormResult {
  /** The sum A + D. */
  readonly S: Tensor;
  /** The norm of the sum. */
  readonly B: Tensor;
}

/**
 * Adds a layer's result to its residual and takes the norm of the sum: `S = A + D`, `B = rmsNorm(S)`. B adds A and D by
 * itself, because reading S back would cost more.
 *
 * @param A [..., columns] of f32 or f16
 * @param D of A's shape and dtype
 * @param weight [columns], of A's dtype
 * @returns S and B, of A's shape and dtype
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for tensors that don't fit together
 */
export function addRmsNorm(
  A: Tensor,
  D: Tensor,
  weight: Tensor,
  options: AddRmsNormOptions = {},
): AddRmsNormResult {
  checkTensors("addRmsNorm", { A, D, weight });
  checkOptions("op.addRmsNorm", options, OPTIONS);
  const { sumName = "S", name = "B", eps = 1e-5 } = options;
  const rows = asRows("addRmsNorm", A);
  sharedFloat("addRmsNorm", { A, D, weight });
  checkShape("addRmsNorm", "D", D, A.shape, "to match A");
  checkShape("addRmsNorm", "weight", weight, [rows.columns], "to match A's columns");
  const added = (name: string) => compute(name, A.shape, (...at) => add(A.at(...at), D.at(...at)));
  return { S: added(sumName), B: rmsNormed(name, added("added"), rows, weight, eps) };
}

/**
 * Makes the program of {@linkcode addRmsNorm} on matrices. Parameters A and D[rows, columns], weight[columns], S and
 * B[rows, columns]; S and B are results.
 *
 * @throws {OptionError} for an option that doesn't exist, is missing or can't have its value
 */
export function addRmsNormProgram(options: NormProgramOptions): PrimFunc {
  checkOptions("te.addRmsNorm", options, NORM_PROGRAM);
  const { eps = 1e-5, dtype } = options;
  const { rows, columns } = matrixShape(options);
  const A = placeholder("A", [rows, columns], dtype), D = placeholder("D", [rows, columns], dtype);
  const weight = placeholder("weight", [columns], dtype);
  const { S, B } = addRmsNorm(A, D, weight, { eps });
  return primFunc("add_rms_norm", [A, D, weight, S, B]);
}
