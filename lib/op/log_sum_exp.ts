import { checkOptions } from "../base/check_options.ts";
import { add, call, cast, constant, le, select } from "../ir/build.ts";
import { RANGE } from "../ir/dtype.ts";
import type { Expr } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { compute } from "../te/compute.ts";
import { placeholder, type Tensor } from "../te/tensor.ts";
import { primFunc } from "../te/prim_func.ts";
import { checkTensors } from "./check_tensors.ts";
import {
  asRows,
  AXIS,
  AXIS_PROGRAM,
  type AxisOptions,
  type AxisProgramOptions,
  exponentials,
  matrixShape,
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
  const [largest, total] = exponentials(A, rows, finite);
  return compute(
    options.name ?? "B",
    rows.lead,
    (...at) => cast(rows.dtype, add(call("log", total.at(...at)), finite(largest.at(...at)))),
  );
}

/** A row's largest element, or 0 where that is infinite: ∞ - ∞ is no number. */
function finite(largest: Expr): Expr {
  return select(le(call("abs", largest), constant(RANGE.f32[1], "f32")), largest, constant(0, "f32"));
}

/**
 * Makes the program of {@linkcode logSumExp} on a matrix. Parameters A[rows, columns], B[rows], or B[columns] with
 * axis 0.
 *
 * @throws {OptionError} for an option that doesn't exist, is missing or can't have its value
 */
export function logSumExpProgram(options: AxisProgramOptions): PrimFunc {
  checkOptions("te.logSumExp", options, AXIS_PROGRAM);
  const { rows, columns } = matrixShape(options);
  const A = placeholder("A", [rows, columns], options.dtype);
  return primFunc("log_sum_exp", [A, logSumExp(A, { axis: options.axis ?? 1 })]);
}
