/** The typed arrays that hold each dtype. */
import type { ScalarType } from "../ir/dtype.ts";

/** What goes into and comes out of programs; `bool` as 0 and 1 in a Uint32Array. */
export type TypedArray =
  | Float32Array<ArrayBuffer>
  | Float16Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>;

export const ARRAYS = {
  f32: Float32Array,
  f16: Float16Array,
  i32: Int32Array,
  u32: Uint32Array,
  bool: Uint32Array,
} as const satisfies Record<ScalarType, unknown>;

export function zeros(dtype: ScalarType, length: number): TypedArray {
  return new ARRAYS[dtype](length);
}

/** An array of values that no right program writes: NaN, or a pattern of bits. */
export function poisoned(dtype: ScalarType, length: number): TypedArray {
  const array = zeros(dtype, length);
  return dtype === "f32" || dtype === "f16" ? array.fill(NaN) : array.fill(0x7fc0dead);
}
