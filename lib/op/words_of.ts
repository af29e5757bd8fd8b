import { checkArgument, type Kind } from "../base/check_options.ts";
import { passing } from "../base/option_kinds.ts";

/** Arrays of types that are stored in words; bf16 is the upper half of an f32's bits. */
export type StoredArray = Int8Array | Uint8Array | Uint16Array;

const stored: Kind<StoredArray> = passing(
  "an Int8Array, a Uint8Array, or a Uint16Array of bf16",
  (x) => x instanceof Int8Array || x instanceof Uint8Array || x instanceof Uint16Array,
);

/**
 * Gives the bytes of an array as words of 32 bits, which `op.unpack` decodes: an array of i8, u8 or bf16 is so given to a program.
 * The last word is filled with zeros. The words are a copy.
 *
 * @throws {OptionError} for an array of another type
 */
export function wordsOf(array: StoredArray): Uint32Array<ArrayBuffer> {
  checkArgument("te.wordsOf", "array", array, stored);
  const words = new Uint32Array(Math.ceil(array.byteLength / 4));
  new Uint8Array(words.buffer).set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  return words;
}
