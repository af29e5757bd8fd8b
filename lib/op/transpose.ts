import { checkOptions } from "../base/check_options.ts";
import type { Expr, Var } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { compute } from "../te/compute.ts";
import { placeholder, type Tensor } from "../te/tensor.ts";
import { primFunc } from "../te/prim_func.ts";
import { checkTensors, lastOf } from "./check_tensors.ts";
import { RESULT, type ResultOptions } from "./kinds.ts";
import { matrixShape, ROWS_PROGRAM, type RowsProgramOptions } from "./row_reductions.ts";

/**
 * Swaps the last two dimensions: `B[…, c, r] = A[…, r, c]`.
 *
 * @param A [..., rows, columns] of any dtype
 * @returns B[..., columns, rows], of A's dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor with fewer than two dimensions
 */
export function transpose(A: Tensor, options: ResultOptions = {}): Tensor {
  checkTensors("transpose", { A });
  checkOptions("op.transpose", options, RESULT);
  const { lead, last } = lastOf("transpose", "A", A, 2, "[…, rows, columns]");
  const [rows, columns] = last as [Expr, Expr];
  return compute(options.name ?? "B", [...lead, columns, rows], (...at) => {
    const [i, j] = at.slice(-2) as [Var, Var];
    return A.at(...at.slice(0, -2), j, i);
  });
}

/**
 * Makes the program of {@linkcode transpose} on a matrix. Parameters A[rows, columns], B[columns, rows].
 *
 * @throws {OptionError} for an option that doesn't exist, is missing or can't have its value
 */
export function transposeProgram(options: RowsProgramOptions): PrimFunc {
  checkOptions("te.transpose", options, ROWS_PROGRAM);
  const { rows, columns } = matrixShape(options);
  const A = placeholder("A", [rows, columns], options.dtype);
  return primFunc("transpose", [A, transpose(A)]);
}
