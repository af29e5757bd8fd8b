/** Caches that operators update in place, against positions written out in the test. */
import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import * as op from "../../lib/face/op.ts";
import * as te from "../../lib/face/te.ts";
import { randomInputs } from "../../lib/measure/random_inputs.ts";
import { assertResults, drawn, given } from "./drawn.ts";
import { arbSeed, tensor } from "./reference.ts";

const arbType = fc.constantFrom("f32" as const, "f16" as const, "i32" as const, "u32" as const);

Deno.test("append stores values from a position on, and takes one past the end back", async () => {
  const check = async (
    { axis, at, rank, dtype, seed }: {
      axis: number;
      at: number;
      rank: number;
      dtype: "f32" | "f16" | "i32" | "u32";
      seed: number;
    },
    everywhere: boolean,
  ) => {
    const shapes = { n: 2, m: 3 }, d = (axis + 3) % 3, length = 5;
    const cache = drawn("cache", [4, "m", 4].with(d, length), { dtype, seed, shapes });
    const X = drawn("X", [4, "m", 4].with(d, "n"), { dtype, seed, shapes });
    const P = given("P", rank === 0 ? [] : [1], rank === 0 ? [] : [1], [at], "i32");
    const start = Math.max(0, Math.min(at, length - 2));
    const wanted = tensor([...cache.shape], (...i) => {
      const k = (i[d] as number) - start;
      return k >= 0 && k < 2 ? X.at(...i.with(d, k)) : cache.at(...i);
    });
    const now = op.append(cache.tensor, X.tensor, P.tensor, { axis });
    await assertResults([X, P, cache], [now], [wanted], { shapes, everywhere });
  };
  const arb = fc.record({
    axis: fc.integer({ min: -3, max: 2 }),
    at: fc.integer({ min: -2, max: 7 }),
    rank: fc.nat(1),
    dtype: arbType,
    seed: arbSeed,
  });
  await fc.assert(fc.asyncProperty(arb, (o) => check(o, false)), { numRuns: 60 });
  await check({ axis: 0, at: 0, rank: 0, dtype: "f32", seed: 1 }, true);
  await check({ axis: 1, at: 3, rank: 1, dtype: "f16", seed: 2 }, true);
  await check({ axis: -1, at: 9, rank: 0, dtype: "i32", seed: 3 }, true);
});

Deno.test("scatterUpdate stores slices at positions, the nearest inside", async () => {
  const check = async (
    { axis, at, negative, seed }: { axis: number; at: readonly number[]; negative: boolean; seed: number },
    everywhere: boolean,
  ) => {
    const shapes = { n: at.length, m: 3 }, d = (axis + 3) % 3, length = 6;
    const cache = drawn("cache", [4, "m", 4].with(d, length), { seed, shapes });
    const X = drawn("X", [4, "m", 4].with(d, "n"), { seed, shapes });
    const P = given("P", ["n"], [at.length], at, "i32");
    const places = at.map((p) => Math.min(length - 1, Math.max(0, negative && p < 0 ? p + length : p)));
    const wanted = tensor([...cache.shape], (...i) => {
      const k = places.indexOf(i[d] as number);
      return k >= 0 ? X.at(...i.with(d, k)) : cache.at(...i);
    });
    const now = op.scatterUpdate(cache.tensor, X.tensor, P.tensor, { axis, negative });
    await assertResults([X, P, cache], [now], [wanted], { shapes, everywhere });
  };
  const distinct = fc.uniqueArray(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 6 });
  const arb = fc.record({
    axis: fc.integer({ min: -3, max: 2 }),
    at: distinct,
    negative: fc.boolean(),
    seed: arbSeed,
  });
  await fc.assert(fc.asyncProperty(arb, (o) => check(o, false)), { numRuns: 60 });
  await check({ axis: 0, at: [5, 0, 2], negative: false, seed: 1 }, true);
  await check({ axis: 1, at: [-1, 4, 0], negative: true, seed: 2 }, true);
});

Deno.test("positions that must differ are drawn so", () => {
  const cache = te.placeholder("cache", ["len", 2]), X = te.placeholder("X", ["n", 2]);
  const at = te.placeholder("at", ["n"], "i32", { from: 3, below: "len", distinct: true });
  const f = te.primFunc("f", [cache, X, at, op.scatterUpdate(cache, X, at)]);
  for (const wide of [false, true]) {
    const drawnAt = randomInputs(f, 7, { n: 20, len: 23 }, { wide }).at as Int32Array;
    assertEquals([...drawnAt].toSorted((a, b) => a - b), Array.from({ length: 20 }, (_, k) => k + 3));
  }
  assertThrows(
    () => randomInputs(f, 7, { n: 21, len: 23 }),
    Error,
    "expected 21 different values, got a range of 20",
  );
});

Deno.test("caches and values that don't fit are refused, and so are too many values at a run", () => {
  const cache = te.placeholder("cache", [4, 2]), at = te.placeholder("at", [], "i32");
  const refused = (make: () => unknown, says: string) => assertThrows(make, te.TeError, says);
  refused(
    () => op.append(cache, te.placeholder("X", [5, 2]), at),
    "expected at most 4 values along axis 0, got 5",
  );
  refused(
    () => op.append(cache, te.placeholder("X", [2, 3]), at),
    "expected values of shape [2, 2] to match cache",
  );
  refused(
    () => op.append(cache, cache, te.placeholder("at", [2], "i32")),
    "expected position of shape [] or [1]",
  );
  refused(() => op.append(cache, cache, te.placeholder("at", [])), "expected position of i32, got f32");
  refused(
    () => op.append(cache, te.placeholder("X", [1, 2], "f16"), at),
    "expected values of f32 as cache is",
  );
  refused(
    () => op.scatterUpdate(cache, te.placeholder("X", [3, 2]), te.placeholder("at", [2], "i32")),
    "expected values of shape [2, 2] to match cache and positions",
  );
  const X = te.placeholder("X", ["n", 2]), f = te.primFunc("f", [cache, X, at, op.append(cache, X, at)]);
  assertEquals(f.requires[0]?.because, "the cache holds the values");
});
