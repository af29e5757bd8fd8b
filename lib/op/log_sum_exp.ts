import { checkOptions } from "../base/check_options.ts";
import { add, call, cast } from "../ir/build.ts";
import type { PrimFunc } from "../ir/func.ts";
import { compute, placeholder, primFunc, type Tensor } from "../te/compute.ts";
import { checkTensors } from "./check_tensors.ts";
import {
  asRows,
  AXIS,
  type AxisOptions,
  exponentials,
  matrixShape,
  ROWS_PROGRAM,
  type RowsProgramOptions,
} from "./row_reductions.ts";

/**
 * Takes the logarithm of each row's sum of exponentials: `B[…] = log Σ_c exp(A[…, c])`, computed in f32 about the row's
 * maximum. With an axis, rows run along that dimension (ONNX ReduceLogSumExp without keepdims).
 *
 * @param A [..., columns] of f32 or f16
 * @returns B, of A's dtype, and of A's shape without the rows' dimension; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype, without dimensions, or without that axis
 */
export function logSumExp(A: Tensor, options: AxisOptions = {}): Tensor {
  checkTensors("logSumExp", { A });
  checkOptions("op.logSumExp", options, AXIS);
  const rows = asRows("logSumExp", A, options.axis);
  const [largest, total] = exponentials(A, rows);
  return compute(
    options.name ?? "B",
    rows.lead,
    (...at) => cast(rows.dtype, add(call("log", total.at(...at)), largest.at(...at))),
  );
}

/**
 * Makes the program of {@linkcode logSumExp} on a matrix. Parameters A[rows, columns], B[rows].
 *
 * @throws {OptionError} for an option that doesn't exist, is missing or can't have its value
 */
export function logSumExpProgram(options: RowsProgramOptions): PrimFunc {
  checkOptions("te.logSumExp", options, ROWS_PROGRAM);
  const { rows, columns } = matrixShape(options);
  const A = placeholder("A", [rows, columns], options.dtype);
  return primFunc("log_sum_exp", [A, logSumExp(A)]);
}
