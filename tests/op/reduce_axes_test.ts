/** Reductions over any dimensions, compared with references in doubles, as rules schedule them and on devices. */
import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { OptionError } from "../../lib/base/error.ts";
import { schedule } from "../../lib/dlight/schedule.ts";
import type { NumberArray } from "../../lib/interp/interpret.ts";
import type { ScalarType } from "../../lib/ir/dtype.ts";
import { verifyFunc } from "../../lib/ir/verify.ts";
import * as op from "../../lib/face/op.ts";
import * as te from "../../lib/face/te.ts";
import { targetOf } from "../../lib/target/profiles.ts";
import { assertEverywhere } from "./everywhere.ts";
import { arbGiven, arbSeed, assertComputes, Random, shapesOf } from "./reference.ts";

/** An operator, and how it combines two values. */
interface Row {
  readonly of: (A: te.Tensor, options?: op.ReduceOptions) => te.Tensor;
  readonly dtype: ScalarType;
  readonly start: number;
  readonly combine: (x: number, y: number) => number;
}

const OPERATORS: Readonly<Record<string, Row>> = {
  reduceSum: { of: op.reduceSum, dtype: "f32", start: 0, combine: (x, y) => x + y },
  reduceMax: { of: op.reduceMax, dtype: "f32", start: -Infinity, combine: Math.max },
  reduceMin: { of: op.reduceMin, dtype: "f32", start: Infinity, combine: Math.min },
  reduceProd: { of: op.reduceProd, dtype: "f32", start: 1, combine: (x, y) => x * y },
  "reduceMin of i32": { of: op.reduceMin, dtype: "i32", start: 2 ** 31 - 1, combine: Math.min },
  "reduceMax of u32": { of: op.reduceMax, dtype: "u32", start: 0, combine: Math.max },
  "reduceProd of i32": { of: op.reduceProd, dtype: "i32", start: 1, combine: Math.imul },
  reduceAny: { of: op.reduceAny, dtype: "bool", start: 0, combine: (x, y) => x | y },
  reduceAll: { of: op.reduceAll, dtype: "bool", start: 1, combine: (x, y) => x & y },
};

/** Elements of a dtype; products of floats stay close to 1, and one boolean of seven differs from the others. */
function inputOf(dtype: ScalarType, size: number, seed: number, name: string): NumberArray {
  const random = new Random(seed), draw = () => random.next();
  if (dtype === "i32") return new Int32Array(size).map(draw);
  if (dtype === "u32") return new Uint32Array(size).map(draw);
  const usual = +(name === "reduceAll");
  if (dtype === "bool") return new Uint32Array(size).map(() => draw() % 61 === 0 ? 1 - usual : usual);
  const wide = name !== "reduceProd";
  return new Float32Array(size).map(() =>
    wide ? draw() / 2 ** 30 - 2 : (draw() % 2 ? 1 : -1) * (1 + (draw() % 9 - 4) / 64)
  );
}

/** Reduces element by element, through strides. */
function reduced(
  A: NumberArray,
  shape: readonly number[],
  axes: readonly number[],
  row: Row,
): readonly number[] {
  const kept = shape.map((_, d) => d).filter((d) => !axes.includes(d));
  const size = kept.reduce((n, d) => n * (shape[d] as number), 1);
  const result = new Array<number>(size).fill(row.start);
  A.forEach((x, at) => {
    const index = shape.map(() => 0);
    let rest = at;
    for (let d = shape.length - 1; d >= 0; d--) {
      const n = shape[d] as number;
      index[d] = rest % n;
      rest = Math.floor(rest / n);
    }
    const place = kept.reduce((p, d) => p * (shape[d] as number) + (index[d] as number), 0);
    result[place] = row.combine(result[place] as number, x);
  });
  return result;
}

for (const [name, row] of Object.entries(OPERATORS)) {
  Deno.test(`${name} goes over any dimensions of tensors of any rank`, () => {
    const size = fc.integer({ min: 1, max: 5 });
    const arb = fc.integer({ min: 1, max: 4 }).chain((rank) =>
      fc.record({
        given: fc.tuple(...["a", "b", "c", "d"].slice(0, rank).map((name) => arbGiven(name, size))),
        axes: fc.uniqueArray(fc.nat(rank - 1), { minLength: 1 }),
      })
    );
    fc.assert(
      fc.property(arb, fc.boolean(), fc.boolean(), arbSeed, ({ given, axes }, fromEnd, keepDims, seed) => {
        const shape = given.map((g) => g.value), rank = shape.length;
        const A = te.placeholder("A", given.map((g) => g.dim), row.dtype);
        const axis = axes.map((d) => fromEnd ? d - rank : d);
        const B = row.of(A, { axis: axis.length === 1 ? axis[0] as number : axis, keepDims });
        assertEquals(B.shape.length, keepDims ? rank : rank - axes.length);
        const f = te.primFunc("reduced", [A, B]);
        verifyFunc(f);
        const input = inputOf(row.dtype, shape.reduce((n, d) => n * d, 1), seed, name);
        assertComputes(f, { A: input }, { B: reduced(input, shape, axes, row) }, shapesOf(...given));
      }),
      { numRuns: 60 },
    );
  });

  Deno.test(`${name} is right on every device, for rows, columns and all of a tensor`, async () => {
    const cases = [
      [[33, 70], 1, false],
      [[70, 33], 0, false],
      [[70, 33], 0, true],
      [[2, 5000], -1, true],
      [[5, 7, 9], [0, 2], false],
      [[5, 7, 9], [0, 1], true],
      [[9000], 0, false],
    ] as const;
    for (const [shape, axis, keepDims] of cases) {
      const axes = [axis].flat().map((d) => (d + shape.length) % shape.length);
      const A = te.placeholder("A", shape, row.dtype);
      const f = te.primFunc("reduced", [A, row.of(A, { axis, keepDims })]);
      const input = inputOf(row.dtype, shape.reduce<number>((n, d) => n * d, 1), 7, name);
      // A product of thousands of roundings.
      const wanted = { B: reduced(input, shape, axes, row) };
      await assertEverywhere(f, { A: input }, wanted, {}, name === "reduceProd" ? 2e-3 : 2e-4);
    }
  });
}

Deno.test("the rules of sums are those of the other reductions", () => {
  const target = targetOf("generic-webgpu");
  for (const { of, dtype } of Object.values(OPERATORS)) {
    const A = te.placeholder("A", [64, 1000], dtype);
    assertEquals(schedule(te.primFunc("rows", [A, of(A)]), target).rule, "Reduction");
    const columns = [false, true].map((keepDims) => {
      const { rule, space } = schedule(te.primFunc("columns", [A, of(A, { axis: 0, keepDims })]), target);
      return [rule, space.knobs.some((k) => k.name === "tile_rows")];
    });
    // Neighbouring threads take neighbouring columns.
    assertEquals(columns, [["Reduction", true], ["Reduction", true]]);
  }
});

Deno.test("f16 is multiplied in f32", () => {
  const A = te.placeholder("A", [3], "f16"), B = op.reduceProd(A, { axis: 0 });
  assertEquals(B.dtype, "f16");
  assertComputes(te.primFunc("f", [A, B]), { A: Float16Array.of(60000, 60000, 1e-5) }, {
    B: [60000 * 60000 * Math.f16round(1e-5)],
  });
});

Deno.test("a reduction refuses axes and dtypes that it can't have", () => {
  const A = te.placeholder("A", [2, 3]), T = te.placeholder("T", [2, 3], "bool");
  const refused = (make: () => unknown, text: string) => assertThrows(make, te.TeError, text);
  refused(
    () => op.reduceMax(A, { axis: 2 }),
    "expected axis from -2 to 1 for A of shape [2, 3], got 2, in reduceMax",
  );
  refused(
    () => op.reduceMin(A, { axis: [0, -2] }),
    "expected each axis once, got dimension 0 of A twice, in reduceMin",
  );
  refused(() => op.reduceProd(T), "got bool, in reduceProd");
  refused(() => op.reduceAny(A), "expected A of bool, got f32, in reduceAny");
  assertThrows(
    () => op.reduceAll(T, { axis: [] }),
    OptionError,
    "an integer, or a list of at least one integer",
  );
  const k = te.reduceAxis(3);
  assertThrows(() => te.any(A.at(0, k.var), [k]), OptionError, "an expression of bool");
  assertThrows(() => te.sum(T.at(0, k.var), [k]), OptionError, "an expression of numbers");
});
