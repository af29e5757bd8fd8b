/** How weights of a language model are stored on a device: MLC's names and layouts. */

/**
 * How the matrices of a model are stored. `q0` stores elements as they are. `q4` and `q8` store integers of 4 and 8 bits
 * in words of u32, the first in the lowest bits, and a scale for each 32 elements of a row: `w = (q - 7)·scale`, or
 * `(q - 127)·scale`. `f16` and `f32` are the dtype of scales, and of vectors such as norms and biases.
 */
export type Quantization = "q4f16_1" | "q4f32_1" | "q8f16" | "q0f16" | "q0f32";

/** What a quantization is. */
export interface QuantizationRow {
  /** Bits of an element of a matrix; 0 where elements are floats. */
  readonly bits: 0 | 4 | 8;
  /** The dtype of floats. */
  readonly dtype: "f16" | "f32";
}

/** All quantizations. */
export const QUANTIZATIONS: Readonly<Record<Quantization, QuantizationRow>> = {
  q4f16_1: { bits: 4, dtype: "f16" },
  q4f32_1: { bits: 4, dtype: "f32" },
  q8f16: { bits: 8, dtype: "f16" },
  q0f16: { bits: 0, dtype: "f16" },
  q0f32: { bits: 0, dtype: "f32" },
};

/** The names of all quantizations. */
export const QUANTIZATION_NAMES = Object.keys(QUANTIZATIONS) as readonly Quantization[];

/** Elements of a row that share a scale. */
export const GROUP = 32;

/** The largest integer of a magnitude: 7 or 127. Zero is stored as it, and twice it is the largest that is stored. */
export function largestInteger(bits: 4 | 8): number {
  return 2 ** (bits - 1) - 1;
}

/** Words of u32 in a row of `columns` elements: the last group is padded. */
export function wordsOf(columns: number, bits: 4 | 8): number {
  return Math.ceil(columns / GROUP) * (GROUP * bits / 32);
}
