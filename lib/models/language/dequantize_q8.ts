import { binary, cast, constant, floorDiv, floorMod, mul, sub } from "../../ir/build.ts";
import type { Expr } from "../../ir/expr.ts";
import type { BlockBuilder } from "../../relax/builder.ts";
import type { Value } from "../../relax/value.ts";
import { compute } from "../../te/compute.ts";
import { primFunc } from "../../te/prim_func.ts";
import { placeholder } from "../../te/tensor.ts";
import { GROUP, largestInteger } from "../parameters/quantization.ts";

/** Bytes of a word. */
const PER_WORD = 4;

/**
 * Decodes 8-bit weights as values of a graph: `W[i, j] = (byte(words[i, j/4], j%4) - 127)·scales[i, j/32]`, of the scales'
 * dtype.
 *
 * @param words u32[n, 8·ceil(k/32)]
 * @param scales f16 or f32[n, ceil(k/32)]
 * @returns W[n, k]
 */
export function dequantizeQ8(b: BlockBuilder, words: Value, scales: Value, k: number): Value {
  const W = placeholder("W_q", words.type.shape, "u32");
  const S = placeholder("W_scale", scales.type.shape, scales.type.dtype);
  const decoded = compute("W", [W.shape[0] as Expr, k], (i, j) => {
    const row = i as Expr, column = j as Expr;
    const shift = cast("u32", mul(floorMod(column, PER_WORD), 8));
    const word = W.at(row, floorDiv(column, PER_WORD));
    const byte = binary("bitand", binary("shr", word, shift), constant(255, "u32"));
    return mul(
      sub(cast(S.dtype, byte), constant(largestInteger(8), S.dtype)),
      S.at(row, floorDiv(column, GROUP)),
    );
  });
  return b.call(primFunc("dequantize_q8", [W, S, decoded]), words, scales)[0] as Value;
}
