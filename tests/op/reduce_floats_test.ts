/** Reductions of floats over dimensions, against sums in doubles. */
import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import * as op from "../../lib/face/op.ts";
import * as te from "../../lib/face/te.ts";
import { assertResults, type Drawn, drawn, shown } from "./drawn.ts";
import { arbDtype, arbSeed, tensor } from "./reference.ts";

const sum = (list: readonly number[]) => list.reduce((a, b) => a + b, 0);
const OPERATORS = {
  reduceMean: (list: readonly number[]) => sum(list) / list.length,
  reduceL1: (list: readonly number[]) => sum(list.map(Math.abs)),
  reduceL2: (list: readonly number[]) => Math.hypot(...list),
  reduceLogSum: (list: readonly number[]) => Math.log(sum(list)),
  reduceSumSquare: (list: readonly number[]) => sum(list.map((x) => x * x)),
};
type Name = keyof typeof OPERATORS;
const NAMES = Object.keys(OPERATORS) as Name[];

/** What a function makes of all elements that share a position in the other dimensions. */
function reduced(A: Drawn, dims: readonly number[], keep: boolean, f: (list: readonly number[]) => number) {
  const groups = new Map<string, number[]>();
  tensor(A.shape, (...at) => {
    const key = at.filter((_, d) => !dims.includes(d)).join();
    groups.set(key, [...groups.get(key) ?? [], A.at(...at)]);
    return 0;
  });
  const shape = A.shape.flatMap((n, d) => dims.includes(d) ? keep ? [1] : [] : [n]);
  return { shape, values: [...groups.values()].map(f) };
}

Deno.test("reductions go over any dimensions, with or without them in the result", async () => {
  const arb = fc.record({
    name: fc.constantFrom(...NAMES),
    axis: fc.subarray([0, 1, 2], { minLength: 1 }),
    keepDims: fc.boolean(),
    dtype: arbDtype,
    seed: arbSeed,
  });
  await fc.assert(
    fc.asyncProperty(arb, async ({ name, axis, keepDims, dtype, seed }) => {
      const shapes = { n: 3 }, from = name === "reduceLogSum" ? 0.1 : -2;
      const A = drawn("A", [2, "n", 4], { dtype, seed, shapes, from, below: 2 });
      const B = op[name](A.tensor, { axis: axis.map((d) => seed % 2 ? d - 3 : d), keepDims });
      const { shape, values } = reduced(A, axis, keepDims, OPERATORS[name]);
      assertEquals([B.dtype, B.shape.length], [dtype, shape.length]);
      await assertResults([A], [B], [values], { shapes, everywhere: false });
    }),
    { numRuns: 80 },
  );
});

for (const name of NAMES) {
  Deno.test(`${name} is right everywhere`, async () => {
    const shapes = { n: 5 };
    const options: readonly op.ReduceOptions[] = [
      {},
      { axis: 0, keepDims: true },
      { axis: [0, 1, -1] },
      { axis: [0, 2] },
    ];
    for (const [k, o] of options.entries()) {
      const dtype = k % 2 ? "f16" : "f32",
        A = drawn("A", [3, "n", 7], { shapes, dtype, from: 0.25, below: 1 });
      const axis = [o.axis ?? -1].flat().map((d) => d < 0 ? d + 3 : d);
      const { values } = reduced(A, axis, false, OPERATORS[name]);
      await assertResults([A], [op[name](A.tensor, o)], [values], {
        shapes,
        tolerance: dtype === "f16" ? 2e-3 : 2e-5,
      });
    }
  });
}

Deno.test("logSoftmax is the logarithm of a softmax, along any axis", async () => {
  const shapes = { n: 4 };
  for (const [axis, dtype] of [[-1, "f32"], [0, "f32"], [1, "f16"]] as const) {
    const A = drawn("A", ["n", 5, 3], { shapes, dtype, from: -40, below: 40 }), d = axis < 0 ? 2 : axis;
    const B = op.logSoftmax(A.tensor, { axis });
    assertEquals(shown(B), `${dtype}[n, 5, 3]`);
    const wanted = tensor([4, 5, 3], (...at) => {
      const row = Array.from({ length: A.shape[d] ?? 0 }, (_, k) => A.at(...at.with(d, k)));
      const largest = Math.max(...row);
      return A.at(...at) - largest - Math.log(sum(row.map((x) => Math.exp(x - largest))));
    });
    await assertResults([A], [B], [wanted], { shapes, tolerance: dtype === "f16" ? 2e-3 : 2e-5 });
  }
});

Deno.test("reductions that don't fit are refused", () => {
  const A = te.placeholder("A", [4, 3]), I = te.placeholder("I", [4], "i32");
  for (const name of NAMES) {
    assertThrows(() => op[name](I), te.TeError, `expected A of f32 or f16, got i32, in ${name}; cast it`);
    assertThrows(
      () => op[name](A, { axis: 2 }),
      te.TeError,
      "expected axis from -2 to 1 for A of shape [4, 3], got 2",
    );
    assertThrows(() => op[name](A, { axis: [1, -1] }), te.TeError, "expected each axis once");
  }
});
