/** The typed arrays that hold each dtype. */
import type { StorageType } from "../ir/dtype.ts";

/**
 * The arrays that programs take and give, one class for each dtype. `bool` is 0 or 1 in a Uint32Array, and bf16 is its bits in
 * a Uint16Array.
 */
export type TypedArray =
  | Float32Array<ArrayBuffer>
  | Float16Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Int8Array<ArrayBuffer>
  | Uint8Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>;

/** The class of typed array that holds each dtype. */
export const ARRAYS = {
  f32: Float32Array,
  f16: Float16Array,
  i32: Int32Array,
  u32: Uint32Array,
  bool: Uint32Array,
  i8: Int8Array,
  u8: Uint8Array,
  bf16: Uint16Array,
} as const satisfies Record<StorageType, unknown>;

/** The dtype that an array holds; a Uint32Array holds u32, and a Uint16Array bf16. */
export function dtypeOf(array: TypedArray): StorageType {
  if (array instanceof Float32Array) return "f32";
  if (array instanceof Float16Array) return "f16";
  if (array instanceof Int8Array) return "i8";
  if (array instanceof Uint8Array) return "u8";
  if (array instanceof Uint16Array) return "bf16";
  return array instanceof Int32Array ? "i32" : "u32";
}

/** Makes an array of zeros that holds `length` elements. */
export function zeros(dtype: StorageType, length: number): TypedArray {
  return new ARRAYS[dtype](length);
}

/** Makes an array of values that no right program writes: NaN, or a pattern of bits. */
export function poisoned(dtype: StorageType, length: number): TypedArray {
  return zeros(dtype, length).fill(poisonOf(dtype));
}

/** The value that {@linkcode poisoned} fills arrays with. */
export function poisonOf(dtype: StorageType): number {
  if (dtype === "bf16") return 0x7fc0;
  return dtype === "f32" || dtype === "f16" ? NaN : 0x7fc0dead;
}
