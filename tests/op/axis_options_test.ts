/** Softmax and logSumExp along any axis, against references in doubles. */
import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { OptionError } from "../../lib/base/error.ts";
import type { NumberArray } from "../../lib/interp/interpret.ts";
import { verifyFunc } from "../../lib/ir/verify.ts";
import * as op from "../../lib/face/op.ts";
import * as te from "../../lib/face/te.ts";
import { assertEverywhere } from "./everywhere.ts";
import { arbDtype, arbGiven, arbSeed, assertComputes, Random, shapesOf, total } from "./reference.ts";

/** Softmax and logSumExp over dimension `axis` of a tensor, element by element through strides. */
function along(A: NumberArray, shape: readonly number[], axis: number) {
  const size = shape.reduce((a, b) => a * b, 1), n = shape[axis] ?? NaN;
  const stride = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const P = new Array<number>(size).fill(NaN), L: number[] = [];
  for (let outer = 0; outer < size; outer += n * stride) {
    for (let inner = 0; inner < stride; inner++) {
      const x = (k: number) => A[outer + inner + k * stride] ?? NaN;
      const sum = total(n, (k) => Math.exp(x(k)));
      for (let k = 0; k < n; k++) P[outer + inner + k * stride] = Math.exp(x(k)) / sum;
      L.push(Math.log(sum));
    }
  }
  return { P, L };
}

Deno.test("softmax and logSumExp go along any axis, also from the end, of tensors of any rank", () => {
  const size = fc.integer({ min: 1, max: 5 });
  const arbShape = fc.integer({ min: 1, max: 4 })
    .chain((rank) => fc.tuple(...["a", "b", "c", "d"].slice(0, rank).map((name) => arbGiven(name, size))));
  fc.assert(
    fc.property(arbShape, fc.nat(), fc.boolean(), arbDtype, arbSeed, (given, drawn, fromEnd, dtype, seed) => {
      const shape = given.map((g) => g.value), rank = shape.length, axis = drawn % rank;
      const A = te.placeholder("A", given.map((g) => g.dim), dtype);
      const option = { axis: fromEnd ? axis - rank : axis };
      const f = te.primFunc("rows", [
        A,
        op.softmax(A, { ...option, name: "P" }),
        op.logSumExp(A, { ...option, name: "L" }),
      ]);
      verifyFunc(f);
      const a = new Random(seed).floats(shape.reduce((x, y) => x * y, 1), dtype);
      assertComputes(f, { A: a }, along(a, shape, axis), shapesOf(...given), 1e-11);
    }),
    { numRuns: 80 },
  );
});

const shape = [3, 5, 4], a = new Random(9).floats(60, "f32");
for (const axis of [0, 1, -1]) {
  Deno.test(`softmax and logSumExp along axis ${axis} are right everywhere`, async () => {
    const A = te.placeholder("A", ["n", 5, 4]), { P, L } = along(a, shape, axis < 0 ? axis + 3 : axis);
    const softmax = te.primFunc("softmax", [A, op.softmax(A, { axis })]);
    await assertEverywhere(softmax, { A: a }, { B: P }, { n: 3 });
    const logSumExp = te.primFunc("log_sum_exp", [A, op.logSumExp(A, { axis })]);
    await assertEverywhere(logSumExp, { A: a }, { B: L }, { n: 3 });
  });
}

Deno.test("the programs of a matrix take an axis too", async () => {
  const matrix = { rows: "n", columns: 20 };
  for (const axis of [0, 1, -1, -2] as const) {
    const { P, L } = along(a, [3, 20], axis < 0 ? axis + 2 : axis);
    await assertEverywhere(te.softmax({ ...matrix, axis }), { A: a }, { B: P }, { n: 3 });
    await assertEverywhere(te.logSumExp({ ...matrix, axis }), { A: a }, { B: L }, { n: 3 });
  }
  assertEquals(String(te.softmax({ ...matrix, axis: -1 })), String(te.softmax(matrix)));
  assertEquals(String(te.logSumExp({ ...matrix, axis: 1 })), String(te.logSumExp(matrix)));
});

Deno.test("the last axis is the default", () => {
  const A = te.placeholder("A", ["n", 5]);
  for (const operator of [op.softmax, op.logSumExp]) {
    const shown = (options: op.AxisOptions) => String(te.primFunc("f", [A, operator(A, options)]));
    assertEquals(shown({ axis: -1 }), shown({}));
    assertEquals(shown({ axis: 1 }), shown({}));
  }
});

Deno.test("an axis that a tensor doesn't have is refused", () => {
  const A = te.placeholder("A", [2, 3]), s = te.placeholder("s", []);
  for (const axis of [2, -3]) {
    const says = `expected axis from -2 to 1 for A of shape [2, 3], got ${axis}, in `;
    assertThrows(() => op.softmax(A, { axis }), te.TeError, `${says}softmax`);
    assertThrows(() => op.logSumExp(A, { axis }), te.TeError, `${says}logSumExp`);
  }
  assertThrows(() => op.softmax(s, { axis: 0 }), te.TeError, "expected A of shape […, columns], got []");
  assertThrows(
    () => op.softmax(A, { axis: 0.5 }),
    OptionError,
    "expected axis of op.softmax to be an integer, got 0.5",
  );
});
