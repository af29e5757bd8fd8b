import { assertThrows } from "@std/assert";
import fc from "fast-check";
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
        dtype,
        ...(weights ? { weights } : {}),
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
    "cannot build attention of 4 heads over 3: each head of keys serves as many heads",
  );
  attention(
    { queries: 9 },
    "cannot build attention of 9 queries over a cache of 8: the tokens that ask are in it",
  );
  attention({ queries: 0 }, "cannot build attention with queries = 0");
  attention({ length: -1 }, "cannot build attention with length = -1");
  attention({ headDim: 2.5 }, "cannot build attention with headDim = 2.5");
  attention({ chunk: 0 }, "cannot build attention with chunk = 0");
  const turn = { rows: 2, heads: 2, kvHeads: 1, headDim: 8 };
  const rope = (more: Partial<Parameters<typeof te.rope>[0]>, says: string) =>
    assertThrows(() => te.rope({ ...turn, ...more }), te.TeError, says);
  rope({ headDim: 7 }, "cannot build rope with headDim = 7: halves of a head turn together, so it is even");
  rope({ rows: 0 }, "cannot build rope with rows = 0");
  rope({ kvHeads: 1.5 }, "cannot build rope with kvHeads = 1.5");
  for (const theta of [1, 0, -5, NaN, Infinity]) {
    rope({ theta }, `with theta = ${theta}: it is a finite number above 1`);
  }
  assertThrows(
    () => te.embedding({ rows: 1, vocabulary: 0, columns: 4 }),
    te.TeError,
    "cannot build embedding with vocabulary = 0",
  );
});
