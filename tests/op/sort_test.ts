/** Sorted elements and the first of them, along any dimension, with ties and NaN. */
import { assertEquals, assertNotMatch, assertThrows } from "@std/assert";
import fc from "fast-check";
import { OptionError } from "../../lib/base/error.ts";
import * as op from "../../lib/face/op.ts";
import * as te from "../../lib/face/te.ts";
import { verifyFunc } from "../../lib/ir/verify.ts";
import { assertEverywhere } from "./everywhere.ts";
import { arbGiven, arbSeed, assertComputes, Random, shapesOf } from "./reference.ts";

/** The first `count` elements in order along a dimension, and their positions, through strides. */
function inOrder(
  A: ArrayLike<number>,
  shape: readonly number[],
  axis: number,
  descending: boolean,
  count = shape[axis] as number,
): { readonly values: readonly number[]; readonly positions: readonly number[] } {
  const n = shape[axis] as number, stride = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const size = A.length / n * count;
  const values = new Array<number>(size).fill(NaN), positions = new Array<number>(size).fill(NaN);
  const worst = descending ? -Infinity : Infinity;
  for (let outer = 0; outer * n * stride < A.length; outer++) {
    for (let inner = 0; inner < stride; inner++) {
      const x = (k: number) => A[outer * n * stride + inner + k * stride] as number;
      const key = (k: number) => Number.isNaN(x(k)) ? worst : x(k);
      const order = Array.from({ length: n }, (_, k) => k)
        .sort((a, b) => (key(a) === key(b) ? a - b : (key(a) < key(b)) === descending ? 1 : -1));
      order.slice(0, count).forEach((k, j) => {
        const to = outer * count * stride + inner + j * stride;
        values[to] = x(k);
        positions[to] = k;
      });
    }
  }
  return { values, positions };
}

/** Few different values, so that there are ties. */
function draw(size: number, seed: number, most: number): Float32Array {
  const random = new Random(seed);
  return new Float32Array(size).map(() => random.next() % most - most / 2);
}

Deno.test("sort, argsort and topK go along any dimension of tensors of any rank", () => {
  const size = fc.integer({ min: 1, max: 5 });
  const arbShape = fc.integer({ min: 1, max: 4 })
    .chain((rank) => fc.tuple(...["a", "b", "c", "d"].slice(0, rank).map((name) => arbGiven(name, size))));
  fc.assert(
    fc.property(arbShape, fc.nat(), fc.boolean(), arbSeed, (given, drawn, descending, seed) => {
      const shape = given.map((g) => g.value), rank = shape.length, axis = drawn % rank;
      const A = te.placeholder("A", given.map((g) => g.dim));
      const option = { axis: drawn % 2 ? axis - rank : axis };
      const count = 1 + drawn % (shape[axis] as number);
      const { values, indices } = op.topK(A, count, { ...option, largest: descending, name: "T" });
      const S = op.sort(A, { ...option, descending, name: "S" }),
        P = op.argsort(A, { ...option, descending, name: "P" });
      assertEquals([S.dtype, P.dtype, values.dtype, indices.dtype], ["f32", "i32", "f32", "i32"]);
      const f = te.primFunc("order", [A, S, P, values, indices]);
      verifyFunc(f);
      const data = draw(shape.reduce((n, d) => n * d, 1), seed, 5);
      const all = inOrder(data, shape, axis, descending),
        some = inOrder(data, shape, axis, descending, count);
      assertComputes(
        f,
        { A: data },
        { S: all.values, P: all.positions, T: some.values, T_indices: some.positions },
        shapesOf(...given),
      );
    }),
    { numRuns: 60 },
  );
});

Deno.test("sorted rows and columns are right on every device", async () => {
  for (
    const [shape, axis, descending] of [[[3, 70], 1, true], [[90, 4], 0, false], [[300], 0, true]] as const
  ) {
    const A = te.placeholder("A", shape);
    const data = draw(shape.reduce<number>((n, d) => n * d, 1), 3, 40);
    const f = te.primFunc("order", [
      A,
      op.sort(A, { axis, descending, name: "S" }),
      op.argsort(A, { axis, descending, name: "P" }),
    ]);
    const { values, positions } = inOrder(data, shape, axis, descending);
    await assertEverywhere(f, { A: data }, { S: values, P: positions });
  }
});

Deno.test("NaN comes last, and zeros of either sign are equal", async () => {
  const rows = [[NaN, 2, -Infinity, NaN, 1], [0, -0, 0, -0, -1], [NaN, Infinity, NaN, 3, NaN]];
  const data = Float32Array.from(rows.flat()), A = te.placeholder("A", [3, 5]);
  for (const descending of [true, false]) {
    const f = te.primFunc("order", [A, op.argsort(A, { descending })]);
    await assertEverywhere(f, { A: data }, { B: inOrder(data, [3, 5], 1, descending).positions });
  }
});

Deno.test("the first elements of long rows are found by chunks", async () => {
  const cases = [[[2, 1500], 1, 5], [[5000], 0, 40], [[1100, 2], 0, 1], [[1, 9001], 1, 16]] as const;
  for (const [k, [shape, axis, count]] of cases.entries()) {
    const A = te.placeholder("A", shape), largest = k % 2 === 0;
    const { values, indices } = op.topK(A, count, { axis, largest });
    // Half of them have nothing but a few values; so a chunk has more than enough of the best.
    const data = draw(shape.reduce<number>((n, d) => n * d, 1), 3, k < 2 ? 20 : 1 << 20);
    const wanted = inOrder(data, shape, axis, largest, count);
    await assertEverywhere(te.primFunc("top", [A, values, indices]), { A: data }, {
      B: wanted.values,
      B_indices: wanted.positions,
    });
  }
  const infinite = new Float32Array(1500).fill(-Infinity), A = te.placeholder("A", [1500]);
  const { indices } = op.topK(A, 3);
  await assertEverywhere(te.primFunc("top", [A, indices]), { A: infinite }, { B_indices: [0, 1, 2] });
});

Deno.test("the first elements of long rows cost far less than all comparisons", () => {
  const A = te.placeholder("A", [32000], "i32"), f = te.primFunc("top", [A, op.topK(A, 40).values]);
  assertNotMatch(`${f}`, /range\(32000\)/);
});

Deno.test("rows of symbolic length are refused where they are shorter than k", () => {
  const A = te.placeholder("A", [2, "n"]), { values } = op.topK(A, 3);
  const f = te.primFunc("top", [A, values]);
  assertComputes(f, { A: Float32Array.of(1, 2, 3, 4, 8, 7, 6, 5) }, { B: [4, 3, 2, 8, 7, 6] }, { n: 4 });
  const needs = (t: te.Tensor) =>
    te.primFunc("top", [A, t]).requires.some((r) => r.because.includes("op.topK takes 3 elements"));
  assertEquals([values, op.topK(A, 3).indices, op.topK(A, 3, { axis: 1 }).values].map(needs), [
    true,
    true,
    true,
  ]);
});

Deno.test("topK refuses what it can't take", () => {
  const A = te.placeholder("A", [2, 3]), T = te.placeholder("T", [2], "bool");
  assertThrows(
    () => op.topK(A, 4),
    te.TeError,
    "expected k up to 3, the extent of dimension 1 of A, got 4, in topK",
  );
  assertThrows(() => op.topK(A, 0), OptionError, "k");
  assertThrows(() => op.sort(T), te.TeError, "got bool, in sort");
  assertThrows(() => op.argsort(A, { axis: 2 }), te.TeError, "expected axis from -2 to 1");
});
