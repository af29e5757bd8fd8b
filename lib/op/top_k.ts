import { checkArgument, checkOptions, type Fields } from "../base/check_options.ts";
import { flag, integer } from "../base/option_kinds.ts";
import { constant } from "../ir/build.ts";
import type { ScalarType } from "../ir/dtype.ts";
import type { Expr } from "../ir/expr.ts";
import { compute } from "../te/compute.ts";
import { extent } from "../te/dimension.ts";
import { TeError } from "../te/error.ts";
import type { Tensor } from "../te/tensor.ts";
import { checkTensors, checkTypes, dimensionOf } from "./check_tensors.ts";
import { RESULT, type ResultOptions } from "./kinds.ts";
import { firstPositions, keysOf } from "./ranks.ts";
import { NUMBERS } from "./reduce_by.ts";

/** The options of {@linkcode topK}. */
export interface TopKOptions extends ResultOptions {
  /** The dimension along which elements are found; below 0 it counts from the end. Default: -1, the last one. */
  readonly axis?: number;
  /** Whether the largest elements are found, and not the smallest. Default: true. */
  readonly largest?: boolean;
}
const OPTIONS = { axis: integer(), largest: flag, ...RESULT } satisfies Fields<TopKOptions>;

/** The results of {@linkcode topK}. */
export interface TopKResult {
  /** The elements, the first one at position 0. */
  readonly values: Tensor;
  /** Their positions along the dimension, of i32. */
  readonly indices: Tensor;
}

/**
 * Finds the k largest elements along a dimension of a tensor, in order, with their positions (ONNX TopK). Of equal
 * elements the first come first; NaN comes last. A dimension of n elements costs n² comparisons up to 1,024. A longer one
 * is cut into chunks of some 4·k, whose first elements are compared again.
 *
 * @param A a tensor of f32, f16, i32 or u32 with at least one dimension
 * @param k the number of elements, up to the extent of the dimension
 * @returns values, named B by default, and indices, named B_indices: of A's shape, with k in place of the dimension
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype, or a dimension that it doesn't have or that is shorter than k
 */
export function topK(A: Tensor, k: number, options: TopKOptions = {}): TopKResult {
  checkTensors("topK", { A });
  checkArgument("op.topK", "k", k, extent);
  checkOptions("op.topK", options, OPTIONS);
  checkTypes("topK", { A }, ...NUMBERS);
  const { name = "B", largest = true } = options, first = largest ? "max" : "min";
  const axis = dimensionOf("topK", A, options.axis ?? -1), columns = A.shape[axis] as Expr;
  if (columns.kind === "const" && columns.value < k) {
    throw new TeError(
      `expected k up to ${columns.value}, the extent of dimension ${axis} of A, got ${k}, in topK`,
    );
  }
  const isLong = {
    value: constant(k),
    atMost: columns,
    because: `because op.topK takes ${k} elements of it`,
  };
  const requires = columns.kind === "const" ? [] : [isLong];
  const isLast = axis === A.shape.length - 1, own = `${name}_indices`;
  const found = firstPositions(
    isLast ? own : `${name}_from`,
    keysOf(A, axis, first),
    k,
    first,
    A.dtype as ScalarType,
    { requires },
  );
  const place = (at: readonly Expr[]) => found.at(...at.toSpliced(axis, 1), at[axis] as Expr);
  const shape = A.shape.with(axis, constant(k));
  return {
    values: compute(name, shape, (...at: readonly Expr[]) => A.at(...at.with(axis, place(at))), { requires }),
    indices: isLast ? found : compute(own, shape, (...at) => place(at), { requires }),
  };
}
