import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import fc from "fast-check";
import { OptionError } from "../../lib/base/error.ts";
import { interpret } from "../../lib/interp/interpret.ts";
import { verifyFunc } from "../../lib/ir/verify.ts";
import { dequantizeQ4, type Q4Layout, quantizeQ4, TeError } from "../../lib/face/te.ts";
import { arbGiven, arbSeed, assertComputes, decodeQ4, Random, shapesOf, tensor } from "./reference.ts";

const LAYOUTS: readonly Q4Layout[] = ["q4f16_1", "q4f32_1"];
const arbN = fc.integer({ min: 1, max: 6 }), arbK = fc.constantFrom(1, 2, 7, 8, 31, 32, 33, 63, 64, 65, 100);

/** Weights of any magnitude, a different one for each group. */
function weightsOf(n: number, k: number, seed: number): Float32Array {
  const random = new Random(seed), W = random.floats(n * k, "f32");
  return W.map((x, at) => x * 2 ** ((seed + Math.floor(at % k / 32) * 5 + Math.floor(at / k) * 3) % 24 - 12));
}

Deno.test("weights that are packed and decoded are off by at most half a step, and what the scale lost", () => {
  fc.assert(
    fc.property(arbN, arbK, arbSeed, fc.constantFrom(...LAYOUTS), (n, k, seed, layout) => {
      const W = weightsOf(n, k, seed);
      const packed = quantizeQ4(W, { n, k, layout });
      const decoded = interpret(dequantizeQ4({ n, k, layout }), packed).W;
      const groups = Math.ceil(k / 32);
      for (let row = 0; row < n; row++) {
        for (let column = 0; column < k; column++) {
          const group = Math.floor(column / 32);
          const scale = packed.W_scale[row * groups + group] ?? NaN;
          const exact = Math.max(
            ...W.subarray(row * k + 32 * group, row * k + Math.min(k, 32 * group + 32)).map(Math.abs),
          ) / 7;
          const w = W[row * k + column] ?? NaN, error = Math.abs(w - (decoded?.[row * k + column] ?? NaN));
          assert(
            error <= scale / 2 * (1 + 1e-12) + 7 * Math.abs(scale - exact),
            `${w} is off by ${error} of ${scale}`,
          );
        }
      }
    }),
    { numRuns: 60 },
  );
});

Deno.test("each weight gets the nearest of its 15 values", () => {
  fc.assert(
    fc.property(arbN, arbK, arbSeed, fc.constantFrom(...LAYOUTS), (n, k, seed, layout) => {
      const W = weightsOf(n, k, seed);
      const { W_q, W_scale } = quantizeQ4(W, { n, k, layout });
      for (let row = 0; row < n; row++) {
        for (let column = 0; column < k; column++) {
          const scale = W_scale[row * Math.ceil(k / 32) + Math.floor(column / 32)] ?? NaN;
          const w = W[row * k + column] ?? NaN, got = decodeQ4(W_q, W_scale, k, row, column);
          for (let q = -7; q <= 7; q++) assert(Math.abs(w - got) <= Math.abs(w - q * scale) * (1 + 1e-12));
        }
      }
    }),
    { numRuns: 30 },
  );
});

Deno.test("a group's scale is its largest weight by 7, rounded to the layout's type", () => {
  const W = Float32Array.from(
    { length: 2 * 40 },
    (_, at) => at === 5 ? -3 : at === 36 ? 0.1 : at === 71 ? 5 : 0.01,
  );
  const f32 = quantizeQ4(W, { n: 2, k: 40, layout: "q4f32_1" });
  assertInstanceOf(f32.W_scale, Float32Array);
  assertEquals([...f32.W_scale], [3, 0.1, 5, 0.01].map((w) => Math.fround(Math.fround(w) / 7)));
  const f16 = quantizeQ4(W, { n: 2, k: 40, layout: "q4f16_1" });
  assertInstanceOf(f16.W_scale, Float16Array);
  assertEquals([...f16.W_scale], [3, 0.1, 5, 0.01].map((w) => Math.f16round(Math.fround(w) / 7)));
});

Deno.test("eight weights lie in a word, the first in the lowest bits, and a short group ends in zeros", () => {
  const W = Float32Array.of(-7, -6, -5, 0, 5, 6, 7, 1, 2);
  for (const layout of LAYOUTS) {
    const { W_q, W_scale } = quantizeQ4(W, { n: 1, k: 9, layout });
    assertEquals([...W_scale], [1]);
    assertEquals([...W_q].map((x) => x.toString(16).padStart(8, "0")), [
      "8edc7210",
      "77777779",
      "77777777",
      "77777777",
    ]);
  }
});

Deno.test("halves are rounded up", () => {
  const W = Float32Array.of(7, 0.5, -0.5, 1.5, -1.5, -7, 0, 0);
  const { W_q } = quantizeQ4(W, { n: 1, k: 8, layout: "q4f32_1" });
  assertEquals(W_q[0]?.toString(16), "7706978e");
});

Deno.test("a group of zeros decodes to zeros", () => {
  for (const layout of LAYOUTS) {
    const packed = quantizeQ4(new Float32Array(2 * 33), { n: 2, k: 33, layout });
    assertEquals([...packed.W_scale], [0, 0, 0, 0]);
    assertEquals(interpret(dequantizeQ4({ n: 2, k: 33, layout }), packed).W, new Float64Array(66));
  }
});

Deno.test("decoding any bits is (nibble - 7) times the scale", () => {
  const arb = fc.record({
    n: arbGiven("n", arbN),
    k: arbGiven("k", arbK),
    layout: fc.constantFrom(...LAYOUTS),
  });
  fc.assert(
    fc.property(arb, arbSeed, ({ n, k, layout }, seed) => {
      const f = dequantizeQ4({ n: n.dim, k: k.dim, layout });
      verifyFunc(f);
      const random = new Random(seed), groups = Math.ceil(k.value / 32);
      const W_q = new Uint32Array(n.value * groups * 4).map(() => random.next());
      const W_scale = random.floats(n.value * groups, layout === "q4f16_1" ? "f16" : "f32");
      const W = tensor([n.value, k.value], (i = 0, j = 0) => decodeQ4(W_q, W_scale, k.value, i, j));
      assertComputes(f, { W_q, W_scale }, { W }, shapesOf(n, k), 0);
    }),
    { numRuns: 40 },
  );
});

Deno.test("weights that do not fit are refused", () => {
  const refused = (weights: Float32Array, n: number, k: number, says: string, layout: Q4Layout = "q4f16_1") =>
    assertThrows(() => quantizeQ4(weights, { n, k, layout }), TeError, says);
  refused(new Float32Array(7), 2, 4, "expected 8 weights, got 7, for 2 x 4");
  refused(new Float32Array(0), 2, 4, "expected 8 weights, got 0, for 2 x 4");
  for (const [n, k, says] of [[0, 4, "n"], [-1, -1, "n"], [2, 0.5, "k"]] as const) {
    assertThrows(
      () => quantizeQ4(new Float32Array(1), { n, k, layout: "q4f16_1" }),
      OptionError,
      `expected ${says} of te.quantizeQ4 to be a positive integer below 2^31, got ${says === "n" ? n : k}`,
    );
  }
  refused(
    Float32Array.of(1, NaN),
    1,
    2,
    "which q4f16_1 can scale to, got NaN in row 0 from column 0 on",
  );
  refused(Float32Array.of(1, -Infinity), 1, 2, "got Infinity in row 0 from column 0 on", "q4f32_1");
  const large = new Float32Array(2 * 40).fill(1);
  large[75] = 1e6;
  refused(
    large,
    2,
    40,
    "expected weights of at most 7 x 65504, which q4f16_1 can scale to, got 1000000 in row 1 from column 32 on",
  );
  quantizeQ4(large, { n: 2, k: 40, layout: "q4f32_1" });
});
