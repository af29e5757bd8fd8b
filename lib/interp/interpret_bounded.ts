/** The reference with a bound of the error of each element: what a right program may lose on a device. */
import { erf } from "../base/erf.ts";
import type { PrimFunc } from "../ir/func.ts";
import { outputsOf, readOnlyOf } from "../ir/parameters.ts";
import type { Shapes } from "../ir/shapes.ts";
import { ERROR_BOUNDS } from "./error_bounds.ts";
import { interchanged } from "./interchange.ts";
import { type Arrays, type NumberArray, placeArrays } from "./interpret.ts";
import { translateBounded } from "./translate_bounded.ts";

/** An output of a program, and how far a right result may be from it. */
export interface BoundedOutput {
  /** The elements, as `interpret` gives them. */
  readonly values: NumberArray;
  /**
   * The bound of each element's error, absolute: its roundings, and those of all that it is computed from. Infinity
   * where a device may come out anywhere, as with a NaN through max; NaN where the result must be NaN.
   */
  readonly bounds: Float64Array;
}

/**
 * Interprets a program as `interpret` does, without checks of indices, and bounds the error of each element. It takes
 * two to five times as long, and 8 bytes more for each element that is computed.
 *
 * @throws {IrError} for a missing input, a wrong kind of array or length, or a shape variable without a value
 */
export function interpretBounded(
  f: PrimFunc,
  inputs: Arrays,
  options: { readonly shapes?: Shapes } = {},
): Record<string, BoundedOutput> {
  const { shapes, buffers, arrays } = placeArrays(f, inputs, options.shapes);
  const given = new Set(readOnlyOf(f));
  const bounds = buffers.map((b, k) =>
    new Float64Array(given.has(b) ? 0 : (arrays[k] as NumberArray).length)
  );
  const { text, long } = translateBounded(interchanged(f), buffers, shapes);
  const last = buffers.map((b, k) => new Float64Array(long.has(b) ? (bounds[k] as Float64Array).length : 0));
  const run = new Function("buffers", "bounds", "last", "shapes", "erf", "h", text);
  run(arrays, bounds, last, f.shapeVars.map((v) => shapes[v.name]), erf, ERROR_BOUNDS);
  return Object.fromEntries(
    outputsOf(f).map((b) => {
      const k = buffers.indexOf(b);
      return [b.name, { values: arrays[k] as NumberArray, bounds: bounds[k] as Float64Array }];
    }),
  );
}
