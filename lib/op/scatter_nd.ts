import { checkOptions } from "../base/check_options.ts";
import { add, constant, floorDiv, floorMod, mul } from "../ir/build.ts";
import type { Expr } from "../ir/expr.ts";
import { TeError } from "../te/error.ts";
import type { Tensor } from "../te/tensor.ts";
import { checkShape, checkTensors, checkTypes, constantExtent, lastOf, shownShape } from "./check_tensors.ts";
import { SCATTER, scattered, type ScatterOptions } from "./scattered.ts";

/**
 * Writes slices to positions in several dimensions: `B[indices[…, 0], indices[…, 1], k] = updates[…, k]`, and A elsewhere (ONNX
 * ScatterND). An update outside of A is left out. The time is that of A's elements and the updates. Of a sum or product of floats the last bits may
 * differ from run to run: its terms are added in any order.
 *
 * @param A a tensor of any dtype; of numbers with a reduction
 * @param indices positions, i32[..., r]: r indices along A's first dimensions
 * @param updates of A's dtype: indices' shape without the last dimension, and what the indices leave of A's
 * @returns B, of A's dtype and shape; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for tensors that don't fit together
 */
export function scatterND(A: Tensor, indices: Tensor, updates: Tensor, options: ScatterOptions = {}): Tensor {
  checkTensors("scatterND", { A, indices, updates });
  checkOptions("op.scatterND", options, SCATTER);
  checkTypes("scatterND", { indices }, "i32");
  checkTypes("scatterND", { updates }, A.dtype);
  const { lead } = lastOf("scatterND", "indices", indices, 1, "[…, r]");
  const r = constantExtent("scatterND", "indices", indices, lead.length);
  if (r > A.shape.length) {
    throw new TeError(
      `expected indices of up to ${A.shape.length} dimensions of A's ${
        shownShape(A.shape)
      }, got ${r}, in scatterND`,
    );
  }
  checkShape("scatterND", "updates", updates, [...lead, ...A.shape.slice(r)], "to match indices and A");
  return scattered(A, {
    over: lead,
    rank: r,
    indices: (u) => Array.from({ length: r }, (_, d) => indices.at(...u, d)),
    value: (u, rest) => updates.at(...u, ...rest),
    number: (u) => u.reduce((n, x, d) => add(mul(n, lead[d] as Expr), x), constant(0)),
    numbered: (k) => digitsOf(k, lead),
  }, options);
}

/** The position that a number has in row-major order. */
function digitsOf(number: Expr, shape: readonly Expr[]): readonly Expr[] {
  const digits: Expr[] = [];
  let rest = number;
  for (let d = shape.length - 1; d >= 0; d--) {
    const extent = shape[d] as Expr;
    digits.unshift(d === 0 ? rest : floorMod(rest, extent));
    rest = floorDiv(rest, extent);
  }
  return digits;
}
