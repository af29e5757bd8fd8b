import { checkOptions, type Fields } from "../base/check_options.ts";
import { add, call, cast, constant, div, mul, sub } from "../ir/build.ts";
import type { Var } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { compute } from "../te/compute.ts";
import { placeholder, type Tensor } from "../te/tensor.ts";
import { primFunc } from "../te/prim_func.ts";
import { sum } from "../te/reduce.ts";
import { checkShape, checkTensors, sharedFloat } from "./check_tensors.ts";
import { RESULT, type ResultOptions } from "./kinds.ts";
import { NORM_PROGRAM, type NormProgramOptions } from "./rms_norm.ts";
import { asRows, countOf, f32, matrixShape, NORM, type NormOptions, overColumns } from "./row_reductions.ts";

/** The options of {@linkcode layerNorm}. */
export interface LayerNormOptions extends NormOptions, ResultOptions {}
const OPTIONS = { ...NORM, ...RESULT } satisfies Fields<LayerNormOptions>;

/**
 * Gives each row mean 0 and variance 1: `B[…, c] = (A[…, c] - mean)·weight[c] / sqrt(variance + eps) + bias[c]` (Ba et
 * al., arXiv 1607.06450), computed in f32.
 *
 * @param A [..., columns] of f32 or f16
 * @param weight [columns], of A's dtype
 * @param bias [columns], of A's dtype
 * @returns B, of A's shape and dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for tensors that don't fit together
 */
export function layerNorm(A: Tensor, weight: Tensor, bias: Tensor, options: LayerNormOptions = {}): Tensor {
  checkTensors("layerNorm", { A, weight, bias });
  checkOptions("op.layerNorm", options, OPTIONS);
  const { eps = 1e-5, name = "B" } = options;
  const { lead, columns, dtype } = asRows("layerNorm", A), a = f32(A);
  sharedFloat("layerNorm", { A, weight, bias });
  checkShape("layerNorm", "weight", weight, [columns], "to match A's columns");
  checkShape("layerNorm", "bias", bias, [columns], "to match A's columns");
  const total = compute("total", lead, (...at) => overColumns(columns, sum, (k) => a(...at, k)));
  const mean = compute("mean", lead, (...at) => div(total.at(...at), countOf(columns)));
  const squares = compute("squares", lead, (...at) =>
    overColumns(columns, sum, (k) => {
      const d = sub(a(...at, k), mean.at(...at));
      return mul(d, d);
    }));
  return compute(name, A.shape, (...at) => {
    const row = at.slice(0, -1), j = at.at(-1) as Var;
    const deviation = call("rsqrt", add(div(squares.at(...row), countOf(columns)), constant(eps, "f32")));
    const normal = mul(sub(a(...at), mean.at(...row)), deviation);
    return cast(dtype, add(mul(normal, f32(weight)(j)), f32(bias)(j)));
  });
}

/**
 * Makes the program of {@linkcode layerNorm} on a matrix. Parameters A[rows, columns], weight and bias[columns],
 * B[rows, columns].
 *
 * @throws {OptionError} for an option that doesn't exist, is missing or can't have its value
 */
export function layerNormProgram(options: NormProgramOptions): PrimFunc {
  checkOptions("te.layerNorm", options, NORM_PROGRAM);
  const { eps = 1e-5, dtype } = options;
  const { rows, columns } = matrixShape(options);
  const A = placeholder("A", [rows, columns], dtype);
  const weight = placeholder("weight", [columns], dtype), bias = placeholder("bias", [columns], dtype);
  return primFunc("layer_norm", [A, weight, bias, layerNorm(A, weight, bias, { eps })]);
}
