/** Rope's options against a reference in doubles, which rotates pairs one by one. */
import { assertThrows } from "@std/assert";
import fc from "fast-check";
import { OptionError } from "../../lib/base/error.ts";
import type { NumberArray } from "../../lib/interp/interpret.ts";
import { verifyFunc } from "../../lib/ir/verify.ts";
import type { RopeHeads, RopeScaling } from "../../lib/face/op.ts";
import * as te from "../../lib/face/te.ts";
import { assertEverywhere } from "./everywhere.ts";
import { arbDtype, arbGiven, arbSeed, assertClose, assertComputes, Random, shapesOf } from "./reference.ts";

/** The frequency of pair k, as Hugging Face computes it: by the length of its wave. */
function frequencyOf(k: number, rotary: number, theta: number, scaling: RopeScaling | undefined): number {
  const f = theta ** (-2 * k / rotary);
  if (scaling === undefined) return f;
  if (scaling.kind === "linear") return f / scaling.factor;
  const { factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalContext } = scaling;
  const wave = 2 * Math.PI / f;
  if (wave < originalContext / high) return f;
  if (wave > originalContext / low) return f / factor;
  const smooth = (originalContext / wave - low) / (high - low);
  return (1 - smooth) * f / factor + smooth * f;
}

/** The parts q, k and v of `qkv`, rotated in place pair by pair. */
function rotated(
  qkv: NumberArray,
  position: Int32Array,
  headDim: number,
  { heads, kvHeads, theta = 10000, interleaved = false, rotaryDim = headDim, scaling }: RopeHeads,
) {
  const all = heads + 2 * kvHeads, q: number[] = [], k: number[] = [], v: number[] = [];
  position.forEach((p, row) => {
    for (let h = 0; h < all; h++) {
      const head = Array.from({ length: headDim }, (_, d) => qkv[(row * all + h) * headDim + d] ?? NaN);
      for (let pair = 0; pair < rotaryDim / 2 && h < heads + kvHeads; pair++) {
        const first = interleaved ? 2 * pair : pair, second = interleaved ? first + 1 : pair + rotaryDim / 2;
        const angle = p * frequencyOf(pair, rotaryDim, theta, scaling);
        const [x = NaN, y = NaN] = [head[first], head[second]];
        head[first] = x * Math.cos(angle) - y * Math.sin(angle);
        head[second] = y * Math.cos(angle) + x * Math.sin(angle);
      }
      (h < heads ? q : h < heads + kvHeads ? k : v).push(...head);
    }
  });
  return { q, k, v };
}

const LLAMA3 = { kind: "llama3", factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4 } as const;
const SCALINGS: readonly RopeScaling[] = [
  { kind: "linear", factor: 4 },
  { kind: "linear", factor: 1 },
  { ...LLAMA3, originalContext: 8192 },
  { ...LLAMA3, originalContext: 64 },
  { ...LLAMA3, factor: 2, highFrequencyFactor: 1.5, originalContext: 500 },
];

Deno.test("rope rotates neighbours or halves, a part of a head, by scaled angles, in every combination", () => {
  const arb = fc.record({
    rows: arbGiven("rows", fc.integer({ min: 1, max: 4 })),
    heads: fc.integer({ min: 1, max: 3 }),
    kvHeads: fc.integer({ min: 1, max: 2 }),
    half: fc.integer({ min: 1, max: 5 }),
    rest: fc.constantFrom(undefined, 0, 1, 4),
    theta: fc.constantFrom(10000, 500000, undefined),
    interleaved: fc.constantFrom(true, false, undefined),
    scaling: fc.constantFrom(undefined, ...SCALINGS),
    dtype: arbDtype,
  });
  fc.assert(
    fc.property(arb, arbSeed, (x, seed) => {
      const { rows, heads, kvHeads, half, rest, theta, interleaved, scaling, dtype } = x;
      const headDim = 2 * half + (rest ?? 0);
      const options = {
        heads,
        kvHeads,
        ...(rest === undefined ? {} : { rotaryDim: 2 * half }),
        ...(theta === undefined ? {} : { theta }),
        ...(interleaved === undefined ? {} : { interleaved }),
        ...(scaling === undefined ? {} : { scaling }),
      };
      const f = te.rope({ rows: rows.dim, headDim, dtype, ...options });
      verifyFunc(f);
      const random = new Random(seed);
      const qkv = random.floats(rows.value * (heads + 2 * kvHeads) * headDim, dtype);
      const position = Int32Array.from({ length: rows.value }, () => random.next() % 10000);
      const wanted = rotated(qkv, position, headDim, options);
      assertComputes(f, { qkv, position }, wanted, shapesOf(rows), 1e-8);
    }),
    { numRuns: 150 },
  );
});

const heads = { heads: 2, kvHeads: 1 }, headDim = 8;
const random = new Random(5), qkv = random.floats(3 * 4 * headDim, "f32");
const position = Int32Array.of(0, 3, 500);

for (
  const options of [
    { interleaved: true },
    { rotaryDim: 4 },
    { interleaved: true, rotaryDim: 6 },
    { scaling: { kind: "linear", factor: 4 } },
    { theta: 500000, scaling: { ...LLAMA3, originalContext: 64 } },
  ] as const
) {
  Deno.test(`rope with ${JSON.stringify(options)} is right everywhere`, async () => {
    const f = te.rope({ rows: "rows", headDim, ...heads, ...options });
    const wanted = rotated(qkv, position, headDim, { ...heads, ...options });
    // An angle of 500 radians has an error of 3e-5 in f32, and a device's exponential adds some of its own.
    await assertEverywhere(f, { qkv, position }, wanted, { rows: 3 }, 5e-4);
  });
}

Deno.test("llama3 scaling keeps short waves, and divides long ones", () => {
  const scaling = { ...LLAMA3, originalContext: 64 } as const;
  // Waves of 6.3, 62.8, 628 and 6283 positions: those below 64/4 are short, those above 64/1 long.
  const ratios = [0, 1, 2, 3].map((k) =>
    frequencyOf(k, headDim, 10000, scaling) * 10000 ** (2 * k / headDim)
  );
  assertClose(
    Float64Array.from(ratios),
    [1, 0.125 + 0.875 * ((64 / (20 * Math.PI)) - 1) / 3, 0.125, 0.125],
    1e-12,
    "ratios",
  );
});

Deno.test("options of rope that cannot be are refused", () => {
  const all = { rows: 2, headDim: 8, ...heads };
  for (
    const [options, says] of [
      [{ interleaved: 1 }, "expected interleaved of te.rope to be true or false, got 1"],
      [{ rotaryDim: 0 }, "expected rotaryDim of te.rope to be a positive integer below 2^31, got 0"],
      [{ scaling: 2 }, "expected scaling of te.rope to be an object whose kind is linear or llama3, got 2"],
      [
        { scaling: { factor: 2 } },
        `missing option "scaling.kind" of te.rope: expected one of linear, llama3`,
      ],
      [
        { scaling: { kind: "lama3", factor: 2 } },
        `expected scaling.kind of te.rope to be one of linear, llama3, got "lama3"; did you mean "llama3"?`,
      ],
      [
        { scaling: { kind: "linear", factor: 0.5 } },
        "expected scaling.factor of te.rope to be a finite number of at least 1, got 0.5",
      ],
      [
        { scaling: { kind: "linear", factor: 2, originalContext: 1 } },
        `unknown option "scaling.originalContext" of te.rope`,
      ],
      [
        { scaling: { ...LLAMA3 } },
        `missing option "scaling.originalContext" of te.rope: expected an integer of at least 1`,
      ],
    ] as const
  ) {
    assertThrows(() => te.rope({ ...all, ...options as object }), OptionError, says);
  }
  for (
    const [options, says] of [
      [{ rotaryDim: 3 }, "expected rotaryDim to be even and at most headDim = 8, got 3, in rope"],
      [{ rotaryDim: 10 }, "expected rotaryDim to be even and at most headDim = 8, got 10, in rope"],
      [
        { scaling: { ...LLAMA3, lowFrequencyFactor: 4, originalContext: 64 } },
        "expected highFrequencyFactor above lowFrequencyFactor, got 4 and 4, in rope",
      ],
    ] as const
  ) {
    assertThrows(() => te.rope({ ...all, ...options }), te.TeError, says);
  }
});
