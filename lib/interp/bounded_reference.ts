/**
 * The reference of a program as the text of a JavaScript function. A host that evaluates no text, as a page under a strict
 * policy, gets the function as a script.
 */
import { erf } from "../base/erf.ts";
import type { PrimFunc } from "../ir/func.ts";
import { outputsOf, readOnlyOf } from "../ir/parameters.ts";
import type { Shapes } from "../ir/shapes.ts";
import { ERROR_BOUNDS } from "./error_bounds.ts";
import { interchanged } from "./interchange.ts";
import { type Arrays, type NumberArray, placeArrays } from "./place_arrays.ts";
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

/** The parameters of the function, in order. */
export const REFERENCE_PARAMETERS = ["buffers", "bounds", "last", "shapes", "erf", "h"] as const;

/** The function of a reference. */
export type ReferenceFunction = (
  buffers: readonly NumberArray[],
  bounds: readonly Float64Array[],
  last: readonly Float64Array[],
  shapes: readonly (number | undefined)[],
  erf: (x: number) => number,
  h: typeof ERROR_BOUNDS,
) => void;

/** The reference of a program at given shapes. */
export interface BoundedReference<Body> {
  /** The body of the function as text, or the function. */
  readonly body: Body;
  /** The buffers, by position, with a sum so long that it takes an array of its last terms. */
  readonly long: readonly number[];
}

/** Writes the reference of a program whose shape variables have these values. */
export function boundedReference(f: PrimFunc, shapes: Shapes): BoundedReference<string> {
  const buffers = [...f.params, ...f.allocs];
  const { text, long } = translateBounded(interchanged(f), buffers, shapes);
  return { body: text, long: buffers.flatMap((b, k) => long.has(b) ? [k] : []) };
}

/**
 * Runs the reference of a program on inputs.
 *
 * @throws {IrError} for a missing input, a wrong kind of array or length, or a shape variable without a value
 */
export function runReference(
  f: PrimFunc,
  inputs: Arrays,
  given: Shapes | undefined,
  { body, long }: BoundedReference<ReferenceFunction>,
): Record<string, BoundedOutput> {
  const { shapes, buffers, arrays } = placeArrays(f, inputs, given);
  const readOnly = new Set(readOnlyOf(f));
  const lengthOf = (k: number) => (arrays[k] as NumberArray).length;
  const bounds = buffers.map((b, k) => new Float64Array(readOnly.has(b) ? 0 : lengthOf(k)));
  const last = buffers.map((_, k) => new Float64Array(long.includes(k) ? lengthOf(k) : 0));
  body(arrays, bounds, last, f.shapeVars.map((v) => shapes[v.name]), erf, ERROR_BOUNDS);
  return Object.fromEntries(
    outputsOf(f).map((b) => {
      const k = buffers.indexOf(b);
      return [b.name, { values: arrays[k] as NumberArray, bounds: bounds[k] as Float64Array }];
    }),
  );
}
