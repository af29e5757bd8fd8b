import { checkOptions } from "../base/check_options.ts";
import { isConst } from "../ir/build.ts";
import type { Expr } from "../ir/expr.ts";
import { compute } from "../te/compute.ts";
import type { Tensor } from "../te/tensor.ts";
import { TeError } from "../te/error.ts";
import { elementFor } from "./broadcast.ts";
import { checkTensors, shownShape } from "./check_tensors.ts";
import { type Extent, givenExtents, isEqual } from "./extents.ts";
import { RESULT, type ResultOptions } from "./kinds.ts";

/**
 * Repeats a tensor to a shape: dimensions are aligned at the last one, and an extent of 1 is repeated (NumPy
 * broadcast_to).
 *
 * @param A a tensor of any dtype
 * @param shape the extents of the result
 * @returns B, of A's dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a shape that A doesn't fit
 */
export function broadcastTo(A: Tensor, shape: readonly Extent[], options: ResultOptions = {}): Tensor {
  checkTensors("broadcastTo", { A });
  const extents = givenExtents("broadcastTo", "shape", shape);
  checkOptions("op.broadcastTo", options, RESULT);
  const first = extents.length - A.shape.length;
  const fits = first >= 0 &&
    A.shape.every((d, k) => isConst(d, 1) || isEqual(d, extents[first + k] as Expr));
  if (!fits) {
    throw new TeError(
      `expected a shape that A's ${shownShape(A.shape)} fits, got ${
        shownShape(extents)
      }, in broadcastTo: from the ` +
        `last dimension on, extents are equal or A's is 1`,
    );
  }
  return compute(options.name ?? "B", extents, (...at) => elementFor(A, extents, at));
}
