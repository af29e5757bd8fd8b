/** Positions of largest and smallest elements along any dimension, short and long, with ties. */
import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import fc from "fast-check";
import * as op from "../../lib/face/op.ts";
import * as te from "../../lib/face/te.ts";
import * as expr from "../../lib/te/expr.ts";
import { verifyFunc } from "../../lib/ir/verify.ts";
import { assertEverywhere } from "./everywhere.ts";
import { arbGiven, arbSeed, assertComputes, Random, shapesOf } from "./reference.ts";

type Numbers = Float32Array | Int32Array;

/** The positions along a dimension, through strides. */
function positions(
  A: Numbers,
  shape: readonly number[],
  axis: number,
  isBetter: (x: number, y: number) => boolean,
  last: boolean,
): readonly number[] {
  const n = shape[axis] as number, stride = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const found: number[] = [];
  for (let outer = 0; outer < A.length; outer += n * stride) {
    for (let inner = 0; inner < stride; inner++) {
      const x = (k: number) => A[outer + inner + k * stride] as number;
      let best = 0;
      for (let k = 1; k < n; k++) if (isBetter(x(k), x(best)) || (last && x(k) === x(best))) best = k;
      found.push(best);
    }
  }
  return found;
}

/** Few different values, so that there are ties. */
function draw(size: number, seed: number, most: number): Float32Array {
  const random = new Random(seed);
  return new Float32Array(size).map(() => random.next() % most - most / 2);
}

const OPERATORS = [[op.argmax, (x: number, y: number) => x > y], [
  op.argmin,
  (x: number, y: number) => x < y,
]] as const;

Deno.test("argmax and argmin go along any dimension of tensors of any rank", () => {
  const size = fc.integer({ min: 1, max: 5 });
  const arbShape = fc.integer({ min: 1, max: 4 })
    .chain((rank) => fc.tuple(...["a", "b", "c", "d"].slice(0, rank).map((name) => arbGiven(name, size))));
  const arbOptions = fc.record({ fromEnd: fc.boolean(), keepDims: fc.boolean(), last: fc.boolean() });
  fc.assert(
    fc.property(
      arbShape,
      fc.nat(),
      arbOptions,
      arbSeed,
      (given, drawn, { fromEnd, keepDims, last }, seed) => {
        const shape = given.map((g) => g.value), rank = shape.length, axis = drawn % rank;
        for (const [of, isBetter] of OPERATORS) {
          const A = te.placeholder("A", given.map((g) => g.dim));
          const B = of(A, { axis: fromEnd ? axis - rank : axis, keepDims, last });
          assertEquals([B.dtype, B.shape.length], ["i32", keepDims ? rank : rank - 1]);
          const f = te.primFunc("arg", [A, B]);
          verifyFunc(f);
          const data = draw(shape.reduce((n, d) => n * d, 1), seed, 7);
          assertComputes(
            f,
            { A: data },
            { B: positions(data, shape, axis, isBetter, last) },
            shapesOf(...given),
          );
        }
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("argmax and argmin are right on every device, for short and long rows and columns", async () => {
  for (
    const [shape, axis] of [[[33, 70], 1], [[70, 33], 0], [[3, 5000], 1], [[1000, 3], 0], [[1, 4097], -1], [[
      300,
    ], 0]] as const
  ) {
    for (const [k, [of, isBetter]] of OPERATORS.entries()) {
      const A = te.placeholder("A", shape);
      const last = k === 0;
      const data = draw(shape.reduce<number>((n, d) => n * d, 1), 3, 400);
      const wanted = positions(data, shape, (axis + shape.length) % shape.length, isBetter, last);
      await assertEverywhere(te.primFunc("arg", [A, of(A, { axis, last })]), { A: data }, { B: wanted });
    }
  }
});

Deno.test("elements that are computed as they are read are searched once, long rows in chunks", async () => {
  for (
    const [shape, axis, last] of [[[3, 5000], 1, false], [[700, 2], 0, true], [[4, 90], 1, true]] as const
  ) {
    const A = te.placeholder("A", shape), data = draw(shape[0] * shape[1], 11, 400);
    const third = te.compute("third", shape, (...at) => expr.div(A.at(...at), 3));
    for (const [of, isBetter] of OPERATORS) {
      const f = te.primFunc("arg", [A, of(third, { axis, last, keepDims: true })]);
      assertMatch(`${f}`, /B(_chunk)?_best/);
      await assertEverywhere(f, { A: data }, { B: positions(data, shape, axis, isBetter, last) });
    }
  }
});

Deno.test("rows of symbolic length are searched in chunks, and nothing beyond their end", async () => {
  const A = te.placeholder("A", [2, "n"]), f = te.primFunc("arg", [A, op.argmin(A, { last: true })]);
  for (const n of [1, 63, 64, 65, 200]) {
    const data = new Float32Array(2 * n).fill(Infinity);
    data[n >> 1] = 7;
    // A row of nothing but ∞ has its last position.
    await assertEverywhere(f, { A: data }, { B: [n >> 1, n - 1] }, { n });
  }
});

Deno.test("the greedy token of logits", async () => {
  const n = 32000, logits = te.placeholder("logits", [1, n]);
  const token = op.argmax(logits, { name: "token" });
  const data = draw(n, 5, 100000);
  data[77] = NaN;
  data[31999] = 1e9;
  await assertEverywhere(te.primFunc("greedy", [logits, token]), { logits: data }, { token: [31999] });
});

Deno.test("argmax refuses what it can't take", () => {
  const A = te.placeholder("A", [2, 3]), T = te.placeholder("T", [2], "bool");
  assertThrows(() => op.argmax(A, { axis: 2 }), te.TeError, "expected axis from -2 to 1");
  assertThrows(() => op.argmin(T), te.TeError, "got bool, in argmin");
});
