/** The reference with a bound of the error of each element: what a right program may lose on a device. */
import { ownValue } from "../base/own_value.ts";
import type { PrimFunc } from "../ir/func.ts";
import { type Shapes, solveShapes } from "../ir/shapes.ts";
import {
  type BoundedOutput,
  boundedReference,
  REFERENCE_PARAMETERS,
  type ReferenceFunction,
  runReference,
} from "./bounded_reference.ts";
import type { Arrays } from "./place_arrays.ts";

export type { BoundedOutput };

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
  const shapes = solveShapes(f, (name) => ownValue(inputs, name)?.length, options.shapes);
  const { body, long } = boundedReference(f, shapes);
  const run = new Function(...REFERENCE_PARAMETERS, body) as ReferenceFunction;
  return runReference(f, inputs, shapes, { body: run, long });
}
