/** The element types of ONNX, and the dtypes that hold them. */
import type { ScalarType, StoredType } from "../../ir/dtype.ts";

/** The element types that tensors of a graph can stand for, as ONNX names them. */
export type ElementType =
  | "float"
  | "double"
  | "float16"
  | "bfloat16"
  | "int8"
  | "int16"
  | "int32"
  | "int64"
  | "uint8"
  | "uint16"
  | "uint32"
  | "uint64"
  | "int4"
  | "uint4"
  | "bool";

/** What a type's elements are in a file, and in a graph. */
export interface ElementRow {
  /** The number of the type in files. */
  readonly code: number;
  /** Bits of an element in a file. */
  readonly bits: 4 | 8 | 16 | 32 | 64;
  /** The dtype of the elements in a graph. Values beyond its range are refused. */
  readonly dtype: ScalarType;
  /** How large weights lie in memory, in fewer bits. Default: as the dtype. */
  readonly stored?: StoredType;
  /** Integers that are fewer than the dtype has: least and largest. Arithmetic wraps around at them. */
  readonly wraps?: readonly [least: number, largest: number];
}

/** All element types. 64-bit integers are narrowed to 32 bits, and doubles to f32. */
export const ELEMENT_TYPES: Readonly<Record<ElementType, ElementRow>> = {
  float: { code: 1, bits: 32, dtype: "f32" },
  uint8: { code: 2, bits: 8, dtype: "i32", stored: "u8", wraps: [0, 255] },
  int8: { code: 3, bits: 8, dtype: "i32", stored: "i8", wraps: [-128, 127] },
  uint16: { code: 4, bits: 16, dtype: "i32", wraps: [0, 65535] },
  int16: { code: 5, bits: 16, dtype: "i32", wraps: [-32768, 32767] },
  int32: { code: 6, bits: 32, dtype: "i32" },
  int64: { code: 7, bits: 64, dtype: "i32" },
  bool: { code: 9, bits: 8, dtype: "bool" },
  float16: { code: 10, bits: 16, dtype: "f16" },
  double: { code: 11, bits: 64, dtype: "f32" },
  uint32: { code: 12, bits: 32, dtype: "u32" },
  uint64: { code: 13, bits: 64, dtype: "u32" },
  bfloat16: { code: 16, bits: 16, dtype: "f32", stored: "bf16" },
  uint4: { code: 21, bits: 4, dtype: "i32", wraps: [0, 15] },
  int4: { code: 22, bits: 4, dtype: "i32", wraps: [-8, 7] },
};

/** Types that graphs can't have, by their numbers, for messages. */
const OTHER: Readonly<Record<number, string>> = {
  0: "undefined",
  8: "string",
  14: "complex64",
  15: "complex128",
  17: "float8e4m3fn",
  18: "float8e4m3fnuz",
  19: "float8e5m2",
  20: "float8e5m2fnuz",
  23: "float4e2m1",
};

const byCode = new Map(
  Object.entries(ELEMENT_TYPES).map(([name, { code }]) => [code, name as ElementType]),
);

/** Gives the element type of a number; undefined if graphs can't have it. */
export function elementTypeOf(code: number): ElementType | undefined {
  return byCode.get(code);
}

/** Names the element type of a number. */
export function elementTypeName(code: number): string {
  return byCode.get(code) ?? OTHER[code] ?? `type ${code}`;
}

/** The dtype that holds a type's elements in a graph. */
export function dtypeOf(type: ElementType): ScalarType {
  return ELEMENT_TYPES[type].dtype;
}

/** Tells whether a type has floats. */
export function isFloatType(type: ElementType): boolean {
  return ELEMENT_TYPES[type].dtype === "f32" || ELEMENT_TYPES[type].dtype === "f16";
}
