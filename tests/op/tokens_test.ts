import { assertThrows } from "@std/assert";
import fc from "fast-check";
import { OptionError } from "../../lib/base/error.ts";
import { verifyFunc } from "../../lib/ir/verify.ts";
import * as te from "../../lib/face/te.ts";
import {
  arbDtype,
  arbGiven,
  arbSeed,
  assertComputes,
  at,
  decodeQ4,
  Random,
  shapesOf,
  tensor,
  total,
} from "./reference.ts";

Deno.test("attention is the softmax of the scores over what a token sees, times the values", () => {
  const arb = fc.record({
    queries: arbGiven("queries", fc.integer({ min: 1, max: 4 })),
    more: fc.nat(9),
    symbolic: fc.boolean(),
    kvHeads: fc.integer({ min: 1, max: 2 }),
    group: fc.integer({ min: 1, max: 3 }),
    headDim: fc.constantFrom(1, 2, 5, 8),
    causal: fc.constantFrom(true, false, undefined),
    chunk: fc.constantFrom(1, 2, 3, 4, 64),
    dtype: arbDtype,
  });
  fc.assert(
    fc.property(arb, arbSeed, ({ queries, more, symbolic, kvHeads, group, causal, ...rest }, seed) => {
      const { headDim, dtype } = rest, heads = kvHeads * group, m = queries.value;
      const length = { dim: symbolic ? "length" : m + more, value: m + more };
      const f = te.attention({
        queries: queries.dim,
        length: length.dim,
        heads,
        kvHeads,
        ...rest,
        ...(causal === undefined ? {} : { causal }),
      });
      verifyFunc(f);
      const random = new Random(seed);
      const Q = random.floats(m * heads * headDim, dtype);
      const K = random.floats(length.value * kvHeads * headDim, dtype);
      const V = random.floats(length.value * kvHeads * headDim, dtype);
      const seen = (i: number) => causal === false ? length.value : length.value - m + i + 1;
      const weight = (i: number, h: number, l: number) =>
        Math.exp(
          total(headDim, (d) =>
            at(Q, headDim, i * heads + h, d) * at(K, headDim, l * kvHeads + Math.floor(h / group), d)) /
            Math.sqrt(headDim),
        );
      const O = tensor(
        [m, heads, headDim],
        (i = 0, h = 0, d = 0) =>
          total(seen(i), (l) => weight(i, h, l) * at(V, headDim, l * kvHeads + Math.floor(h / group), d)) /
          total(seen(i), (l) => weight(i, h, l)),
      );
      assertComputes(f, { Q, K, V }, { O }, shapesOf(queries, length), 1e-11);
    }),
    { numRuns: 60 },
  );
});

Deno.test("rope turns pairs of elements by their position, and leaves values alone", () => {
  const arb = fc.record({
    rows: arbGiven("rows", fc.integer({ min: 1, max: 4 })),
    heads: fc.integer({ min: 1, max: 3 }),
    kvHeads: fc.integer({ min: 1, max: 2 }),
    half: fc.integer({ min: 1, max: 4 }),
    theta: fc.constantFrom(10000, 500000, undefined),
    dtype: arbDtype,
  });
  fc.assert(
    fc.property(arb, arbSeed, ({ rows, heads, kvHeads, half, theta, dtype }, seed) => {
      const headDim = 2 * half, width = (heads + 2 * kvHeads) * headDim;
      const f = te.rope({
        rows: rows.dim,
        heads,
        kvHeads,
        headDim,
        dtype,
        ...(theta === undefined ? {} : { theta }),
      });
      verifyFunc(f);
      const random = new Random(seed);
      const qkv = random.floats(rows.value * width, dtype);
      const position = Int32Array.from({ length: rows.value }, () => random.next() % 1000);
      const turned = (count: number, first: number) =>
        tensor([rows.value, count, headDim], (r = 0, h = 0, d = 0) => {
          const pair = d % half, x = (e: number) => at(qkv, width, r, (first + h) * headDim + e);
          const angle = (position[r] ?? NaN) / (theta ?? 10000) ** (pair / half);
          const [low, high] = [x(pair), x(pair + half)];
          return d < half
            ? low * Math.cos(angle) - high * Math.sin(angle)
            : high * Math.cos(angle) + low * Math.sin(angle);
        });
      const v = tensor(
        [rows.value, kvHeads, headDim],
        (r = 0, h = 0, d = 0) => at(qkv, width, r, (heads + kvHeads + h) * headDim + d),
      );
      const wanted = { q: turned(heads, 0), k: turned(kvHeads, heads), v };
      assertComputes(f, { qkv, position }, wanted, shapesOf(rows), 1e-10);
    }),
    { numRuns: 40 },
  );
});

Deno.test("an embedding looks rows up, and takes ids outside to the nearest row", () => {
  const arb = fc.record({
    rows: arbGiven("rows", fc.integer({ min: 1, max: 6 })),
    vocabulary: arbGiven("vocabulary", fc.integer({ min: 1, max: 9 })),
    columns: arbGiven("columns", fc.constantFrom(1, 7, 32, 40)),
    dtype: arbDtype,
    weights: fc.constantFrom(undefined, "q4f16_1" as const, "q4f32_1" as const),
  });
  fc.assert(
    fc.property(arb, arbSeed, ({ rows, vocabulary, columns, dtype, weights }, seed) => {
      const random = new Random(seed), n = vocabulary.value, k = columns.value;
      const f = te.embedding({
        rows: rows.dim,
        vocabulary: vocabulary.dim,
        columns: columns.dim,
        ...(weights ? { weights } : { dtype }),
      });
      verifyFunc(f);
      const ids = Int32Array.from({ length: rows.value }, () => random.next() % (n + 4) - 2);
      const W = random.floats(n * k, weights ? "f32" : dtype);
      const packed = weights && te.quantizeQ4(Float32Array.from(W), { n, k, layout: weights });
      const B = tensor([rows.value, k], (r = 0, c = 0) => {
        const id = Math.max(0, Math.min(n - 1, ids[r] ?? NaN));
        return packed ? decodeQ4(packed.W_q, packed.W_scale, k, id, c) : at(W, k, id, c);
      });
      assertComputes(f, { ...(packed ?? { W }), ids }, { B }, shapesOf(rows, vocabulary, columns), 0);
    }),
    { numRuns: 40 },
  );
});

Deno.test("heads and angles that cannot be are refused", () => {
  const heads = { queries: 1, length: 8, heads: 4, kvHeads: 2, headDim: 8 };
  const attention = (more: Partial<Parameters<typeof te.attention>[0]>, says: string) =>
    assertThrows(() => te.attention({ ...heads, ...more }), te.TeError, says);
  attention(
    { kvHeads: 3 },
    "expected kvHeads to divide heads, because each head of keys serves the same number of heads of queries, got 3 and 4",
  );
  attention(
    { queries: 9 },
    "expected a cache of at least 9 positions, because it holds the queries' own tokens, got 8, in attention",
  );
  const unattended = (more: Partial<Parameters<typeof te.attention>[0]>, says: string) =>
    assertThrows(() => te.attention({ ...heads, ...more }), OptionError, says);
  unattended({ queries: 0 }, "expected queries of te.attention to be a positive integer below 2^31, or");
  unattended({ length: -1 }, "expected length of te.attention to be a positive integer below 2^31, or");
  unattended(
    { headDim: 2.5 },
    "expected headDim of te.attention to be a positive integer below 2^31, got 2.5",
  );
  unattended({ chunk: 0 }, "expected chunk of te.attention to be a positive integer below 2^31, got 0");
  const turn = { rows: 2, heads: 2, kvHeads: 1, headDim: 8 };
  const rope = (more: Partial<Parameters<typeof te.rope>[0]>, says: string) =>
    assertThrows(() => te.rope({ ...turn, ...more }), te.TeError, says);
  const unrotated = (more: Partial<Parameters<typeof te.rope>[0]>, says: string) =>
    assertThrows(() => te.rope({ ...turn, ...more }), OptionError, says);
  rope(
    { headDim: 7 },
    "expected headDim to be even, because the halves of a head are rotated together, got 28 / (2 + 2·1) = 7, in rope",
  );
  unrotated({ rows: 0 }, "expected rows of te.rope to be a positive integer below 2^31, or");
  unrotated({ kvHeads: 1.5 }, "expected kvHeads of te.rope to be a positive integer below 2^31, got 1.5");
  for (const theta of [1, 0, -5, NaN, Infinity]) {
    unrotated({ theta }, `expected theta of te.rope to be a finite number above 1, got ${theta}`);
  }
  assertThrows(
    () => te.embedding({ rows: 1, vocabulary: 0, columns: 4 }),
    OptionError,
    "expected vocabulary of te.embedding to be a positive integer below 2^31, or",
  );
  for (const [weights, dtype, own] of [["q4f16_1", "f32", "f16"], ["q4f32_1", "f16", "f32"]] as const) {
    assertThrows(
      () => te.embedding({ rows: 1, vocabulary: 8, columns: 4, weights, dtype }),
      te.TeError,
      `expected no dtype = ${dtype} beside weights = ${weights} in embedding: they are decoded to ${own}; leave it out`,
    );
  }
});
