/** Cumulative sums and products along any dimension, short and long, both ways, compared with references in doubles. */
import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { OptionError } from "../../lib/base/error.ts";
import * as op from "../../lib/face/op.ts";
import * as te from "../../lib/face/te.ts";
import { flopsOf } from "../../lib/estimate/work.ts";
import { verifyFunc } from "../../lib/ir/verify.ts";
import { assertEverywhere } from "./everywhere.ts";
import { arbDtype, arbGiven, arbSeed, assertComputes, Random, shapesOf } from "./reference.ts";

interface Way {
  readonly exclusive?: boolean;
  readonly reverse?: boolean;
}

/** Scans along a dimension, through strides. */
function scanned(
  A: ArrayLike<number>,
  shape: readonly number[],
  axis: number,
  { exclusive = false, reverse = false }: Way,
  start: number,
  combine: (x: number, y: number) => number,
): readonly number[] {
  const n = shape[axis] as number, stride = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const result = new Array<number>(A.length).fill(NaN);
  for (let outer = 0; outer < A.length; outer += n * stride) {
    for (let inner = 0; inner < stride; inner++) {
      let value = start;
      for (let k = 0; k < n; k++) {
        const at = outer + inner + (reverse ? n - 1 - k : k) * stride;
        const next = combine(value, A[at] as number);
        result[at] = exclusive ? value : next;
        value = next;
      }
    }
  }
  return result;
}

const plus = (x: number, y: number) => x + y, times = (x: number, y: number) => x * y;
const OPERATORS = [[op.cumSum, 0, plus], [op.cumProd, 1, times]] as const;
const WAYS: readonly Way[] = [{}, { exclusive: true }, { reverse: true }, { exclusive: true, reverse: true }];

Deno.test("scans go along any dimension of tensors of any rank, both ways", () => {
  const size = fc.integer({ min: 1, max: 5 });
  const arbShape = fc.integer({ min: 1, max: 4 })
    .chain((rank) => fc.tuple(...["a", "b", "c", "d"].slice(0, rank).map((name) => arbGiven(name, size))));
  fc.assert(
    fc.property(
      arbShape,
      fc.nat(),
      fc.constantFrom(...WAYS),
      arbDtype,
      arbSeed,
      (given, drawn, way, dtype, seed) => {
        const shape = given.map((g) => g.value), rank = shape.length, axis = drawn % rank;
        for (const [of, start, combine] of OPERATORS) {
          const A = te.placeholder("A", given.map((g) => g.dim), dtype);
          const B = of(A, { axis: drawn % 2 ? axis - rank : axis, ...way });
          assertEquals([B.dtype, B.shape], [dtype, A.shape]);
          const f = te.primFunc("scan", [A, B]);
          verifyFunc(f);
          const data = new Random(seed).floats(shape.reduce((n, d) => n * d, 1), dtype);
          const wanted = scanned(data, shape, axis, way, start, combine);
          assertComputes(f, { A: data }, { B: wanted }, shapesOf(...given));
        }
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("scans are right on every device, for short and long dimensions", async () => {
  const cases = [
    [[33, 70], 1, {}],
    [[70, 33], 0, { reverse: true }],
    [[3, 5000], 1, { exclusive: true }],
    [[1000, 3], 0, { exclusive: true, reverse: true }],
    [[1, 4096], -1, {}],
    [[20011], 0, { reverse: true }],
  ] as const;
  for (const [shape, axis, way] of cases) {
    const size = shape.reduce<number>((n, d) => n * d, 1), random = new Random(5);
    const A = te.placeholder("A", shape, "i32");
    const data = new Int32Array(size).map(() => random.next());
    for (const [of, start] of OPERATORS) {
      const combine = of === op.cumSum ? (x: number, y: number) => x + y | 0 : Math.imul;
      const wanted = scanned(data, shape, (axis + shape.length) % shape.length, way, start, combine);
      await assertEverywhere(te.primFunc("scan", [A, of(A, { axis, ...way })]), { A: data }, { B: wanted });
    }
  }
});

Deno.test("scans of floats are right on every device", async () => {
  const n = 3000, random = new Random(9);
  for (const dtype of ["f32", "f16"] as const) {
    const A = te.placeholder("A", [2, n], dtype);
    const data = random.floats(2 * n, dtype);
    const sums = scanned(data, [2, n], 1, {}, 0, plus);
    // Of f16, half a unit in the last place of sums up to 128.
    const tolerance = dtype === "f32" ? 1e-4 : 0.05;
    await assertEverywhere(te.primFunc("sums", [A, op.cumSum(A)]), { A: data }, { B: sums }, {}, tolerance);
    const signs = data.map((x) => (x < 0 ? -1 : 1) * (1 + Math.round(x) / 1024)) as typeof data;
    const products = scanned(signs, [2, n], 1, { reverse: true }, 1, times);
    await assertEverywhere(
      te.primFunc("products", [A, op.cumProd(A, { reverse: true })]),
      { A: signs },
      { B: products },
      {},
      dtype === "f32" ? 1e-3 : 0.05,
    );
  }
});

Deno.test("dimensions of symbolic length are scanned to their end", async () => {
  const A = te.placeholder("A", ["n", 2]);
  for (const way of WAYS) {
    const f = te.primFunc("scan", [A, op.cumSum(A, { axis: 0, ...way })]);
    for (const n of [1, 64, 65, 200]) {
      const data = Float32Array.from({ length: 2 * n }, (_, k) => k % 7 - 3);
      await assertEverywhere(f, { A: data }, { B: scanned(data, [n, 2], 0, way, 0, plus) }, { n });
    }
  }
});

Deno.test("the cost of a scan grows with its length, and not with its square", () => {
  const perElement = [1 << 10, 1 << 14, 1 << 20].map((n) => {
    const A = te.placeholder("A", [n]);
    return flopsOf(te.primFunc("scan", [A, op.cumSum(A)])) / n;
  });
  assertEquals(perElement.map((x) => x < 48), [true, true, true], `${perElement}`);
});

Deno.test("a scan refuses what it can't take", () => {
  const A = te.placeholder("A", [2, 3]), T = te.placeholder("T", [2], "bool");
  assertThrows(() => op.cumSum(A, { axis: -3 }), te.TeError, "expected axis from -2 to 1");
  assertThrows(() => op.cumProd(T), te.TeError, "got bool, in cumProd");
  assertThrows(() => op.cumSum(A, { reverse: 1 as never }), OptionError, "reverse");
});
