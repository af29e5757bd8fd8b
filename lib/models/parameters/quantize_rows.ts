import type { WeightArray } from "../weights/weight_source.ts";
import { GROUP, largestInteger, wordsOf } from "./quantization.ts";

/** Where quantized rows are written. */
export interface QuantizedRows {
  /** The integers, u32[rows, words]; all zeros before. */
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
  const largest = largestInteger(bits), perWord = 32 / bits, groups = Math.ceil(columns / GROUP);
  const words = wordsOf(columns, bits), rows = columns === 0 ? 0 : weights.length / columns;
  const round = dtype === "f16" ? Math.f16round : Math.fround;
  // Roundings change an integer only this near to a half, unless numbers are subnormal.
  const near = dtype === "f16" ? (bits === 4 ? 1 / 64 : 1 / 4) : 2 ** -12,
    normal = dtype === "f16" ? 2 ** -10 : 2 ** -110;
  for (let r = 0; r < rows; r++) {
    for (let g = 0; g < groups; g++) {
      const begin = r * columns + g * GROUP, end = Math.min((r + 1) * columns, begin + GROUP);
      let most = 0;
      for (let at = begin; at < end; at++) most = Math.max(most, Math.abs(weights[at] as number));
      const scale = round(round(most) / largest);
      if (!Number.isFinite(scale)) {
        return weights.findIndex((w, at) => at >= begin && !(Math.abs(w) < (most || Infinity)));
      }
      out.scales[(row + r) * groups + g] = scale;
      const first = (row + r) * words + g * (GROUP / perWord);
      for (let at = begin; at < end; at++) {
        const integer = scale === 0 ? largest : integerOf(weights[at] as number, scale);
        const k = at - begin, word = first + Math.floor(k / perWord);
        out.words[word] = (out.words[word] as number) | integer << bits * (k % perWord);
      }
    }
  }
  return -1;

  function integerOf(weight: number, scale: number): number {
    const sum = weight / scale + largest, above = sum + 0.5, integer = Math.floor(above);
    const toHalf = Math.min(above - integer, 1 - (above - integer));
    const exact = toHalf > near && scale >= normal
      ? integer
      : Math.floor(round(round(round(weight) / scale) + largest) + 0.5);
    return Math.min(2 * largest, Math.max(0, exact));
  }
}
