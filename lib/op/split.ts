import { checkOptions, type Fields } from "../base/check_options.ts";
import { arrayOf, integer, positive } from "../base/option_kinds.ts";
import { constant } from "../ir/build.ts";
import type { Expr, Var } from "../ir/expr.ts";
import { printExpr } from "../ir/print.ts";
import { compute, type ShapeCondition } from "../te/compute.ts";
import type { Tensor } from "../te/tensor.ts";
import { TeError } from "../te/error.ts";
import { checkTensors, dimensionOf } from "./check_tensors.ts";
import {
  asExpr,
  equality,
  type Extent,
  extentKind,
  givenExtents,
  over,
  plus,
  productOf,
  quotient,
  times,
} from "./extents.ts";
import { RESULT, type ResultOptions } from "./kinds.ts";

/** The options of {@linkcode split}: either sections or sizes. */
export interface SplitTensorOptions extends ResultOptions {
  /** The number of parts, all of one size. */
  readonly sections?: number;
  /** The extent of each part. */
  readonly sizes?: readonly Extent[];
  /** The dimension that is split; below 0 it counts from the end. Default: 0. */
  readonly axis?: number;
}
const OPTIONS = {
  sections: positive,
  sizes: arrayOf(extentKind, { min: 1 }),
  axis: integer(),
  ...RESULT,
} satisfies Fields<SplitTensorOptions>;

/**
 * Splits a tensor along a dimension into parts (NumPy split, ONNX Split).
 *
 * @param A a tensor of any dtype
 * @returns the parts in order, of A's dtype; their names are B0, B1, … by default, or the name with numbers. Where shape
 * variables don't show that they make up A, a run with other numbers is refused
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for sections that don't divide the extent, sizes that don't add up to it, or both or none of them
 */
export function split(A: Tensor, options: SplitTensorOptions = {}): readonly Tensor[] {
  checkTensors("split", { A });
  checkOptions("op.split", options, OPTIONS);
  const { name = "B" } = options, axis = dimensionOf("split", A, options.axis ?? 0);
  const { sizes, requires } = sizesOf(A.shape[axis] as Expr, options);
  const parts: Tensor[] = [];
  let start: Expr = constant(0);
  for (const size of sizes) {
    const from = start;
    const value = (...at: readonly Var[]) =>
      A.at(...(at as readonly Expr[]).with(axis, plus(at[axis] as Var, from)));
    parts.push(compute(`${name}${parts.length}`, A.shape.with(axis, size), value, { requires }));
    start = plus(start, size);
  }
  return parts;
}

interface Sizes {
  readonly sizes: readonly Expr[];
  readonly requires: readonly ShapeCondition[];
}

function sizesOf(extent: Expr, { sections, sizes }: SplitTensorOptions): Sizes {
  if ((sections === undefined) === (sizes === undefined)) {
    throw new TeError(
      `expected either sections or sizes, got ${sections === undefined ? "neither" : "both"}, in split`,
    );
  }
  if (sizes) {
    const given = givenExtents("split", "sizes", sizes), total = given.reduce((a, b) => plus(a, b));
    if (total.kind === "const" && extent.kind === "const" && total.value !== extent.value) {
      throw new TeError(`expected sizes that add up to ${extent.value}, got ${total.value}, in split`);
    }
    return { sizes: given, requires: equality(extent, total, "the parts of split make up the tensor") };
  }
  const count = sections as number;
  const exact = quotient(productOf([extent]), { count, factors: [] });
  if (!exact && extent.kind === "const") {
    throw new TeError(`expected sections that divide ${printExpr(extent)}, got ${count}, in split`);
  }
  const size = exact ? asExpr(exact) : over(extent, count);
  const because = `split makes ${count} equal parts`;
  return {
    sizes: Array.from({ length: count }, () => size),
    requires: exact ? [] : [{ value: extent, atMost: times(size, count), because }],
  };
}
