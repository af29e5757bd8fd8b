/**
 * Executes a program by its definition: statements in order, every loop serial, floats in doubles. Schedules and kernels
 * are checked against it, so it shares no code with lowering or printing. For speed it translates the program to one
 * JavaScript function.
 */
import { TOO_DEEP, withinStack } from "../base/within_stack.ts";
import { erf } from "../base/erf.ts";
import { IrError } from "../ir/error.ts";
import type { PrimFunc } from "../ir/func.ts";
import { interchanged } from "./interchange.ts";
import { outputsOf } from "../ir/parameters.ts";
import { countElements, type Shapes } from "../ir/shapes.ts";
import { type Arrays, type NumberArray, placeArrays } from "./place_arrays.ts";
import { translate } from "./translate.ts";
import { programKind, shapesKind } from "../ir/kinds.ts";
import { checkArgument, checkOptions, type Fields, isPlainObject, type Kind } from "../base/check_options.ts";
import { flag, passing } from "../base/option_kinds.ts";

export type { Shapes };
export type { Arrays, NumberArray } from "./place_arrays.ts";

/** Options of `interpret`. */
export interface InterpretOptions {
  /** Shape variables that do not follow from the inputs' lengths. */
  readonly shapes?: Shapes;
  /**
   * Throw if an index is outside its buffer, or an axis outside its extent. Default true. The checks make the run two
   * to four times slower.
   */
  readonly check?: boolean;
}

const arraysKind: Kind<Arrays> = passing("an object with an array for each input", isPlainObject);

const INTERPRET_FIELDS = {
  shapes: shapesKind,
  check: flag,
} satisfies Fields<InterpretOptions>;

/**
 * Interprets a program: the reference for what it computes. Outputs come by parameter name, floats as Float64Array,
 * booleans as a Uint32Array of 0 and 1, and bytes as an Int8Array or Uint8Array. Buffers other than inputs start as NaN (integers as zero). A float that is read
 * before it is written therefore shows. An array that the program updates in place is copied first.
 *
 * @throws {OptionError} for an argument of a wrong kind
 * @throws {IrError} for a missing input, a wrong kind of array or length, a shape variable without a value,
 * or (with `check`) an index out of range
 */
export function interpret(
  f: PrimFunc,
  inputs: Arrays,
  options: InterpretOptions = {},
): Record<string, NumberArray> {
  checkArgument("interpret", "func", f, programKind);
  checkArgument("interpret", "inputs", inputs, arraysKind);
  checkOptions("interpret", options, INTERPRET_FIELDS);
  const { shapes, buffers, arrays } = placeArrays(f, inputs, options.shapes);
  const outOfRange = (buffer: number, dimension: number, index: number): never => {
    const b = buffers[buffer];
    throw new IrError(
      `${f.name}: index ${index} is out of dimension ${dimension} of ${b?.name}, which has ${
        countElements(b?.shape.slice(dimension, dimension + 1) ?? [], shapes)
      } elements`,
    );
  };
  const outOfExtent = (axis: string, value: number): never => {
    throw new IrError(`${f.name}: axis ${axis} takes the value ${value}, which is out of its extent`);
  };
  const { run, axes } = withinStack(() => {
    const { text, axes } = translate(interchanged(f), buffers, options.check ?? true);
    return { run: new Function("buffers", "shapes", "erf", "outOfRange", "outOfExtent", text), axes };
  }, () => new IrError(`cannot interpret ${f.name}: ${TOO_DEEP}`));
  run(
    arrays,
    f.shapeVars.map((v) => shapes[v.name]),
    erf,
    outOfRange,
    (axis: number, value: number) => outOfExtent(axes[axis]?.name ?? "", value),
  );
  return Object.fromEntries(outputsOf(f).map((b) => [b.name, arrays[buffers.indexOf(b)] as NumberArray]));
}
