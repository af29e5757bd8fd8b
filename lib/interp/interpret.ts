/**
 * Executes a program by its definition: statements in order, every loop serial, floats in doubles. Schedules and kernels
 * are checked against it, so it shares no code with lowering or printing. For speed it translates the program to one
 * JavaScript function.
 */
import { shownValue } from "../base/shown_value.ts";
import { ownValue } from "../base/own_value.ts";
import { TOO_DEEP, withinStack } from "../base/within_stack.ts";
import { isFloat, type ScalarType } from "../ir/dtype.ts";
import { erf } from "../base/erf.ts";
import { IrError } from "../ir/error.ts";
import type { Buffer } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { interchanged } from "./interchange.ts";
import { inputsOf, isInPlace, outputsOf } from "../ir/parameters.ts";
import { countElements, type Shapes, solveShapes } from "../ir/shapes.ts";
import { translate } from "./translate.ts";
import { programKind, shapesKind } from "../ir/kinds.ts";
import { checkArgument, checkOptions, type Fields, isPlainObject, type Kind } from "../base/check_options.ts";
import { flag, passing } from "../base/option_kinds.ts";

export type { Shapes };
/** The typed arrays that the interpreter takes and returns. */
export type NumberArray = Float32Array | Float16Array | Float64Array | Int32Array | Uint32Array;
/** Arrays by parameter name, row-major. */
export type Arrays = Readonly<Record<string, NumberArray>>;

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
 * booleans as a Uint32Array of 0 and 1. Buffers other than inputs start as NaN (integers as zero). A float that is read
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

/** The arrays of a program that runs: the inputs, and poison for all else. */
export interface Placed {
  /** The values of the shape variables. */
  readonly shapes: Shapes;
  /** The parameters and the allocations. */
  readonly buffers: readonly Buffer[];
  /** An array for each of `buffers`. */
  readonly arrays: readonly NumberArray[];
}

/**
 * Makes the arrays of a program.
 *
 * @throws {IrError} as {@linkcode interpret} does for its inputs
 */
export function placeArrays(f: PrimFunc, inputs: Arrays, given: Shapes | undefined): Placed {
  const data = new Map(inputsOf(f).map((b) => [b, inputOf(f, b, inputs)]));
  const shapes = solveShapes(f, (name) => ownValue(inputs, name)?.length, given);
  const buffers = [...f.params, ...f.allocs];
  const arrays = buffers.map((b) => {
    const size = countElements(b.shape, shapes);
    const array = data.get(b);
    if (!array) return poisoned(b.dtype, size);
    if (array.length === size) return isInPlace(f, b) ? copyOf(array) : array;
    throw new IrError(
      `expected ${size} elements of input ${b.name}, as its shape takes, got ${array.length}, interpreting ${f.name}`,
    );
  });
  return { shapes, buffers, arrays };
}

function inputOf(f: PrimFunc, b: Buffer, inputs: Arrays): NumberArray {
  const array: unknown = ownValue(inputs, b.name);
  if (array === undefined) {
    const takes = inputsOf(f).map((x) => x.name).join(", ");
    throw new IrError(`expected input ${b.name}, got nothing, interpreting ${f.name}; it takes ${takes}`);
  }
  const fits = KINDS[b.dtype].find((kind) => array instanceof kind);
  if (fits) return array as NumberArray;
  const wanted = KINDS[b.dtype].map((kind) => kind.name).join(" or ");
  throw new IrError(
    `expected input ${b.name} of ${b.dtype} as a ${wanted}, got ${shownValue(array)}, interpreting ${f.name}`,
  );
}

const FLOATS = [Float32Array, Float16Array, Float64Array] as const;
const KINDS: Readonly<Record<ScalarType, readonly { new (size: number): NumberArray }[]>> = {
  f32: FLOATS,
  f16: FLOATS,
  i32: [Int32Array],
  u32: [Uint32Array],
  bool: [Uint32Array],
};

/** A copy of an array, floats as doubles. */
function copyOf(array: NumberArray): NumberArray {
  return array instanceof Int32Array || array instanceof Uint32Array
    ? array.slice()
    : Float64Array.from(array);
}

function poisoned(dtype: ScalarType, size: number): NumberArray {
  if (isFloat(dtype)) return new Float64Array(size).fill(NaN);
  return dtype === "i32" ? new Int32Array(size) : new Uint32Array(size);
}
