/** Quantization, bit by bit: each step in the dtype of the scales, against the definition. */
import { assert, assertEquals } from "@std/assert";
import { interpret } from "../../../lib/interp/interpret.ts";
import { quantizeRows } from "../../../lib/models/parameters/quantize_rows.ts";
import { dequantizeQ4Program } from "../../../lib/op/dequantize_q4.ts";
import { dequantized } from "../dequantize.ts";
import { normalNumbers } from "../tiny_checkpoint.ts";

type Kind = { readonly bits: 4 | 8; readonly dtype: "f16" | "f32" };
const KINDS: readonly Kind[] = [
  { bits: 4, dtype: "f16" },
  { bits: 4, dtype: "f32" },
  { bits: 8, dtype: "f16" },
];

function quantized(
  weights: Float32Array<ArrayBuffer> | Float16Array<ArrayBuffer>,
  columns: number,
  kind: Kind,
) {
  const rows = weights.length / columns, groups = Math.ceil(columns / 32);
  const words = new Uint32Array(rows * groups * kind.bits);
  const scales = kind.dtype === "f16" ? new Float16Array(rows * groups) : new Float32Array(rows * groups);
  return { wrong: quantizeRows(weights, columns, kind, { words, scales }, 0), words, scales };
}

/** The definition: every step is stored in an array of the dtype. */
function defined(weights: ArrayLike<number>, columns: number, { bits, dtype }: Kind) {
  const cell = dtype === "f16" ? new Float16Array(1) : new Float32Array(1);
  const round = (x: number) => {
    cell[0] = x;
    return cell[0];
  };
  const largest = bits === 4 ? 7 : 127, integers: number[] = [], scales: number[] = [];
  for (let begin = 0; begin < weights.length; begin += columns) {
    for (let c = 0; c < Math.ceil(columns / 32) * 32; c += 32) {
      const own = Array.from(
        { length: Math.min(32, columns - c) },
        (_, k) => round(weights[begin + c + k] as number),
      );
      const scale = round(Math.max(...own.map(Math.abs)) / largest);
      scales.push(scale);
      for (let k = 0; k < 32; k++) {
        const w = own[k];
        if (w === undefined) integers.push(0);
        else if (scale === 0) integers.push(largest);
        else {
          const q = Math.round(round(round(w / scale) + largest));
          integers.push(Math.max(0, Math.min(2 * largest, q)));
        }
      }
    }
  }
  return { integers, scales };
}

function unpacked(words: Uint32Array, bits: number): readonly number[] {
  return [...words].flatMap((w) =>
    Array.from({ length: 32 / bits }, (_, k) => w >>> bits * k & 2 ** bits - 1)
  );
}

for (const kind of KINDS) {
  Deno.test(`q${kind.bits} with scales in ${kind.dtype} is the definition's, at any magnitude and width`, () => {
    const normal = normalNumbers(5);
    for (const columns of [1, 31, 32, 33, 172]) {
      for (const magnitude of [1e-9, 3e-7, 1e-4, 1, 1000]) {
        const weights = Float32Array.from({ length: columns * 12 }, () => magnitude * normal());
        const { wrong, words, scales } = quantized(weights, columns, kind);
        const expected = defined(weights, columns, kind);
        assertEquals(wrong, -1);
        assertEquals([...scales], expected.scales);
        assertEquals(unpacked(words, kind.bits), expected.integers);
      }
    }
  });

  Deno.test(`q${kind.bits} with scales in ${kind.dtype} rounds halves as the definition does`, () => {
    // Multiples of a half and a little beside them, where a rounding of any step decides.
    const largest = kind.bits === 4 ? 7 : 127, weights: number[] = [];
    for (let half = -2 * largest; half <= 2 * largest; half++) {
      for (const beside of [0, 1e-7, 1e-4, 2e-3, 4e-3, 8e-3, 0.05]) {
        weights.push(half / 2 + beside, half / 2 - beside);
      }
    }
    for (const scale of kind.bits === 4 ? [1, 0.1, 0.37, 1e-6] : [0.37]) {
      const rows = weights.map((w) => [w, -largest, ...Array<number>(30).fill(0)].map((x) => x * scale))
        .flat();
      const list = Float32Array.from(rows), { words, scales } = quantized(list, 32, kind);
      const expected = defined(list, 32, kind);
      assertEquals([...scales], expected.scales);
      assertEquals(unpacked(words, kind.bits), expected.integers);
    }
  });
}

Deno.test("zeros and what is too small for a scale decode to zero", () => {
  for (const kind of KINDS) {
    const { words, scales } = quantized(new Float32Array([0, 0, 1e-9, 0]), 2, { ...kind, dtype: "f16" });
    assertEquals([...dequantized(words, scales, [2, 2], kind.bits)], [0, 0, 0, 0]);
  }
});

Deno.test("weights that no scale reaches are found", () => {
  const at = (weights: readonly number[], kind: Kind) => quantized(new Float32Array(weights), 2, kind).wrong;
  assertEquals(at([1, 2, 3, 7e4], KINDS[0] as Kind), 3);
  assertEquals(at([1, 2, 3, 7e4], KINDS[1] as Kind), -1);
  assertEquals(at([1, 2, NaN, 3], KINDS[1] as Kind), 2);
  assertEquals(at([1, 2, 3, -Infinity], KINDS[2] as Kind), 3);
});

Deno.test("op.dequantizeQ4 decodes what is quantized, and its error is at most half a scale", () => {
  const normal = normalNumbers(9), k = 172, n = 6;
  const weights = Float32Array.from({ length: n * k }, normal);
  const { words, scales } = quantized(weights, k, KINDS[1] as Kind);
  const program = dequantizeQ4Program({ n, k, layout: "q4f32_1" });
  const { W = [] } = interpret(program, { W_q: words, W_scale: scales as Float32Array });
  const expected = dequantized(words, scales, [n, k], 4);
  assertEquals(W.length, n * k);
  Array.from(W).forEach((w, at) => {
    assert(Math.abs(w - (expected[at] as number)) < 1e-6);
    const scale = scales[Math.floor(at / k) * Math.ceil(k / 32) + Math.floor(at % k / 32)] as number;
    assert(Math.abs(w - (weights[at] as number)) <= scale * 0.5001);
  });
});
