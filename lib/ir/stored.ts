/** Types of memory that are no types of arithmetic: i8, u8 and bf16. A load gives a dtype that has all their values. */
import { bytesOf, type ScalarType, type StorageType, type StoredType } from "./dtype.ts";
import type { Buffer } from "./expr.ts";

/** What a stored type is: its elements in a word, the first in the lowest bits, and the dtype that has all its values. */
export const STORED: Readonly<Record<StoredType, { readonly perWord: 2 | 4; readonly dtype: ScalarType }>> = {
  i8: { perWord: 4, dtype: "i32" },
  u8: { perWord: 4, dtype: "u32" },
  bf16: { perWord: 2, dtype: "f32" },
};

/** The least and the largest value of bytes. */
export const BYTE_RANGES = { i8: [-128, 127], u8: [0, 255] } as const;

/** All types of elements in memory. */
export const STORAGE_TYPES: readonly StorageType[] = [
  "f32",
  "f16",
  "i32",
  "u32",
  "bool",
  ...Object.keys(STORED) as StoredType[],
];

/** Tells whether a type is one of memory alone. */
export function isStored(type: StorageType): type is StoredType {
  return Object.hasOwn(STORED, type);
}

/** The dtype that elements of a type have in expressions. */
export function computedType(type: StorageType): ScalarType {
  return isStored(type) ? STORED[type].dtype : type;
}

/** The type of a buffer's elements in memory. */
export function storageOf(b: Pick<Buffer, "dtype" | "stored">): StorageType {
  return b.stored ?? b.dtype;
}

/** Bytes of one element in memory. */
export function storageBytes(type: StorageType): number {
  return isStored(type) ? 4 / STORED[type].perWord : bytesOf(type);
}

/** The buffer with elements of its dtype: how copies nearer to the threads hold them. */
export function unstored(b: Buffer): Buffer {
  const { stored, ...rest } = b;
  return stored === undefined ? b : rest;
}

/** The floats that bits of bf16 are. */
export function floatsOfBf16(bits: Uint16Array): Float32Array<ArrayBuffer> {
  const words = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) words[i] = (bits[i] as number) << 16;
  return new Float32Array(words.buffer);
}

/** The bits of floats as bf16: rounded, of two equally near to the even one. NaN stays one. */
export function bf16OfFloats(floats: ArrayLike<number>): Uint16Array<ArrayBuffer> {
  const words = new Uint32Array(Float32Array.from(floats).buffer), bits = new Uint16Array(words.length);
  for (let i = 0; i < bits.length; i++) {
    const word = words[i] as number, isNaN = (word & 0x7fffffff) > 0x7f800000;
    bits[i] = isNaN ? 0x7fc0 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
  }
  return bits;
}
