import { checkOptions, type Fields } from "../base/check_options.ts";
import { oneOf } from "../base/option_kinds.ts";
import { cast } from "../ir/build.ts";
import type { PrimFunc } from "../ir/func.ts";
import { compute } from "../te/compute.ts";
import { placeholder, type Tensor } from "../te/tensor.ts";
import { primFunc } from "../te/prim_func.ts";
import { sum } from "../te/reduce.ts";
import { checkTensors, sharedFloat } from "./check_tensors.ts";
import { REDUCE, reducedOver, type ReduceOptions } from "./reduce_axes.ts";
import { f32, matrixShape, ROWS_PROGRAM, type RowsProgramOptions } from "./row_reductions.ts";

/**
 * Sums a tensor over one or several of its dimensions, in f32 (ONNX ReduceSum).
 *
 * @param A a tensor of f32 or f16 with at least one dimension
 * @returns the sums, of A's dtype; the name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype, or a dimension that it doesn't have
 */
export function reduceSum(A: Tensor, options: ReduceOptions = {}): Tensor {
  checkTensors("reduceSum", { A });
  checkOptions("op.reduceSum", options, REDUCE);
  const { name = "B" } = options, dtype = sharedFloat("reduceSum", { A });
  const { shape, over } = reducedOver("reduceSum", A, options);
  const value = over(sum, f32(A));
  if (dtype === "f32") return compute(name, shape, value);
  const total = compute("total", shape, value);
  return compute(name, shape, (...at) => cast(dtype, total.at(...at)));
}

/** The options of {@linkcode reduceSumProgram}. */
export interface ReduceSumProgramOptions extends RowsProgramOptions {
  /** 1 or -1 sums over columns, `B[r] = Σ_c A[r, c]`; 0 or -2 over rows, `B[c] = Σ_r A[r, c]`. Default: 1. */
  readonly axis?: 0 | 1 | -1 | -2;
}
const PROGRAM = { ...ROWS_PROGRAM, axis: oneOf(0, 1, -1, -2) } satisfies Fields<ReduceSumProgramOptions>;

/**
 * Makes the program of {@linkcode reduceSum} on a matrix. Parameters A[rows, columns], B[rows], or B[columns] with
 * axis 0.
 *
 * @throws {OptionError} for an option that doesn't exist, is missing or can't have its value
 */
export function reduceSumProgram(options: ReduceSumProgramOptions): PrimFunc {
  checkOptions("te.reduceSum", options, PROGRAM);
  const { axis = 1, dtype } = options;
  const { rows, columns } = matrixShape(options);
  const A = placeholder("A", [rows, columns], dtype);
  return primFunc("reduce_sum", [A, reduceSum(A, { axis })]);
}
