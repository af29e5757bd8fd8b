import { checkArgument, checkOptions } from "../base/check_options.ts";
import { arrayOf, positive } from "../base/option_kinds.ts";
import { constant, floorMod, isConst } from "../ir/build.ts";
import type { Expr, Var } from "../ir/expr.ts";
import { compute } from "../te/compute.ts";
import type { Tensor } from "../te/tensor.ts";
import { checkTensors } from "./check_tensors.ts";
import { times } from "./extents.ts";
import { RESULT, type ResultOptions } from "./kinds.ts";

/**
 * Repeats a tensor along its dimensions: 1, 2 becomes 1, 2, 1, 2 (NumPy tile). Dimensions and repeats are aligned at the
 * last one.
 *
 * @param A a tensor of any dtype
 * @param repeats how often the tensor stands along each dimension; missing ones are 1, further ones add dimensions
 * @returns B, of A's dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 */
export function tile(A: Tensor, repeats: readonly number[], options: ResultOptions = {}): Tensor {
  checkTensors("tile", { A });
  checkArgument("op.tile", "repeats", repeats, arrayOf(positive));
  checkOptions("op.tile", options, RESULT);
  const rank = Math.max(A.shape.length, repeats.length), first = rank - A.shape.length;
  const shape = Array.from({ length: rank }, (_, d): Expr => {
    const own = A.shape[d - first] ?? constant(1);
    return times(own, repeats[d - rank + repeats.length] ?? 1);
  });
  return compute(options.name ?? "B", shape, (...at) =>
    A.at(...A.shape.map((extent, k) => {
      const i = at[k + first] as Var, count = repeats[k - A.shape.length + repeats.length] ?? 1;
      return count === 1 ? i : isConst(extent, 1) ? constant(0) : floorMod(i, extent);
    })));
}
