import { checkOptions, type Fields } from "../base/check_options.ts";
import { flag, integer, passing, required, tupleOf } from "../base/option_kinds.ts";
import { eq, select } from "../ir/build.ts";
import type { ScalarType } from "../ir/dtype.ts";
import type { Expr, Var } from "../ir/expr.ts";
import { compute } from "../te/compute.ts";
import type { Tensor } from "../te/tensor.ts";
import { resultDimensions } from "./axes.ts";
import { checkTensors, checkTypes } from "./check_tensors.ts";
import { constantOf } from "./constant_of.ts";
import { type Extent, extentKind, givenExtents } from "./extents.ts";
import { fromEnd } from "./indices.ts";
import { RESULT, type ResultOptions, scalarType } from "./kinds.ts";

/** The options of {@linkcode oneHot}. */
export interface OneHotOptions extends ResultOptions {
  /** The number of classes. */
  readonly depth: Extent;
  /** The result's dimension of the classes; below 0 it counts from its end. Default: -1. */
  readonly axis?: number;
  /** What the other classes have, and what the index's class has. Default: [0, 1]. */
  readonly values?: readonly [off: number, on: number];
  /** The dtype of the result. Default: f32. */
  readonly dtype?: ScalarType;
  /** Indices below 0 count from the end (ONNX OneHot). Default: false. */
  readonly negative?: boolean;
}
const anyNumber = passing<number>("a number", (x) => typeof x === "number");
const OPTIONS = {
  depth: required(extentKind),
  axis: integer(),
  values: tupleOf(anyNumber, anyNumber),
  dtype: scalarType,
  negative: flag,
  ...RESULT,
} satisfies Fields<OneHotOptions>;

/**
 * Marks the class of each index: along the new dimension, the element at the index is 1, and all others are 0. An index
 * outside of the classes has no element that is marked.
 *
 * @param indices the classes, i32 of any shape
 * @returns B, of indices' shape with the classes' dimension; its name is B by default
 * @throws {OptionError} for an option that doesn't exist, is missing or can't have its value
 * @throws {TeError} for indices of another dtype, or values that the dtype doesn't have
 */
export function oneHot(indices: Tensor, options: OneHotOptions): Tensor {
  checkTensors("oneHot", { indices });
  checkOptions("op.oneHot", options, OPTIONS);
  checkTypes("oneHot", { indices }, "i32");
  const { dtype = "f32", values = [0, 1], negative = false, name = "B" } = options;
  const [off, on] = values.map((v, k) => constantOf("oneHot", `values[${k}]`, v, dtype)) as [Expr, Expr];
  const depth = givenExtents("oneHot", "depth", [options.depth])[0] as Expr;
  const [axis] = resultDimensions("oneHot", indices.shape.length + 1, options.axis ?? -1) as [number];
  return compute(name, indices.shape.toSpliced(axis, 0, depth), (...at) => {
    const index = indices.at(...at.toSpliced(axis, 1));
    return select(eq(negative ? fromEnd(index, depth) : index, at[axis] as Var), on, off);
  });
}
