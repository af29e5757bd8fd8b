/** The arrays of a program that is interpreted. */
import { ownValue } from "../base/own_value.ts";
import { shownValue } from "../base/shown_value.ts";
import { isFloat, type StorageType } from "../ir/dtype.ts";
import { floatsOfBf16, storageOf } from "../ir/stored.ts";
import { IrError } from "../ir/error.ts";
import type { Buffer } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { inputsOf, isInPlace } from "../ir/parameters.ts";
import { countElements, type Shapes, solveShapes } from "../ir/shapes.ts";

/** The typed arrays that the interpreter takes and returns. */
export type NumberArray =
  | Float32Array
  | Float16Array
  | Float64Array
  | Int32Array
  | Uint32Array
  | Int8Array
  | Uint8Array
  | Uint16Array;
/** Arrays by parameter name, row-major. */
export type Arrays = Readonly<Record<string, NumberArray>>;

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
    if (!array) return poisoned(b, size);
    const isBits = b.stored === "bf16" && array instanceof Uint16Array;
    if (array.length === size) return isBits ? floatsOfBf16(array) : isInPlace(f, b) ? copyOf(array) : array;
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
  const kinds = KINDS[storageOf(b)];
  const fits = kinds.find((kind) => array instanceof kind);
  if (fits) return array as NumberArray;
  const wanted = kinds.map((kind) => kind.name).join(" or ");
  throw new IrError(
    `expected input ${b.name} of ${storageOf(b)} as a ${wanted}, got ${
      shownValue(array)
    }, interpreting ${f.name}`,
  );
}

const FLOATS = [Float32Array, Float16Array, Float64Array] as const;
const KINDS: Readonly<Record<StorageType, readonly { new (size: number): NumberArray }[]>> = {
  f32: FLOATS,
  f16: FLOATS,
  i32: [Int32Array],
  u32: [Uint32Array],
  bool: [Uint32Array],
  i8: [Int8Array],
  u8: [Uint8Array],
  bf16: [Uint16Array, ...FLOATS],
};

/** A copy of an array, floats as doubles. */
function copyOf(array: NumberArray): NumberArray {
  return array instanceof Float32Array || array instanceof Float16Array || array instanceof Float64Array
    ? Float64Array.from(array)
    : array.slice();
}

function poisoned({ dtype, stored }: Buffer, size: number): NumberArray {
  if (stored === "i8") return new Int8Array(size);
  if (stored === "u8") return new Uint8Array(size);
  if (isFloat(dtype)) return new Float64Array(size).fill(NaN);
  return dtype === "i32" ? new Int32Array(size) : new Uint32Array(size);
}
