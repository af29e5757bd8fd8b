import { checkArgument, checkOptions, type Fields } from "../base/check_options.ts";
import { passing } from "../base/option_kinds.ts";
import type { ScalarType } from "../ir/dtype.ts";
import { compute } from "../te/compute.ts";
import type { Tensor } from "../te/tensor.ts";
import { constantOf } from "./constant_of.ts";
import { type Extent, givenExtents } from "./extents.ts";
import { RESULT, type ResultOptions, scalarType } from "./kinds.ts";

/** The options of {@linkcode full}. */
export interface FullOptions extends ResultOptions {
  /** The dtype of the result. Default: f32. */
  readonly dtype?: ScalarType;
}
const OPTIONS = { dtype: scalarType, ...RESULT } satisfies Fields<FullOptions>;

/**
 * Makes a tensor whose elements are all one number (NumPy full, ONNX ConstantOfShape).
 *
 * @param shape the extents of the result
 * @param value the number; 0 or 1 for bool
 * @returns B; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a number that the dtype doesn't have
 */
export function full(shape: readonly Extent[], value: number, options: FullOptions = {}): Tensor {
  const extents = givenExtents("full", "shape", shape);
  checkArgument("op.full", "value", value, passing("a number", (x) => typeof x === "number"));
  checkOptions("op.full", options, OPTIONS);
  const element = constantOf("full", "value", value, options.dtype ?? "f32");
  return compute(options.name ?? "B", extents, () => element);
}
