import { RANGE } from "../ir/dtype.ts";
import { dims } from "../te/compute.ts";
import { GROUP, PER_WORD, type Q4Layout } from "./dequantize_q4.ts";
import { TeError } from "../te/error.ts";

/**
 * Packs weights W[n, k] (row-major) into 4 bits each: `scale = max|w| / 7` over groups of 32 along k,
 * `q = clamp(round(w / scale) + 7, 0, 14)`. A last group that k does not fill is padded with zeros. The
 * results are the parameters of an operator with these weights: W_q u32[n, 4·ceil(k/32)], and
 * W_scale[n, ceil(k/32)] in f16 (q4f16_1) or f32 (q4f32_1).
 *
 * @throws {TeError} if `weights` does not hold n·k elements, or holds one that no scale of that type can reach
 */
export function quantizeQ4(
  weights: Float32Array,
  options: { readonly n: number; readonly k: number; readonly layout: Q4Layout },
): { readonly W_q: Uint32Array; readonly W_scale: Float32Array | Float16Array } {
  const { n, k, layout } = options;
  dims("quantizeQ4", { n, k });
  if (weights.length !== n * k) {
    throw new TeError(`cannot quantize ${weights.length} weights as ${n} x ${k}: that takes ${n * k}`);
  }
  const groups = Math.ceil(k / GROUP), words = groups * (GROUP / PER_WORD);
  const W_q = new Uint32Array(n * words);
  const W_scale = layout === "q4f16_1" ? new Float16Array(n * groups) : new Float32Array(n * groups);
  for (let row = 0; row < n; row++) {
    for (let g = 0; g < groups; g++) {
      const begin = g * GROUP, end = Math.min(k, begin + GROUP);
      let largest = 0;
      for (let c = begin; c < end; c++) largest = Math.max(largest, Math.abs(weights[row * k + c] as number));
      W_scale[row * groups + g] = largest / 7;
      const scale = W_scale[row * groups + g] as number;
      if (!Number.isFinite(scale)) {
        throw new TeError(
          `cannot quantize row ${row} to ${layout}: its largest weight from column ${begin} on is ${largest}, ` +
            `and 7 x ${RANGE[layout === "q4f16_1" ? "f16" : "f32"][1]} is the most that can be scaled to`,
        );
      }
      for (let c = begin; c < begin + GROUP; c++) {
        const w = c < end && scale > 0 ? (weights[row * k + c] as number) / scale : 0;
        const nibble = Math.min(14, Math.max(0, Math.round(w) + 7));
        const at = row * words + Math.floor(c / PER_WORD);
        W_q[at] = ((W_q[at] as number) | (nibble << (4 * (c % PER_WORD)))) >>> 0;
      }
    }
  }
  return { W_q, W_scale };
}
