/** Types that are stored in words of 32 bits, and are no types of arithmetic: i8, u8 and bf16. */
import type { Kind } from "../base/check_options.ts";
import { oneOf } from "../base/option_kinds.ts";
import type { ScalarType } from "../ir/dtype.ts";

/** A type that is stored in words: signed and unsigned bytes, and the upper half of an f32. */
export type StoredType = "i8" | "u8" | "bf16";

/** The kind of an option that is a stored type. */
export const storedType: Kind<StoredType> = oneOf("i8", "u8", "bf16");

/** What a stored type is: its elements in a word, the first in the lowest bits, and the dtype that has all its values. */
export const STORED: Readonly<Record<StoredType, { readonly perWord: 2 | 4; readonly dtype: ScalarType }>> = {
  i8: { perWord: 4, dtype: "i32" },
  u8: { perWord: 4, dtype: "u32" },
  bf16: { perWord: 2, dtype: "f32" },
};
