/** Attention's options against a reference in doubles, which takes the softmax of whole rows. */
import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { OptionError } from "../../lib/base/error.ts";
import type { NumberArray } from "../../lib/interp/interpret.ts";
import { signature } from "../../lib/ir/signature.ts";
import { verifyFunc } from "../../lib/ir/verify.ts";
import * as op from "../../lib/face/op.ts";
import * as te from "../../lib/face/te.ts";
import { assertEverywhere } from "./everywhere.ts";
import {
  arbDtype,
  arbGiven,
  arbSeed,
  assertComputes,
  at,
  Random,
  shapesOf,
  tensor,
  total,
} from "./reference.ts";

interface Sizes {
  readonly queries: number;
  readonly length: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
}
interface Wanted {
  readonly causal?: boolean | undefined;
  readonly scale?: number | undefined;
  readonly softcap?: number | undefined;
  readonly slidingWindow?: number | undefined;
  /** What is added to the score of head h, query i and position l. */
  readonly mask?: ((h: number, i: number, l: number) => number) | undefined;
  readonly sinks?: NumberArray | undefined;
}

/** Attention, row by row: scores, softcap, mask, then the softmax over what is visible and the sink. */
function attended(
  { queries, length, heads, kvHeads, headDim }: Sizes,
  [Q, K, V]: readonly [NumberArray, NumberArray, NumberArray],
  { causal = true, scale = 1 / Math.sqrt(headDim), softcap, slidingWindow, mask, sinks }: Wanted,
): readonly number[] {
  const shared = (l: number, h: number) => l * kvHeads + Math.floor(h / (heads / kvHeads));
  const score = (i: number, h: number, l: number): number => {
    const ahead = l - (length - queries + i);
    if (causal && ahead > 0) return -Infinity;
    if (slidingWindow !== undefined && Math.abs(ahead) >= slidingWindow) return -Infinity;
    const dot = scale *
      total(headDim, (d) => at(Q, headDim, i * heads + h, d) * at(K, headDim, shared(l, h), d));
    return (softcap === undefined ? dot : softcap * Math.tanh(dot / softcap)) + (mask?.(h, i, l) ?? 0);
  };
  return tensor([queries, heads, headDim], (i = 0, h = 0, e = 0) => {
    const scores = Array.from({ length }, (_, l) => score(i, h, l));
    const most = Math.max(...scores, ...(sinks ? [sinks[h] ?? NaN] : []));
    if (most === -Infinity) return 0;
    const sum = total(length, (l) => Math.exp((scores[l] ?? NaN) - most)) +
      (sinks ? Math.exp((sinks[h] ?? NaN) - most) : 0);
    return total(length, (l) => Math.exp((scores[l] ?? NaN) - most) * at(V, headDim, shared(l, h), e)) / sum;
  });
}

function tensorsOf(
  random: Random,
  { queries, length, heads, kvHeads, headDim }: Sizes,
  dtype: "f32" | "f16" = "f32",
) {
  return {
    Q: random.floats(queries * heads * headDim, dtype),
    K: random.floats(length * kvHeads * headDim, dtype),
    V: random.floats(length * kvHeads * headDim, dtype),
  };
}

/** Leaves out what is undefined. */
function given<T extends object>(options: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, v]) => v !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

const arbOptions = fc.record({
  causal: fc.constantFrom(true, false, undefined),
  scale: fc.constantFrom(undefined, 1, 0.25, 3),
  softcap: fc.constantFrom(undefined, 0.5, 2, 30),
  slidingWindow: fc.constantFrom(undefined, 1, 2, 3, 100),
  chunk: fc.constantFrom(1, 2, 3, 64),
});

Deno.test("attention scales, bounds, windows, masks and adds a sink, in every combination", () => {
  const arb = fc.record({
    queries: arbGiven("queries", fc.integer({ min: 1, max: 4 })),
    more: fc.nat(9),
    symbolic: fc.boolean(),
    kvHeads: fc.integer({ min: 1, max: 2 }),
    group: fc.integer({ min: 1, max: 3 }),
    headDim: fc.constantFrom(1, 2, 5),
    dtype: arbDtype,
    masked: fc.boolean(),
    sunk: fc.boolean(),
  });
  fc.assert(
    fc.property(arb, arbOptions, arbSeed, (x, options, seed) => {
      const { queries, dtype, headDim, kvHeads } = x,
        heads = kvHeads * x.group,
        length = queries.value + x.more;
      const sizes = { queries: queries.value, length, heads, kvHeads, headDim };
      const dim = x.symbolic ? "length" : length;
      const f = te.attention({
        queries: queries.dim,
        length: dim,
        heads,
        kvHeads,
        headDim,
        dtype,
        mask: x.masked,
        sinks: x.sunk,
        ...given(options),
      });
      verifyFunc(f);
      const random = new Random(seed), { Q, K, V } = tensorsOf(random, sizes, dtype);
      const mask = random.floats(queries.value * length, dtype).map((m) => m > 1 ? -Infinity : m);
      const sinks = random.floats(heads, dtype);
      const O = attended(sizes, [Q, K, V], {
        ...options,
        mask: x.masked ? (_, i, l) => at(mask, length, i, l) : undefined,
        sinks: x.sunk ? sinks : undefined,
      });
      const inputs = { Q, K, V, ...(x.masked ? { mask } : {}), ...(x.sunk ? { sinks } : {}) };
      assertComputes(f, inputs, { O }, shapesOf(queries, { dim, value: length }), 1e-11);
    }),
    { numRuns: 150 },
  );
});

const sizes: Sizes = { queries: 3, length: 9, heads: 4, kvHeads: 2, headDim: 4 };
const random = new Random(11);
const { Q, K, V } = tensorsOf(random, sizes);
const sinks = random.floats(sizes.heads, "f32");

for (
  const options of [
    { scale: 0.7 },
    { softcap: 1.5 },
    { slidingWindow: 3 },
    { slidingWindow: 2, causal: false },
    { sinks },
    { scale: 0.7, softcap: 1.5, slidingWindow: 4, sinks },
  ] as const
) {
  Deno.test(`attention with ${Object.keys(options).join(", ")} is right everywhere`, async () => {
    const method = { ...options, sinks: "sinks" in options };
    const f = te.attention({ ...sizes, length: "length", chunk: 4, ...method });
    const O = attended(sizes, [Q, K, V], options);
    const inputs = { Q, K, V, ...("sinks" in options ? { sinks } : {}) };
    await assertEverywhere(f, inputs, { O }, { length: sizes.length });
  });
}

const q = te.placeholder("Q", [3, 4, 4]),
  k = te.placeholder("K", [9, 2, 4]),
  v = te.placeholder("V", [9, 2, 4]);

for (const shape of [[3, 9], [1, 9], [4, 3, 9], [4, 1, 9], [1, 3, 9]]) {
  Deno.test(`attention takes a mask of shape [${shape}], with rows that see nothing`, async () => {
    const mask = te.placeholder("mask", shape), size = shape.reduce((a, b) => a * b, 1);
    const f = te.primFunc("masked", [q, k, v, mask, op.attention(q, k, v, { mask, chunk: 4 })]);
    const least = -3.4028234663852886e38, rows = size / 9;
    // The first row hides all positions, each by another number.
    const values = random.floats(size, "f32").map((m, x) =>
      x < 9 && rows > 1 ? x % 2 === 0 ? -Infinity : least : m > 1 ? least : m
    );
    const [heads = 1, queries = 1] = shape.length === 3 ? shape : [1, ...shape];
    const O = attended(sizes, [Q, K, V], {
      mask: (h, i, l) => {
        const m = at(values, 9, (heads === 1 ? 0 : h) * queries + (queries === 1 ? 0 : i), l);
        return m <= least ? -Infinity : m;
      },
    });
    await assertEverywhere(f, { Q, K, V, mask: values }, { O });
  });
}

Deno.test("a softcap bounds scores of any size", async () => {
  const large = Float32Array.from(Q, (x) => 1e4 * x);
  const f = te.attention({ ...sizes, softcap: 0.5 });
  await assertEverywhere(f, { Q: large, K, V }, { O: attended(sizes, [large, K, V], { softcap: 0.5 }) });
});

Deno.test("a program's mask and sinks are parameters after the values", () => {
  assertEquals(
    signature(te.attention({ ...sizes, length: "L", mask: true, sinks: true, dtype: "f16" })),
    "attention(Q: f16[3, 4, 4], K: f16[L, 2, 4], V: f16[L, 2, 4], mask: f16[3, L], sinks: f16[4], O: f16[3, 4, 4])",
  );
  const { mask: _, ...none } = { mask: false, sinks: false };
  assertEquals(String(te.attention({ ...sizes, ...none })), String(te.attention(sizes)));
});

Deno.test("options of attention that cannot be are refused", () => {
  for (
    const [options, says] of [
      [{ scale: 0 }, "expected scale of te.attention to be a finite number above 0, got 0"],
      [{ softcap: -1 }, "expected softcap of te.attention to be a finite number above 0, got -1"],
      [
        { slidingWindow: 0 },
        "expected slidingWindow of te.attention to be a positive integer below 2^31, got 0",
      ],
      [{ mask: q }, "expected mask of te.attention to be true or false"],
    ] as const
  ) {
    assertThrows(() => te.attention({ ...sizes, ...options as object }), OptionError, says);
  }
  const wrong = "expected mask of shape [3, 9] or [4, 3, 9], where all but the last may be 1, got ";
  for (const shape of [[9], [2, 9], [3, 1], [2, 3, 9], [1, 4, 3, 9]]) {
    const mask = te.placeholder("mask", shape);
    assertThrows(
      () => op.attention(q, k, v, { mask }),
      te.TeError,
      `${wrong}[${shape.join(", ")}], in attention`,
    );
  }
  assertThrows(
    () => op.attention(q, k, v, { mask: te.placeholder("mask", [3, 9], "i32") }),
    te.TeError,
    "expected mask of f32 or f16, got i32, in attention; cast it",
  );
  assertThrows(
    () => op.attention(q, k, v, { sinks: te.placeholder("sinks", [2]) }),
    te.TeError,
    "expected sinks of shape [4] to match Q's heads, got [2], in attention",
  );
});
