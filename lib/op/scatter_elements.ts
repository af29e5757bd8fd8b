import { checkOptions, type Fields } from "../base/check_options.ts";
import { integer } from "../base/option_kinds.ts";
import { min, sub } from "../ir/build.ts";
import { equalExpr } from "../ir/equal.ts";
import type { Expr } from "../ir/expr.ts";
import { TeError } from "../te/error.ts";
import type { Tensor } from "../te/tensor.ts";
import { checkShape, checkTensors, checkTypes, dimensionOf, shownShape } from "./check_tensors.ts";
import { SCATTER, scattered, type ScatterOptions } from "./scattered.ts";

/** The options of {@linkcode scatterElements}. */
export interface ScatterElementsOptions extends ScatterOptions {
  /** The dimension of A that the indices are positions of; below 0 it counts from the end. Default: 0. */
  readonly axis?: number;
}
const OPTIONS = { axis: integer(), ...SCATTER } satisfies Fields<ScatterElementsOptions>;

/**
 * Writes an update for each index, to the index's own place in all other dimensions: with axis 1,
 * `B[i, indices[i, j, k], k] = updates[i, j, k]`, and A elsewhere (ONNX ScatterElements). An update outside of A is left out.
 * The time is that of A's elements and the updates. Of a sum or product of floats the last bits may differ from run to run: its
 * terms are added in any order.
 *
 * @param A a tensor of any dtype; of numbers with a reduction
 * @param indices positions along the dimension, i32, of A's rank and in the other dimensions no larger than A
 * @param updates of A's dtype and indices' shape
 * @returns B, of A's dtype and shape; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for tensors that don't fit together, or a dimension that A doesn't have
 */
export function scatterElements(
  A: Tensor,
  indices: Tensor,
  updates: Tensor,
  options: ScatterElementsOptions = {},
): Tensor {
  checkTensors("scatterElements", { A, indices, updates });
  checkOptions("op.scatterElements", options, OPTIONS);
  checkTypes("scatterElements", { indices }, "i32");
  checkTypes("scatterElements", { updates }, A.dtype);
  checkShape("scatterElements", "updates", updates, indices.shape, "to match indices");
  const { axis: given = 0, ...others } = options, axis = dimensionOf("scatterElements", A, given);
  checkWithin(A, indices, axis);
  return scattered(A, {
    over: indices.shape,
    rank: A.shape.length,
    indices: (u) => u.with(axis, indices.at(...u)),
    value: (u) => updates.at(...u),
    number: (u) => u[axis] as Expr,
    // An element beyond the indices' shape has no update, and then any place will do.
    numbered: (k, at) => at.map((x, d) => d === axis ? k : min(x, sub(indices.shape[d] as Expr, 1))),
  }, others);
}

function checkWithin(A: Tensor, indices: Tensor, axis: number): void {
  const fits = indices.shape.length === A.shape.length && indices.shape.every((x, d) => {
    const y = A.shape[d] as Expr;
    if (d === axis || equalExpr(x, y)) return true;
    return x.kind === "const" && (x.value === 1 || (y.kind === "const" && x.value <= y.value));
  });
  if (fits) return;
  throw new TeError(
    `expected indices of a shape within A's ${shownShape(A.shape)} in all dimensions except ${axis}, got ` +
      `${shownShape(indices.shape)}, in scatterElements`,
  );
}
