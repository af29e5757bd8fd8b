import { checkArgument, checkOptions, type Fields } from "../base/check_options.ts";
import { instanceOf, required } from "../base/option_kinds.ts";
import { RANGE } from "../ir/dtype.ts";
import { TeError } from "../te/error.ts";
import { GROUP, PER_WORD, type Q4Layout, q4Layout, typeOf } from "./dequantize_q4.ts";
import { extent } from "./kinds.ts";

/** The options of {@linkcode quantizeQ4}. */
export interface QuantizeQ4Options {
  /** Rows of the weights. */
  readonly n: number;
  /** Columns of the weights. */
  readonly k: number;
  /** The layout to pack them into. */
  readonly layout: Q4Layout;
}
const OPTIONS = {
  n: required(extent),
  k: required(extent),
  layout: required(q4Layout),
} satisfies Fields<QuantizeQ4Options>;

/** The result of {@linkcode quantizeQ4}: inputs of a program, under their names. */
export type QuantizedQ4 = {
  /** The weights, eight to a word: u32[n, 4·ceil(k/32)]. */
  readonly W_q: Uint32Array;
  /** The scale of each group [n, ceil(k/32)]: f16 for q4f16_1, f32 for q4f32_1. */
  readonly W_scale: Float32Array | Float16Array;
};

/**
 * Packs weights W[n, k] into 4 bits each: `scale = max|w| / 7` over groups of 32 along k,
 * `q = clamp(round(w / scale) + 7, 0, 14)`. A last group that k doesn't fill is padded with zeros. The results are the
 * parameters of an operator with these weights.
 *
 * @param weights [n, k], row by row
 * @throws {OptionError} for an option that doesn't exist, is missing or can't have its value
 * @throws {TeError} if `weights` doesn't hold n·k elements, or holds one that no scale of that type can reach
 */
export function quantizeQ4(weights: Float32Array, options: QuantizeQ4Options): QuantizedQ4 {
  checkArgument("te.quantizeQ4", "weights", weights, instanceOf(Float32Array));
  checkOptions("te.quantizeQ4", options, OPTIONS);
  const { n, k, layout } = options;
  if (weights.length !== n * k) {
    throw new TeError(`expected ${n * k} weights, got ${weights.length}, for ${n} x ${k}, in quantizeQ4`);
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
          `expected weights of at most 7 x ${RANGE[typeOf(layout)][1]}, which ${layout} can scale to, got ` +
            `${largest} in row ${row} from column ${begin} on, in quantizeQ4`,
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
