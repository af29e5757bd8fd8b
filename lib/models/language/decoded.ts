import { binary, cast, constant, floorDiv, floorMod, mul, sub } from "../../ir/build.ts";
import type { Expr } from "../../ir/expr.ts";
import { dequantizeQ4 } from "../../op/dequantize_q4.ts";
import type { BlockBuilder } from "../../relax/builder.ts";
import type { Value } from "../../relax/value.ts";
import { compute } from "../../te/compute.ts";
import { primFunc } from "../../te/prim_func.ts";
import { placeholder, type Tensor } from "../../te/tensor.ts";
import { GROUP, largestInteger } from "../parameters/quantization.ts";

/** Bytes of a word. */
const PER_WORD = 4;

/**
 * Decodes packed weights as values of a graph. Each use decodes them by itself, as it goes: a program of its own for each keeps
 * them from being decoded once, for all, into memory.
 *
 * @param bits 4 or 8 of an element
 * @param words u32[n, bits·ceil(k/32)]
 * @param scales f16 or f32[n, ceil(k/32)]
 * @returns W[n, k], of the scales' dtype
 */
export function decoded(b: BlockBuilder, bits: 4 | 8, words: Value, scales: Value, k: number): Value {
  const W = placeholder("W_q", words.type.shape, "u32");
  const S = placeholder("W_scale", scales.type.shape, scales.type.dtype);
  const values = bits === 4 ? dequantizeQ4(W, S, { k }) : fromBytes(W, S, k);
  return b.call(primFunc(`dequantize_q${bits}`, [W, S, values]), words, scales)[0] as Value;
}

/** `W[i, j] = (byte(words[i, j/4], j%4) - 127)·scales[i, j/32]`. */
function fromBytes(words: Tensor, scales: Tensor, k: number): Tensor {
  return compute("W", [words.shape[0] as Expr, k], (i, j) => {
    const row = i as Expr, column = j as Expr, { dtype } = scales;
    const shift = cast("u32", mul(floorMod(column, PER_WORD), 8));
    const word = words.at(row, floorDiv(column, PER_WORD));
    const byte = binary("bitand", binary("shr", word, shift), constant(255, "u32"));
    const integer = sub(cast(dtype, byte), constant(largestInteger(8), dtype));
    return mul(integer, scales.at(row, floorDiv(column, GROUP)));
  });
}
