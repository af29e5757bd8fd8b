/** Operators that write at positions that are data, against loops over the updates. */
import { assertThrows } from "@std/assert";
import fc from "fast-check";
import * as op from "../../lib/face/op.ts";
import * as te from "../../lib/face/te.ts";
import { assertResults, type Drawn, drawn } from "./drawn.ts";
import { arbSeed } from "./reference.ts";

const REDUCTIONS = ["none", "add", "mul", "max", "min"] as const;
type Reduction = typeof REDUCTIONS[number];

const JOIN: Readonly<Record<Reduction, (x: number, u: number) => number>> = {
  none: (_, u) => u,
  add: (x, u) => x + u,
  mul: (x, u) => x * u,
  max: Math.max,
  min: Math.min,
};

/** All positions of a shape, in order. */
function positions(shape: readonly number[]): readonly (readonly number[])[] {
  return shape.reduce<readonly (readonly number[])[]>(
    (all, d) => all.flatMap((at) => Array.from({ length: d }, (_, i) => [...at, i])),
    [[]],
  );
}

/** X with updates, one after the other; those outside of it are left out. */
function updated(
  X: Drawn,
  updates: readonly (readonly [at: readonly number[], u: number])[],
  how: Reduction,
) {
  const values = [...X.array] as number[];
  for (const [at, u] of updates) {
    if (at.some((i, d) => i < 0 || i >= (X.shape[d] ?? 0))) continue;
    const flat = at.reduce((n, i, d) => n * (X.shape[d] ?? 0) + i, 0);
    values[flat] = JOIN[how](values[flat] ?? NaN, u);
  }
  return values;
}

Deno.test("scatterElements writes along any axis, and leaves out what is outside", async () => {
  const arb = fc.record({
    axis: fc.integer({ min: -2, max: 1 }),
    negative: fc.boolean(),
    how: fc.constantFrom(...REDUCTIONS),
    dtype: fc.constantFrom("f32" as const, "i32" as const),
    seed: arbSeed,
  });
  type Case = typeof arb extends fc.Arbitrary<infer T> ? T : never;
  const check = async ({ axis, negative, how, dtype, seed }: Case, everywhere: boolean) => {
    const shapes = { n: 3 }, d = axis < 0 ? axis + 2 : axis;
    const dims = d === 0 ? [5, "n"] : ["n", 5], own = d === 0 ? [4, "n"] : ["n", 4];
    const X = drawn("X", dims, { dtype, seed, shapes, from: -3, below: 4 });
    const I = drawn("I", own, { dtype: "i32", seed, shapes, from: -6, below: 7 });
    const U = drawn("U", own, { dtype, seed: seed + 1, shapes, from: -3, below: 4 });
    const updates = positions(I.shape).map((at) => {
      const index = I.at(...at), whole = negative && index < 0 ? index + 5 : index;
      return [at.with(d, whole), U.at(...at)] as const;
    });
    const B = op.scatterElements(X.tensor, I.tensor, U.tensor, { axis, negative, reduction: how });
    await assertResults([X, I, U], [B], [updated(X, updates, how)], { shapes, everywhere });
  };
  await fc.assert(fc.asyncProperty(arb, (o) => check(o, false)), { numRuns: 60 });
  await check({ axis: 1, negative: true, how: "none", dtype: "f32", seed: 3 }, true);
  await check({ axis: 0, negative: false, how: "add", dtype: "f32", seed: 4 }, true);
});

Deno.test("scatterND writes slices, and indices may be smaller than A", async () => {
  for (const [k, how] of REDUCTIONS.entries()) {
    const X = drawn("X", [4, 3, 2], { seed: k }),
      I = drawn("I", [5, 2], { dtype: "i32", seed: k, from: -2, below: 5 });
    const U = drawn("U", [5, 2], { seed: k + 9 });
    const updates = positions(U.shape).map((at) => {
      const [n, c] = at as [number, number];
      return [[I.at(n, 0), I.at(n, 1), c], U.at(n, c)] as const;
    });
    const B = op.scatterND(X.tensor, I.tensor, U.tensor, { reduction: how });
    await assertResults([X, I, U], [B], [updated(X, updates, how)], { everywhere: k < 2 });
  }
  const X = drawn("X", [4, 6]),
    I = drawn("I", [2, 3], { dtype: "i32", from: 0, below: 6 }),
    U = drawn("U", [2, 3]);
  const updates = positions(I.shape).map((at) => [at.with(1, I.at(...at)), U.at(...at)] as const);
  const B = op.scatterElements(X.tensor, I.tensor, U.tensor, { axis: 1 });
  await assertResults([X, I, U], [B], [updated(X, updates, "none")]);
});

Deno.test("tensors that don't fit together are refused", () => {
  const X = te.placeholder("X", [4, 4]), I = te.placeholder("I", [2, 5], "i32");
  const U = te.placeholder("U", [2, 4]), wide = te.placeholder("W", [5, 4], "i32");
  assertThrows(() => op.scatterElements(X, I, U), te.TeError, "to match indices");
  assertThrows(
    () => op.scatterElements(X, wide, te.placeholder("V", [5, 4]), { axis: 1 }),
    te.TeError,
    "within A's",
  );
  assertThrows(() => op.scatterND(X, I, U), te.TeError, "up to 2 dimensions");
  assertThrows(() => op.scatterND(X, U, U), te.TeError, "expected indices of i32");
});
