/** Operators that read at positions that are data, against positions written out in the test. */
import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { interpret } from "../../lib/interp/interpret.ts";
import * as op from "../../lib/face/op.ts";
import * as te from "../../lib/face/te.ts";
import { assertResults, drawn, given, shown } from "./drawn.ts";
import { arbSeed, tensor } from "./reference.ts";

const arbType = fc.constantFrom("f32", "f16", "i32", "u32", "bool");
/** The position that an index means: from the end below 0 if that is asked for, and the nearest inside. */
function place(index: number, extent: number, negative: boolean): number {
  return Math.min(extent - 1, Math.max(0, negative && index < 0 ? index + extent : index));
}

Deno.test("gather takes slices along any axis, wherever indices are", async () => {
  const arb = fc.record({
    axis: fc.integer({ min: -3, max: 2 }),
    rank: fc.nat(2),
    negative: fc.boolean(),
    dtype: arbType,
    seed: arbSeed,
  });
  const check = async (
    o: { axis: number; rank: number; negative: boolean; dtype: te.ScalarType; seed: number },
    everywhere: boolean,
  ) => {
    const { axis, rank, negative, dtype, seed } = o, shapes = { n: 3, m: 4 }, d = axis < 0 ? axis + 3 : axis;
    const A = drawn("A", [2, "n", "m"], { dtype, seed, shapes });
    const I = drawn("I", ["m", 2].slice(0, rank), { dtype: "i32", seed, shapes, from: -6, below: 7 });
    const B = op.gather(A.tensor, I.tensor, { axis, negative });
    const wanted = tensor([...A.shape.slice(0, d), ...I.shape, ...A.shape.slice(d + 1)], (...at) => {
      const index = I.at(...at.slice(d, d + rank));
      return A.at(...at.slice(0, d), place(index, A.shape[d] ?? NaN, negative), ...at.slice(d + rank));
    });
    await assertResults([A, I], [B], [wanted], { shapes, everywhere });
  };
  await fc.assert(fc.asyncProperty(arb, (o) => check(o, false)), { numRuns: 60 });
  await check({ axis: 1, rank: 2, negative: true, dtype: "f32", seed: 3 }, true);
  await check({ axis: 0, rank: 0, negative: false, dtype: "i32", seed: 4 }, true);
});

Deno.test("a table that is computed is computed where it is read; a reduction is computed before", async () => {
  const A = drawn("A", [5, 4]), I = drawn("I", [3], { dtype: "i32", from: -1, below: 6 });
  const at = (i: number) => place(I.at(i), 5, false);
  const table = op.mul(A.tensor, A.tensor);
  const f = te.primFunc("f", [A.tensor, I.tensor, op.gather(table, I.tensor)]);
  assertEquals(f.allocs, []);
  await assertResults([A, I], [op.gather(table, I.tensor)], [
    tensor([3, 4], (i = 0, j = 0) => A.at(at(i), j) ** 2),
  ]);
  const sums = op.gather(op.reduceSum(A.tensor), I.tensor, { name: "G" });
  const wanted = tensor([3], (i = 0) => [0, 1, 2, 3].reduce((s, j) => s + A.at(at(i), j), 0));
  await assertResults([A, I], [sums], [wanted]);
});

Deno.test("a table's conditions on shapes hold for what is gathered from it", () => {
  const A = te.placeholder("A", ["n"]), I = te.placeholder("I", [2], "i32");
  const f = te.primFunc("f", [A, I, op.gather(op.reshape(A, [-1, 3]), I, { name: "G" })]);
  const run = (n: number) =>
    interpret(f, { A: new Float32Array(n), I: new Int32Array(2) }, { shapes: { n } });
  run(6);
  assertThrows(() => run(7), Error, "because the result of reshape has the elements of A");
});

Deno.test("gatherElements takes an element for each index", async () => {
  const arb = fc.record({
    axis: fc.integer({ min: -2, max: 1 }),
    negative: fc.boolean(),
    dtype: arbType,
    seed: arbSeed,
  });
  await fc.assert(
    fc.asyncProperty(arb, async ({ axis, negative, dtype, seed }) => {
      const shapes = { n: 4 }, d = axis < 0 ? axis + 2 : axis;
      const A = drawn("A", ["n", 5], { dtype, seed, shapes });
      const I = drawn("I", d === 0 ? [7, 3] : ["n", 8], { dtype: "i32", seed, shapes, from: -7, below: 8 });
      const B = op.gatherElements(A.tensor, I.tensor, { axis, negative });
      assertEquals(B.requires, []);
      const wanted = tensor(
        I.shape,
        (i = 0, j = 0) =>
          d === 0 ? A.at(place(I.at(i, j), 4, negative), j) : A.at(i, place(I.at(i, j), 5, negative)),
      );
      await assertResults([A, I], [B], [wanted], { shapes, everywhere: seed % 20 === 0 });
    }),
    { numRuns: 30 },
  );
  const A = te.placeholder("A", ["n", 5]), I = te.placeholder("I", ["m", 2], "i32");
  const f = te.primFunc("f", [A, I, op.gatherElements(A, I, { axis: 1 })]);
  const run = (n: number, m: number) =>
    interpret(f, { A: new Float32Array(5 * n), I: new Int32Array(2 * m) }, { shapes: { n, m } });
  run(3, 2);
  assertThrows(() => run(2, 3), Error, "because gatherElements has an element for each index");
});

Deno.test("gatherND takes positions in several dimensions, with and without a batch", async () => {
  const shapes = { n: 3 }, A = drawn("A", ["n", 4, 5], { shapes });
  const I = drawn("I", [2, 6, 2], { dtype: "i32", from: -6, below: 7 });
  for (const negative of [false, true]) {
    const wanted = tensor(
      [2, 6, 5],
      (i = 0, j = 0, k = 0) => A.at(place(I.at(i, j, 0), 3, negative), place(I.at(i, j, 1), 4, negative), k),
    );
    await assertResults([A, I], [op.gatherND(A.tensor, I.tensor, { negative })], [wanted], { shapes });
  }
  const J = drawn("J", ["n", 2, 1], { dtype: "i32", shapes, from: 0, below: 4 });
  const B = op.gatherND(A.tensor, J.tensor, { batchDims: 1 });
  assertEquals(shown(B), "f32[n, 2, 5]");
  await assertResults([A, J], [B], [tensor([3, 2, 5], (i = 0, j = 0, k = 0) => A.at(i, J.at(i, j, 0), k))], {
    shapes,
  });
  const K = drawn("K", ["n", 3], { dtype: "i32", shapes, from: 0, below: 3 });
  await assertResults(
    [A, K],
    [op.gatherND(A.tensor, K.tensor)],
    [tensor([3], (i = 0) => A.at(K.at(i, 0), K.at(i, 1), K.at(i, 2)))],
    { shapes },
  );
});

Deno.test("oneHot marks the class of each index", async () => {
  const shapes = { n: 3, d: 4 };
  const I = given("I", ["n", 2], [3, 2], [0, 3, -1, 4, 2, -5], "i32");
  for (const [axis, e] of [[-1, 2], [0, 0], [1, 1]] as const) {
    for (const negative of [false, true]) {
      const B = op.oneHot(I.tensor, { depth: "d", axis, negative, values: [-1, 2], dtype: "i32" });
      const wanted = tensor([3, 2].toSpliced(e, 0, 4), (...at) => {
        const index = I.at(...at.toSpliced(e, 1));
        return (negative && index < 0 ? index + 4 : index) === at[e] ? 2 : -1;
      });
      const f = te.primFunc("f", [I.tensor, B]);
      assertEquals(Array.from(interpret(f, { I: I.array }, { shapes })["B"] ?? []), [...wanted]);
    }
  }
  const B = op.oneHot(I.tensor, { depth: 5 });
  assertEquals(shown(B), "f32[n, 2, 5]");
  await assertResults([I], [B], [tensor([3, 2, 5], (i = 0, j = 0, k = 0) => +(I.at(i, j) === k))], {
    shapes,
  });
});

Deno.test("where takes elements of one of two tensors", async () => {
  const shapes = { n: 3 };
  for (const dtype of ["f32", "i32", "bool"] as const) {
    const P = drawn("P", ["n", 1], { dtype: "bool", shapes, seed: 2 });
    const A = drawn("A", [4], { dtype }), B = drawn("B", [2, "n", 4], { dtype, shapes });
    const C = op.where(P.tensor, A.tensor, B.tensor);
    assertEquals(shown(C), `${dtype}[2, n, 4]`);
    const wanted = tensor([2, 3, 4], (i = 0, j = 0, k = 0) => P.at(j, 0) ? A.at(k) : B.at(i, j, k));
    await assertResults([P, A, B], [C], [wanted], { shapes });
  }
});

Deno.test("tensors that don't fit are refused", () => {
  const A = te.placeholder("A", [4, 3]),
    I = te.placeholder("I", [5, 2], "i32"),
    P = te.placeholder("P", [3], "bool");
  const three = te.placeholder("T", [2, 3], "i32"), H = te.placeholder("H", [4, 3], "f16");
  const refused: readonly (readonly [() => te.Tensor, string])[] = [
    [() => op.gather(A, A), "expected indices of i32, got f32, in gather; cast it"],
    [
      () => op.gather(A, I, { axis: 2 }),
      "expected axis from -2 to 1 for A of shape [4, 3], got 2, in gather",
    ],
    [
      () => op.gatherElements(A, I, { axis: 1 }),
      "expected indices of a shape within A's [4, 3] in all dimensions except 1, got [5, 2], in gatherElements",
    ],
    [
      () => op.gatherND(A, three),
      "expected A with 3 dimensions after a batch of 0 that indices [2, 3] have too, got [4, 3], in gatherND",
    ],
    [
      () => op.gatherND(A, I, { batchDims: 1 }),
      "expected A with 2 dimensions after a batch of 1 that indices [5, 2] have too, got [4, 3], in gatherND",
    ],
    [() => op.oneHot(A, { depth: 3 }), "expected indices of i32, got f32, in oneHot; cast it"],
    [
      () => op.oneHot(I, { depth: 3, dtype: "u32", values: [-1, 1] }),
      "expected values[0] to be a number of u32, got -1, in oneHot",
    ],
    [() => op.where(A, A, A), "expected condition of bool, got f32, in where; cast it"],
    [() => op.where(P, A, H), "expected B of f32 as A is, got f16, in where; cast it"],
    [() => op.where(P, A, I), "expected B of f32 as A is, got i32, in where; cast it"],
    [
      () => op.where(P, te.placeholder("x", [4]), te.placeholder("y", [4])),
      "expected A of a shape that fits condition's [3], got [4], in where: from the last dimension on",
    ],
  ];
  for (const [build, says] of refused) assertThrows(build, te.TeError, says);
});
