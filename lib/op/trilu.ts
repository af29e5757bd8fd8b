import { checkOptions, type Fields } from "../base/check_options.ts";
import { flag, integer } from "../base/option_kinds.ts";
import { constant, ge, le, select } from "../ir/build.ts";
import type { Var } from "../ir/expr.ts";
import { compute } from "../te/compute.ts";
import type { Tensor } from "../te/tensor.ts";
import { checkTensors, lastOf } from "./check_tensors.ts";
import { plus } from "./extents.ts";
import { RESULT, type ResultOptions } from "./kinds.ts";

/** The options of {@linkcode trilu}. */
export interface TriluOptions extends ResultOptions {
  /** Keeps what is on the diagonal and above it, or with false on it and below. Default: true. */
  readonly upper?: boolean;
  /** The diagonal, below 2^30 in magnitude: 0 the main one, above 0 to its right, below 0 to its left. Default: 0. */
  readonly k?: number;
}
const OPTIONS = {
  upper: flag,
  k: integer({ min: -(2 ** 30), max: 2 ** 30 }),
  ...RESULT,
} satisfies Fields<TriluOptions>;

/**
 * Keeps the upper or lower triangle of each matrix, and sets the other elements to 0 (NumPy triu and tril, ONNX Trilu).
 *
 * @param A [..., rows, columns] of any dtype
 * @returns B, of A's shape and dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor with fewer than two dimensions
 */
export function trilu(A: Tensor, options: TriluOptions = {}): Tensor {
  checkTensors("trilu", { A });
  checkOptions("op.trilu", options, OPTIONS);
  const { upper = true, k = 0, name = "B" } = options;
  lastOf("trilu", "A", A, 2, "[…, rows, columns]");
  return compute(name, A.shape, (...at) => {
    const [row, column] = at.slice(-2) as [Var, Var];
    const kept = (upper ? ge : le)(column, plus(row, k));
    return select(kept, A.at(...at), constant(0, A.dtype));
  });
}
