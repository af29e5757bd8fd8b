import fc from "fast-check";
import { verifyFunc } from "../../lib/ir/verify.ts";
import * as te from "../../lib/face/te.ts";
import {
  arbDtype,
  arbGiven,
  arbSeed,
  assertComputes,
  at,
  type Given,
  Random,
  shapesOf,
  tensor,
  total,
} from "./reference.ts";

const arbMatrix = fc.record({ rows: arbGiven("rows"), columns: arbGiven("columns"), dtype: arbDtype });
interface Matrix {
  readonly rows: Given;
  readonly columns: Given;
  readonly dtype: "f32" | "f16";
}

/** For each random matrix: the options of an operator on it, random data, and how to read it. */
function forMatrices(
  check: (
    x: {
      readonly options: { rows: number | string; columns: number | string; dtype: "f32" | "f16" };
      readonly rows: number;
      readonly columns: number;
      readonly random: Random;
      readonly A: Float32Array | Float16Array;
      readonly a: (r: number, c: number) => number;
      readonly shapes: ReturnType<typeof shapesOf>;
    },
  ) => void,
): void {
  fc.assert(
    fc.property(arbMatrix, arbSeed, ({ rows, columns, dtype }: Matrix, seed) => {
      const random = new Random(seed);
      const A = random.floats(rows.value * columns.value, dtype);
      check({
        options: { rows: rows.dim, columns: columns.dim, dtype },
        rows: rows.value,
        columns: columns.value,
        random,
        A,
        a: (r, c) => at(A, columns.value, r, c),
        shapes: shapesOf(rows, columns),
      });
    }),
    { numRuns: 40 },
  );
}

Deno.test("softmax: positive weights that add up to one, e to one another's difference", () => {
  forMatrices(({ options, rows, columns, A, a, shapes }) => {
    const f = te.softmax(options);
    verifyFunc(f);
    const B = tensor(
      [rows, columns],
      (r = 0, c = 0) => 1 / total(columns, (k) => Math.exp(a(r, k) - a(r, c))),
    );
    assertComputes(f, { A }, { B }, shapes);
  });
});

Deno.test("softmax and logSumExp take large values as well as small ones", () => {
  const A = Float32Array.of(1000, 1001, 1002, -1000, -1001, -1e30, 0, 0, 3e38);
  const e = Math.exp(1), sum = 1 + e + e * e;
  const B = [1 / sum, e / sum, e * e / sum, e / (1 + e), 1 / (1 + e), 0, 0, 0, 1];
  assertComputes(te.softmax({ rows: 3, columns: 3 }), { A }, { B });
  const L = [1000 + Math.log(sum), -1001 + Math.log(1 + e), A[8] ?? NaN];
  assertComputes(te.logSumExp({ rows: 3, columns: 3 }), { A }, { B: L });
});

Deno.test("logSumExp: the logarithm of the row's sum of exponentials", () => {
  forMatrices(({ options, rows, columns, A, a, shapes }) => {
    const f = te.logSumExp(options);
    verifyFunc(f);
    const B = tensor([rows], (r = 0) => Math.log(total(columns, (k) => Math.exp(a(r, k)))));
    assertComputes(f, { A }, { B }, shapes);
  });
});

Deno.test("rmsNorm: rows by the root of their mean square, times a weight", () => {
  forMatrices(({ options, rows, columns, random, A, a, shapes }) => {
    const weight = random.floats(columns, options.dtype);
    for (const eps of [undefined, 0.25]) {
      const f = te.rmsNorm({ ...options, ...(eps === undefined ? {} : { eps }) });
      verifyFunc(f);
      const B = tensor([rows, columns], (r = 0, c = 0) => {
        const square = total(columns, (k) => a(r, k) ** 2) / columns;
        return a(r, c) * (weight[c] ?? NaN) / Math.sqrt(square + (eps ?? 1e-5));
      });
      assertComputes(f, { A, weight }, { B }, shapes, 1e-11);
    }
  });
});

Deno.test("addRmsNorm: the sum, and its rmsNorm", () => {
  forMatrices(({ options, rows, columns, random, A, a, shapes }) => {
    const D = random.floats(rows * columns, options.dtype), weight = random.floats(columns, options.dtype);
    const f = te.addRmsNorm({ ...options, eps: 1e-3 });
    verifyFunc(f);
    const sum = (r: number, c: number) => a(r, c) + at(D, columns, r, c);
    const S = tensor([rows, columns], (r = 0, c = 0) => sum(r, c));
    const B = tensor([rows, columns], (r = 0, c = 0) => {
      const square = total(columns, (k) => sum(r, k) ** 2) / columns;
      return sum(r, c) * (weight[c] ?? NaN) / Math.sqrt(square + 1e-3);
    });
    assertComputes(f, { A, D, weight }, { S, B }, shapes, 1e-11);
  });
});

Deno.test("layerNorm: rows of mean 0 and variance 1, times a weight, plus a bias", () => {
  forMatrices(({ options, rows, columns, random, A, a, shapes }) => {
    const weight = random.floats(columns, options.dtype), bias = random.floats(columns, options.dtype);
    const f = te.layerNorm({ ...options, eps: 0.01 });
    verifyFunc(f);
    const B = tensor([rows, columns], (r = 0, c = 0) => {
      const mean = total(columns, (k) => a(r, k)) / columns;
      const variance = total(columns, (k) => (a(r, k) - mean) ** 2) / columns;
      return (a(r, c) - mean) / Math.sqrt(variance + 0.01) * (weight[c] ?? NaN) + (bias[c] ?? NaN);
    });
    assertComputes(f, { A, weight, bias }, { B }, shapes, 1e-11);
  });
});

Deno.test("reduceSum: sums of rows, or of columns", () => {
  forMatrices(({ options, rows, columns, A, a, shapes }) => {
    const byRow = tensor([rows], (r = 0) => total(columns, (c) => a(r, c)));
    const byColumn = tensor([columns], (c = 0) => total(rows, (r) => a(r, c)));
    for (
      const [f, B] of [
        [te.reduceSum(options), byRow],
        [te.reduceSum({ ...options, axis: 1 }), byRow],
        [te.reduceSum({ ...options, axis: 0 }), byColumn],
      ] as const
    ) {
      verifyFunc(f);
      assertComputes(f, { A }, { B }, shapes);
    }
  });
});

Deno.test("transpose: rows become columns", () => {
  forMatrices(({ options, rows, columns, A, a, shapes }) => {
    const f = te.transpose(options);
    verifyFunc(f);
    assertComputes(f, { A }, { B: tensor([columns, rows], (c = 0, r = 0) => a(r, c)) }, shapes, 0);
  });
});

Deno.test("rows and columns of one name are one shape variable", () => {
  const A = new Random(1).floats(16, "f32");
  const B = tensor([4, 4], (c = 0, r = 0) => at(A, 4, r, c));
  assertComputes(te.transpose({ rows: "n", columns: "n" }), { A }, { B }, { n: 4 }, 0);
});
