import { checkOptions } from "../base/check_options.ts";
import type { Expr } from "../ir/expr.ts";
import { compute, type ShapeCondition } from "../te/compute.ts";
import type { Tensor } from "../te/tensor.ts";
import { TeError } from "../te/error.ts";
import { checkTensors, checkTypes, dimensionOf, shownShape } from "./check_tensors.ts";
import { elementAt } from "./element_at.ts";
import { isEqual } from "./extents.ts";
import { GATHER, type GatherOptions } from "./gather.ts";
import { nearestIndex } from "./indices.ts";

/**
 * Takes an element for each index, from the index's own place in all other dimensions: with axis 1,
 * `B[i, j, k] = A[i, indices[i, j, k], k]` (NumPy take_along_axis, ONNX GatherElements). An index outside of the dimension
 * is taken to the nearest inside.
 *
 * @param A a tensor of any dtype
 * @param indices positions along the dimension, i32, of A's rank and in the other dimensions no larger than A
 * @returns B, of A's dtype and indices' shape; its name is B by default. Where shape variables don't show that A is large
 * enough, a run in which it isn't is refused
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for indices of another dtype or a larger shape, or a dimension that A doesn't have
 */
export function gatherElements(A: Tensor, indices: Tensor, options: GatherOptions = {}): Tensor {
  checkTensors("gatherElements", { A, indices });
  checkOptions("op.gatherElements", options, GATHER);
  checkTypes("gatherElements", { indices }, "i32");
  const { negative = false, name = "B" } = options,
    axis = dimensionOf("gatherElements", A, options.axis ?? 0);
  const extent = A.shape[axis] as Expr;
  return compute(name, indices.shape, (...at) => {
    const index = nearestIndex(indices.at(...at), extent, negative);
    return elementAt(A, ...(at as readonly Expr[]).with(axis, index));
  }, { requires: fitting(A, indices, axis) });
}

function fitting(A: Tensor, indices: Tensor, axis: number): readonly ShapeCondition[] {
  const own = indices.shape, because = "gatherElements has an element for each index";
  const fits = own.length === A.shape.length && own.every((x, d) => {
    const y = A.shape[d] as Expr;
    return d === axis || x.kind !== "const" || y.kind !== "const" || x.value <= y.value;
  });
  if (!fits) {
    throw new TeError(
      `expected indices of a shape within A's ${shownShape(A.shape)} in all dimensions except ${axis}, got ` +
        `${shownShape(own)}, in gatherElements`,
    );
  }
  return own.flatMap((x, d): readonly ShapeCondition[] => {
    const y = A.shape[d] as Expr, known = x.kind === "const" && (y.kind === "const" || x.value === 1);
    return d === axis || known || isEqual(x, y) ? [] : [{ value: x, atMost: y, because }];
  });
}
