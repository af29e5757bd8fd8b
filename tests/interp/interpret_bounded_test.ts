/** Bounds of errors: values stay those of the interpreter, right results lie within, and nothing hides behind them. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import * as te from "../../lib/face/te.ts";
import { roundingsOfSum } from "../../lib/interp/error_bounds.ts";
import { interpret, type NumberArray } from "../../lib/interp/interpret.ts";
import { type BoundedOutput, interpretBounded } from "../../lib/interp/interpret_bounded.ts";
import { add, call, cast, constant, div, floorMod, lt, max, mul, select, sub } from "../../lib/ir/build.ts";
import type { ScalarType } from "../../lib/ir/dtype.ts";
import type { Expr } from "../../lib/ir/expr.ts";
import { arbProgram, arbSymbolicProgram, randomInputs } from "../ir/random_program.ts";

const U = 2 ** -24, MARGIN = 4;
const f32 = (x: number) => constant(x, "f32");

function elementwise(value: (a: Expr) => Expr, A: NumberArray, dtype: ScalarType = "f32"): BoundedOutput {
  const a = te.placeholder("A", [A.length], dtype);
  const func = te.primFunc("f", [a, te.compute("Y", [A.length], (i) => value(a.at(i)))]);
  return interpretBounded(func, { A }).Y as BoundedOutput;
}

Deno.test("the values are the interpreter's own", () => {
  fc.assert(
    fc.property(arbProgram, fc.nat(), (f, seed) => {
      const inputs = randomInputs(f, seed), want = interpret(f, inputs, { check: false });
      const got = interpretBounded(f, inputs);
      for (const [name, values] of Object.entries(want)) assertEquals(got[name]?.values, values, String(f));
    }),
    { numRuns: 200 },
  );
});

Deno.test("integers that depend on no float have the bound 0", () => {
  fc.assert(
    fc.property(arbSymbolicProgram, fc.nat(), ({ func, shapes }, seed) => {
      const inputs = randomInputs(func, seed, shapes);
      const floats = [...func.params, ...func.allocs].some((b) => b.dtype === "f32" || b.dtype === "f16");
      if (floats) return;
      for (const { bounds } of Object.values(interpretBounded(func, inputs, { shapes }))) {
        assert(bounds.every((e) => e === 0), String(func));
      }
    }),
    { numRuns: 200 },
  );
});

/** Sums in f32, in several orders. */
function sums(terms: Float32Array): readonly number[] {
  const along = (list: readonly number[]) => list.reduce((s, x) => Math.fround(s + x), 0);
  const lanes = (n: number) =>
    Array.from({ length: n }, (_, l) => along([...terms].filter((_, k) => k % n === l)));
  const pairs = (list: readonly number[]): number =>
    list.length < 2
      ? list[0] ?? 0
      : Math.fround(pairs(list.slice(0, list.length >> 1)) + pairs(list.slice(list.length >> 1)));
  return [
    along([...terms]),
    along([...terms].reverse()),
    along(lanes(4)),
    along(lanes(64)),
    pairs([...terms]),
  ];
}

function summed(terms: Float32Array): { readonly value: number; readonly bound: number } {
  const A = te.placeholder("A", [terms.length]), k = te.reduceAxis(terms.length);
  const func = te.primFunc("f", [A, te.compute("Y", [1], () => te.sum(A.at(k.var), [k]))]);
  const { Y } = interpretBounded(func, { A: terms });
  return { value: Y?.values[0] ?? NaN, bound: Y?.bounds[0] ?? NaN };
}

Deno.test("sums in any order lie within the bound, and a term left out does not", () => {
  const term = fc.oneof(
    fc.float({ noNaN: true, min: -1, max: 1 }),
    fc.float({ noNaN: true, min: -1000, max: 1000 }),
    fc.float({ noNaN: true, min: 0, max: 1 }),
    fc.constant(Math.fround(0.1)),
  );
  let largest = 0;
  fc.assert(
    fc.property(fc.array(term, { minLength: 1, maxLength: 500, size: "max" }), (list) => {
      const terms = Float32Array.from(list), { value, bound } = summed(terms);
      const magnitude = terms.reduce((s, x) => s + Math.abs(x), 0);
      assert(bound <= (roundingsOfSum(terms.length) + 1) * U * magnitude + 1e-37);
      for (const s of sums(terms)) {
        if (s === value) continue;
        largest = Math.max(largest, Math.abs(s - value) / bound);
        assert(Math.abs(s - value) <= MARGIN * bound, `${s} ${value} ${bound}`);
      }
    }),
    { endOnFailure: true },
  );
  assert(largest > 0.01 && largest < MARGIN, `${largest}`);
  for (const n of [10, 100, 1000, 8000]) {
    const terms = Float32Array.from({ length: n }, (_, k) => Math.sin(k) + 1.01);
    const { value, bound } = summed(terms);
    const missing = value - summed(terms.subarray(0, n - 1)).value;
    assert(Math.abs(missing) > MARGIN * bound, `${n} terms`);
  }
});

Deno.test("sums of equal numbers, whose roundings all have one sign, lie within four bounds", () => {
  for (const x of [0.1, 0.3, 0.7, 1.1, 3.3]) {
    for (const n of [16, 256, 700, 1024, 4096, 16384]) {
      const terms = new Float32Array(n).fill(x), { value, bound } = summed(terms);
      for (const s of sums(terms)) {
        assert(Math.abs(s - value) <= MARGIN * bound, `${n}·${x}: ${s} ${value} ${bound}`);
      }
    }
  }
});

Deno.test("no element hides behind larger ones", () => {
  const A = Float32Array.of(-1, -0.5, 0.1, 0.5, 1);
  const { values, bounds } = elementwise((a) => add(call("exp", mul(a, 20)), a), A);
  assert(values[4] as number > 4e8);
  bounds.forEach((e, k) => assert(e > 0 && e < 1e-5 * Math.abs(values[k] as number), `${k}: ${e}`));
});

Deno.test("what cancels has the bound of its terms", () => {
  const { values, bounds } = elementwise((a) => sub(mul(a, 1.1), mul(a, 1.1000001)), Float32Array.of(1000));
  assert(
    Math.abs(values[0] as number) < 1e-3 && (bounds[0] as number) > 1000 * U && (bounds[0] as number) < 1e-3,
  );
});

Deno.test("a step is unsure only where an error reaches it", () => {
  const A = Float32Array.of(1, 10, 2.5);
  const third = (a: Expr) => mul(a, f32(0.1));
  for (
    const [value, bounds] of [
      [(a: Expr) => call("floor", third(a)), [0, 1, 0]],
      [(a: Expr) => cast("i32", third(a)), [0, 1, 0]],
      [(a: Expr) => select(lt(third(a), 1), f32(0), f32(5)), [0, 5, 0]],
      [(a: Expr) => max(third(a), 1), [0, undefined, 0]],
    ] as const
  ) {
    const got = elementwise(value, A).bounds;
    bounds.forEach((e, k) =>
      assert(e === undefined || Math.abs((got[k] as number) - e) < 1e-6, `${k} ${got[k]}`)
    );
  }
  // Data that are exact are sure.
  const sure = elementwise((a) => select(lt(a, 10), f32(0), f32(5)), A).bounds;
  assert(sure.every((e) => e < 1e-30));
});

Deno.test("NaN has to be NaN, and what WGSL leaves open is not bounded", () => {
  const A = Float32Array.of(-1, 0, 1);
  const roots = elementwise((a) => call("sqrt", a), A).bounds;
  assert(Number.isNaN(roots[0]) && roots[1] === 0 && (roots[2] as number) < 1e-5);
  assertEquals(elementwise((a) => max(call("sqrt", a), 0), A).bounds[0], Infinity);
  assertEquals(elementwise((a) => div(f32(1), a), A).bounds[1], Infinity);
  assertEquals(elementwise((a) => call("log", a), A).bounds[1], Infinity);
});

Deno.test("what overflows is bounded where it vanishes again", () => {
  const A = Float32Array.of(-200, -80, 0, 200);
  const { values, bounds } = elementwise((a) => div(f32(1), add(f32(1), call("exp", sub(f32(0), a)))), A);
  values.forEach((v, k) => assert((bounds[k] as number) <= 1e-4 * v + 1e-37, `${k}: ${v} ${bounds[k]}`));
  const halves = elementwise((a) => mul(mul(a, a), constant(0.001, "f16")), Float16Array.of(1, 300), "f16");
  assert((halves.bounds[0] as number) < 1e-3);
  assertEquals(halves.bounds[1], Infinity);
});

Deno.test("an index outside of its buffer, or one that may be another, leaves the element open", () => {
  const W = te.placeholder("W", [4]), ids = te.placeholder("ids", [3], "i32");
  const func = te.primFunc("f", [W, ids, te.compute("Y", [3], (i) => W.at(ids.at(i)))]);
  const inputs = { W: Float32Array.of(1, 2, 3, 4), ids: Int32Array.of(3, 4, -1) };
  assertEquals([...interpretBounded(func, inputs).Y?.bounds ?? []], [0, Infinity, Infinity]);
  const safe = te.primFunc("f", [W, ids, te.compute("Y", [3], (i) => W.at(floorMod(ids.at(i), 4)))]);
  assertEquals([...interpretBounded(safe, inputs).Y?.bounds ?? []], [0, 0, 0]);
});

Deno.test("a softmax with large scores and attention with masked ones are bounded throughout", () => {
  const softmax = te.softmax({ rows: 2, columns: 64 });
  const A = Float32Array.from({ length: 128 }, (_, k) => Math.sin(k) * 200);
  for (const e of interpretBounded(softmax, { A }).B?.bounds ?? []) assert(e < 1e-3, `${e}`);
  const attention = te.attention({ queries: 4, length: 64, heads: 2, kvHeads: 1, headDim: 8 });
  const inputs = Object.fromEntries(
    attention.params.slice(0, 3).map((b, n) => {
      const size = b.shape.reduce((s, d) => s * (d.kind === "const" ? d.value : 1), 1);
      return [b.name, Float32Array.from({ length: size }, (_, k) => Math.sin(k * (n + 1)))];
    }),
  );
  for (const e of interpretBounded(attention, inputs).O?.bounds ?? []) assert(e < 1e-4, `${e}`);
});
