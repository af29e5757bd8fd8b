import { checkOptions } from "../base/check_options.ts";
import { call, cast, div, sub } from "../ir/build.ts";
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
  f32,
  matrixShape,
} from "./row_reductions.ts";

/**
 * Takes the softmax of each row: `B[…, c] = exp(A[…, c] - max_c A[…, c]) / Σ_c exp(A[…, c] - max_c A[…, c])`, computed
 * in f32. With an axis, rows run along that dimension (ONNX Softmax).
 *
 * @param A [..., columns] of f32 or f16
 * @returns B, of A's shape and dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype, without dimensions, or without that axis
 */
export function softmax(A: Tensor, options: AxisOptions = {}): Tensor {
  checkTensors("softmax", { A });
  checkOptions("op.softmax", options, AXIS);
  const rows = asRows("softmax", A, options.axis), a = f32(A);
  const [largest, total] = exponentials(A, rows);
  return compute(options.name ?? "B", A.shape, (...at) => {
    const row = at.toSpliced(rows.axis, 1);
    return cast(rows.dtype, div(call("exp", sub(a(...at), largest.at(...row))), total.at(...row)));
  });
}

/**
 * Makes the program of {@linkcode softmax} on a matrix. Parameters A and B[rows, columns].
 *
 * @throws {OptionError} for an option that doesn't exist, is missing or can't have its value
 */
export function softmaxProgram(options: AxisProgramOptions): PrimFunc {
  checkOptions("te.softmax", options, AXIS_PROGRAM);
  const { rows, columns } = matrixShape(options);
  const A = placeholder("A", [rows, columns], options.dtype);
  return primFunc("softmax", [A, softmax(A, { axis: options.axis ?? 1 })]);
}
