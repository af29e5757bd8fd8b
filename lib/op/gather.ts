import { checkOptions, type Fields } from "../base/check_options.ts";
import { integer } from "../base/option_kinds.ts";
import type { Expr } from "../ir/expr.ts";
import { compute } from "../te/compute.ts";
import type { Tensor } from "../te/tensor.ts";
import { checkTensors, checkTypes, dimensionOf } from "./check_tensors.ts";
import { elementAt } from "./element_at.ts";
import { INDEX, type IndexOptions, nearestIndex } from "./indices.ts";

/** The options of {@linkcode gather}. */
export interface GatherOptions extends IndexOptions {
  /** The dimension of A that the indices are positions of; below 0 it counts from the end. Default: 0. */
  readonly axis?: number;
}
/** The kinds of {@linkcode GatherOptions}. */
export const GATHER = { axis: integer(), ...INDEX } satisfies Fields<GatherOptions>;

/**
 * Takes slices of a tensor along a dimension: with axis 1, `B[i, …, k] = A[i, indices[…], k]` (NumPy and Relax take, ONNX
 * Gather). An index outside of the dimension is taken to the nearest inside. A tensor that is computed element by element
 * is computed at those positions only.
 *
 * @param A a tensor of any dtype
 * @param indices positions along the dimension, i32 of any shape. A placeholder's domain `{ below: extent }` says that
 * they lie inside
 * @returns B, of A's dtype and shape, with indices' shape in the dimension's place; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for indices of another dtype, or a dimension that A doesn't have
 */
export function gather(A: Tensor, indices: Tensor, options: GatherOptions = {}): Tensor {
  checkTensors("gather", { A, indices });
  checkOptions("op.gather", options, GATHER);
  checkTypes("gather", { indices }, "i32");
  const { negative = false, name = "B" } = options, axis = dimensionOf("gather", A, options.axis ?? 0);
  const rank = indices.shape.length, extent = A.shape[axis] as Expr;
  return compute(name, A.shape.toSpliced(axis, 1, ...indices.shape), (...at) => {
    const index = nearestIndex(indices.at(...at.slice(axis, axis + rank)), extent, negative);
    return elementAt(A, ...at.slice(0, axis), index, ...at.slice(axis + rank));
  });
}
