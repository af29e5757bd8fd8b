import type { WeightArray } from "../weights/weight_source.ts";
import { GROUP, largestInteger } from "./quantization.ts";

/** Where quantized rows are written. */
export interface QuantizedRows {
  /** The integers, u32[rows, words]; all zeros before, which the padding keeps. */
  readonly words: WeightArray;
  /** The scales [rows, groups]. */
  readonly scales: WeightArray;
}

/**
 * Quantizes rows as MLC does, with every step rounded to the dtype of the scales: the weights,
 * `scale = max|w| / largest`, `w / scale` and the sum with `largest`; halves are rounded up. Padding of the last group is
 * 0, which stands for no element.
 *
 * @param weights rows of `columns` elements
 * @param out where the rows are written, from `row` on
 * @returns the index of the first weight that no finite scale in the dtype reaches, or -1
 */
export function quantizeRows(
  weights: WeightArray,
  columns: number,
  { bits, dtype }: { readonly bits: 4 | 8; readonly dtype: "f16" | "f32" },
  out: QuantizedRows,
  row: number,
): number {
  const groups = Math.ceil(columns / GROUP), rows = columns === 0 ? 0 : weights.length / columns;
  const largest = largestInteger(bits), round = dtype === "f16" ? Math.f16round : Math.fround;
  for (let r = 0; r < rows; r++) {
    for (let g = 0; g < groups; g++) {
      const begin = r * columns + g * GROUP, end = Math.min((r + 1) * columns, begin + GROUP);
      let most = 0;
      for (let at = begin; at < end; at++) most = Math.max(most, Math.abs(weights[at] as number));
      const scale = round(round(most) / largest), group = (row + r) * groups + g;
      if (!Number.isFinite(scale)) {
        return weights.findIndex((w, at) => at >= begin && !(Math.abs(w) < (most || Infinity)));
      }
      out.scales[group] = scale;
      packGroup(weights, begin, end, scale, { bits, dtype }, out.words, group * bits);
    }
  }
  return -1;
}

/** Roundings change an integer only this near to a half, and only where scales are normal numbers. */
const NEAR = { f16: { 4: 1 / 64, 8: 1 / 4 }, f32: { 4: 2 ** -12, 8: 2 ** -12 } } as const;
const NORMAL = { f16: 2 ** -10, f32: 2 ** -110 } as const;

/** Writes the integers of a group to words from `word` on. */
function packGroup(
  weights: WeightArray,
  begin: number,
  end: number,
  scale: number,
  { bits, dtype }: { readonly bits: 4 | 8; readonly dtype: "f16" | "f32" },
  words: WeightArray,
  word: number,
): void {
  const largest = largestInteger(bits), perWord = 32 / bits, near = NEAR[dtype][bits];
  const round = dtype === "f16" ? Math.f16round : Math.fround;
  const inverse = scale === 0 ? 0 : 1 / scale, subnormal = scale !== 0 && scale < NORMAL[dtype];
  for (let first = begin; first < end; first += perWord, word++) {
    const last = Math.min(end, first + perWord);
    let packed = 0;
    for (let at = first, shift = 0; at < last; at++, shift += bits) {
      const weight = weights[at] as number, above = weight * inverse + (largest + 0.5);
      let integer = Math.floor(above);
      const rest = above - integer;
      if (subnormal || rest < near || rest > 1 - near) {
        integer = scale === 0 ? largest : Math.floor(round(round(round(weight) / scale) + largest) + 0.5);
      }
      packed |= (integer < 0 ? 0 : integer > 2 * largest ? 2 * largest : integer) << shift;
    }
    words[word] = packed;
  }
}
