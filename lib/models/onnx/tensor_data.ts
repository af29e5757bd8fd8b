/** The elements of tensors in ONNX files, narrowed to what graphs hold. */
import {
  ELEMENT_TYPES,
  type ElementType,
  elementTypeName,
  elementTypeOf,
  isFloatType,
} from "./element_types.ts";
import { floatsOfBf16 } from "../../ir/stored.ts";
import { OnnxError } from "./error.ts";
import type { TensorProto } from "./messages.ts";

/** Elements in the order of rows, in the types of a graph; booleans are 0 and 1. */
export type Elements =
  | Float32Array<ArrayBuffer>
  | Float16Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>;

/** Weights as a device holds them: elements, or the bytes and halves of floats that a graph reads as such. */
export type Weights =
  | Elements
  | Int8Array<ArrayBuffer>
  | Uint8Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>;

/** A tensor whose elements are known. */
export interface TensorData {
  /** The element type in the file. */
  readonly type: ElementType;
  /** The extents. */
  readonly dims: readonly number[];
  /** The elements. Those of 64 bits are not narrowed yet. */
  readonly elements: Elements | Float64Array;
}

/** Gives the bytes of a file of external data by its name, which is relative to the model's folder. */
export type External = (name: string) => Uint8Array<ArrayBuffer>;

/** The most elements of one tensor. */
const MOST = 2 ** 31 - 1;

/**
 * Reads the elements of a tensor.
 *
 * @param where what the tensor is, for messages: `initializer "w"`
 * @param external gives files of external data; undefined refuses them
 * @throws {OnnxError} for a type that graphs don't have, elements that are missing or too many, and values that the narrower
 * type doesn't have
 */
export function readTensorData(t: TensorProto, where: string, external?: External): TensorData {
  const type = elementTypeOf(t.type);
  if (!type) throw new OnnxError(`expected numbers or booleans, got ${elementTypeName(t.type)}, in ${where}`);
  const dims = t.dims, size = dims.reduce((n, d) => n * d, 1);
  if (dims.length > 64 || dims.some((d) => !Number.isSafeInteger(d) || d < 0) || size > MOST) {
    throw new OnnxError(
      `expected extents of up to ${MOST} elements, got [${dims.slice(0, 64).join(", ")}], in ${where}`,
    );
  }
  const bytes = t.external ? externalBytes(t.external, where, external) : t.raw;
  const elements = bytes ? fromBytes(bytes, type, size, where) : fromFields(t, type, size, where);
  return { type, dims, elements };
}

function externalBytes(
  entry: ReadonlyMap<string, string>,
  where: string,
  external?: External,
): Uint8Array<ArrayBuffer> {
  const location = entry.get("location") ?? "";
  if (!external) {
    throw new OnnxError(
      `expected a function that gives external data, got none, for ${location} in ${where}`,
    );
  }
  const file = external(location), offset = numberOf(entry, "offset", where) ?? 0;
  const length = numberOf(entry, "length", where) ?? file.length - offset;
  if (offset + length > file.length || length < 0) {
    throw new OnnxError(
      `expected external data within the ${file.length} bytes of ${location}, got ${length} bytes from ${offset}, in ` +
        where,
    );
  }
  return file.subarray(offset, offset + length);
}

function numberOf(entry: ReadonlyMap<string, string>, key: string, where: string): number | undefined {
  const text = entry.get(key);
  if (text === undefined) return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new OnnxError(`expected ${key} to be a number of bytes, got "${text}", in ${where}`);
}

function fromBytes(
  bytes: Uint8Array<ArrayBuffer>,
  type: ElementType,
  size: number,
  where: string,
): Elements | Float64Array {
  const { bits } = ELEMENT_TYPES[type], wanted = Math.ceil(size * bits / 8);
  if (bytes.length !== wanted) {
    throw new OnnxError(
      `expected ${wanted} bytes of ${size} elements of ${type}, got ${bytes.length}, in ${where}`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (type) {
    case "float":
      return aligned(bytes, 4, (b, at) => new Float32Array(b, at, size));
    case "float16":
      return aligned(bytes, 2, (b, at) => new Float16Array(b, at, size));
    case "int32":
      return aligned(bytes, 4, (b, at) => new Int32Array(b, at, size));
    case "uint32":
      return aligned(bytes, 4, (b, at) => new Uint32Array(b, at, size));
    case "bfloat16":
      return floatsOfBf16(Uint16Array.from({ length: size }, (_, k) => view.getUint16(2 * k, true)));
    case "double":
      return wide(size, (k) => view.getFloat64(8 * k, true));
    case "int64":
      return wide(size, (k) => view.getInt32(8 * k + 4, true) * 2 ** 32 + view.getUint32(8 * k, true));
    case "uint64":
      return wide(size, (k) => view.getUint32(8 * k + 4, true) * 2 ** 32 + view.getUint32(8 * k, true));
    case "int8":
      return narrowed(type, size, (k) => view.getInt8(k), where);
    case "uint8":
      return narrowed(type, size, (k) => view.getUint8(k), where);
    case "int16":
      return narrowed(type, size, (k) => view.getInt16(2 * k, true), where);
    case "uint16":
      return narrowed(type, size, (k) => view.getUint16(2 * k, true), where);
    case "bool":
      return narrowed(type, size, (k) => view.getUint8(k) === 0 ? 0 : 1, where);
    case "uint4":
      return narrowed(type, size, (k) => nibble(view, k), where);
    case "int4":
      return narrowed(type, size, (k) => nibble(view, k) << 28 >> 28, where);
    default:
      return type satisfies never;
  }
}

/** 64-bit elements as doubles: integers beyond 2^53 are refused or clamped where they are used. */
function wide(size: number, at: (k: number) => number): Float64Array {
  return Float64Array.from({ length: size }, (_, k) => at(k));
}

function nibble(view: DataView, k: number): number {
  return view.getUint8(k >> 1) >> (4 * (k & 1)) & 15;
}

/** Views bytes as elements where they begin at a multiple of an element's size, and copies them otherwise. */
function aligned<T>(
  bytes: Uint8Array<ArrayBuffer>,
  size: number,
  view: (b: ArrayBuffer, at: number) => T,
): T {
  return bytes.byteOffset % size === 0 ? view(bytes.buffer, bytes.byteOffset) : view(bytes.slice().buffer, 0);
}

function fromFields(t: TensorProto, type: ElementType, size: number, where: string): Elements | Float64Array {
  if (type === "uint4" || type === "int4") {
    const packed = Uint8Array.from(t.int32s, (x) => x & 255);
    return fromBytes(packed, type, size, where);
  }
  const list = fieldOf(t, type);
  if (list.length !== size) {
    throw new OnnxError(`expected ${size} elements of ${type}, got ${list.length}, in ${where}`);
  }
  const at = (k: number) => list[k] as number;
  if (ELEMENT_TYPES[type].bits === 64) return wide(size, at);
  if (type === "float16") return new Float16Array(Uint16Array.from(list).buffer);
  if (type === "bfloat16") return floatsOfBf16(Uint16Array.from(list));
  if (type === "bool") return Uint32Array.from(list, (x) => x === 0 ? 0 : 1);
  return narrowed(type, size, at, where);
}

function fieldOf(t: TensorProto, type: ElementType): readonly number[] {
  switch (type) {
    case "float":
      return t.floats;
    case "double":
      return t.doubles;
    case "int64":
      return t.int64s;
    case "uint32":
    case "uint64":
      return t.uint64s;
    default:
      return t.int32s;
  }
}

/** Writes numbers in the array of a type's dtype; what it doesn't have is refused. */
export function narrowed(
  type: ElementType,
  size: number,
  at: (k: number) => number,
  where: string,
): Elements {
  const { dtype } = ELEMENT_TYPES[type], array = emptyArray(type, size);
  for (let k = 0; k < size; k++) {
    const x = at(k), y = array[k] = x;
    const fits = isFloatType(type)
      ? Number.isFinite(array[k] as number) || !Number.isFinite(y)
      : array[k] === x;
    if (fits) continue;
    throw new OnnxError(
      `expected values that ${dtype} has, because ${type} is narrowed to it, got ${x}, in ${where}`,
    );
  }
  return array;
}

/** Makes an array of zeros for elements of a type. */
export function emptyArray(type: ElementType, size: number): Elements {
  const { dtype } = ELEMENT_TYPES[type];
  switch (dtype) {
    case "f32":
      return new Float32Array(size);
    case "f16":
      return new Float16Array(size);
    case "i32":
      return new Int32Array(size);
    case "u32":
    case "bool":
      return new Uint32Array(size);
    default:
      return dtype satisfies never;
  }
}
