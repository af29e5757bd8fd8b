import { checkOptions, type Fields } from "../base/check_options.ts";
import { count } from "../base/option_kinds.ts";
import type { Expr } from "../ir/expr.ts";
import { compute } from "../te/compute.ts";
import type { Tensor } from "../te/tensor.ts";
import { TeError } from "../te/error.ts";
import { checkTensors, checkTypes, constantExtent, lastOf, shownShape } from "./check_tensors.ts";
import { elementAt } from "./element_at.ts";
import { equality } from "./extents.ts";
import { INDEX, type IndexOptions, nearestIndex } from "./indices.ts";

/** The options of {@linkcode gatherND}. */
export interface GatherNDOptions extends IndexOptions {
  /** The number of leading dimensions that A and indices have in common. Default: 0. */
  readonly batchDims?: number;
}
const OPTIONS = { batchDims: count, ...INDEX } satisfies Fields<GatherNDOptions>;

/**
 * Takes slices of a tensor at positions in several dimensions: `B[…, k] = A[indices[…, 0], indices[…, 1], k]` (ONNX
 * GatherND). An index outside of its dimension is taken to the nearest inside.
 *
 * @param A a tensor of any dtype
 * @param indices positions, i32[..., r]: r indices along A's first dimensions after the batch
 * @returns B, of A's dtype: indices' shape without the last dimension, and what the indices leave of A's; its name is B by
 * default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for indices of another dtype, more of them than A has dimensions, or another batch
 */
export function gatherND(A: Tensor, indices: Tensor, options: GatherNDOptions = {}): Tensor {
  checkTensors("gatherND", { A, indices });
  checkOptions("op.gatherND", options, OPTIONS);
  checkTypes("gatherND", { indices }, "i32");
  const { batchDims = 0, negative = false, name = "B" } = options;
  const { lead } = lastOf("gatherND", "indices", indices, 1, "[…, r]");
  const r = constantExtent("gatherND", "indices", indices, lead.length);
  const batch = A.shape.slice(0, batchDims), rest = A.shape.slice(batchDims + r);
  const sameBatch = batch.every((x, d) => {
    const y = lead[d];
    return y !== undefined && (x.kind !== "const" || y.kind !== "const" || x.value === y.value);
  });
  if (batchDims + r > A.shape.length || batch.length < batchDims || !sameBatch) {
    throw new TeError(
      `expected A with ${r} dimensions after a batch of ${batchDims} that indices ${
        shownShape(indices.shape)
      } have ` +
        `too, got ${shownShape(A.shape)}, in gatherND`,
    );
  }
  const requires = batch.flatMap((x, d) =>
    equality(x, lead[d] as Expr, "the tensors of gatherND have one batch")
  );
  return compute(name, [...lead, ...rest], (...at) => {
    const place = at.slice(0, lead.length);
    const along = Array.from(
      { length: r },
      (_, k) => nearestIndex(indices.at(...place, k), A.shape[batchDims + k] as Expr, negative),
    );
    return elementAt(A, ...at.slice(0, batchDims), ...along, ...at.slice(lead.length));
  }, { requires });
}
