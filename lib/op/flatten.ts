import { checkOptions, type Fields } from "../base/check_options.ts";
import { integer } from "../base/option_kinds.ts";
import type { Tensor } from "../te/tensor.ts";
import { TeError } from "../te/error.ts";
import { checkTensors, shownShape } from "./check_tensors.ts";
import { asExpr, productOf } from "./extents.ts";
import { RESULT, type ResultOptions } from "./kinds.ts";
import { reshaped } from "./reshape.ts";

/** The options of {@linkcode flatten}. */
export interface FlattenOptions extends ResultOptions {
  /** The first dimension of A that the result's second one holds, up to A's rank; below 0 it counts from the end. Default: 1. */
  readonly axis?: number;
}
const OPTIONS = { axis: integer(), ...RESULT } satisfies Fields<FlattenOptions>;

/**
 * Makes a matrix of a tensor: rows hold the dimensions before `axis`, columns the others (ONNX Flatten).
 *
 * @param A a tensor of any dtype
 * @returns B[rows, columns], of A's dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for an axis beyond A's dimensions
 */
export function flatten(A: Tensor, options: FlattenOptions = {}): Tensor {
  checkTensors("flatten", { A });
  checkOptions("op.flatten", options, OPTIONS);
  const { axis = 1, name = "B" } = options, rank = A.shape.length;
  const first = axis < 0 ? axis + rank : axis;
  if (first < 0 || first > rank) {
    throw new TeError(
      `expected axis from ${-rank} to ${rank} for A of shape ${shownShape(A.shape)}, got ${axis}, in flatten`,
    );
  }
  const sides = [A.shape.slice(0, first), A.shape.slice(first)];
  return reshaped(name, A, sides.map((side) => asExpr(productOf(side))));
}
