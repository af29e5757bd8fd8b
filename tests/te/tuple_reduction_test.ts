/** Reductions of several values at once, by combiners of one's own. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { OptionError } from "../../lib/base/error.ts";
import * as te from "../../lib/face/te.ts";
import { interpret } from "../../lib/interp/interpret.ts";
import { add, cast, constant, div, max, mul, sub } from "../../lib/ir/build.ts";
import type { Expr } from "../../lib/ir/expr.ts";
import { funcFromJson, funcToJson } from "../../lib/ir/func_json.ts";
import { verifyFunc } from "../../lib/ir/verify.ts";
import { golden } from "../golden.ts";
import { assertEverywhere } from "../op/everywhere.ts";

const { compute, placeholder, primFunc, reduceAxis } = te;

Deno.test("a maximum with its position is one block with two stores", () => {
  const A = placeholder("A", [5, 7]), k = reduceAxis(7);
  const [at, best] = compute(["at", "best"], [5], (i) => te.argmax(A.at(i, k.var), k));
  assertEquals([at?.dtype, best?.dtype], ["i32", "f32"]);
  const f = primFunc("argmax", [A, at as te.Tensor]);
  verifyFunc(f);
  assertEquals(f.allocs.map((b) => b.name), ["best"]);
  golden("te/argmax.txt", String(f));
  assertEquals(String(funcFromJson(JSON.parse(JSON.stringify(funcToJson(f))))), String(f));
});

/** Rows with ties, NaN, and nothing but -∞ or NaN. */
const ROWS = [
  [1, 3, 3, 2, 3],
  [NaN, 1, NaN, 2, -1],
  [-Infinity, -Infinity, -Infinity, -Infinity, -Infinity],
  [NaN, NaN, NaN, NaN, NaN],
  [5, NaN, -5, Infinity, -Infinity],
  [-0, 0, -0, 0, -1],
];

Deno.test("the first or the last best position wins, and NaN never does", async () => {
  const A = placeholder("A", [6, 5]), k = reduceAxis(5);
  const data = { A: Float32Array.from(ROWS.flat()) };
  const cases = [
    [te.argmax, {}, [1, 3, 0, 0, 3, 0]],
    [te.argmax, { last: true }, [4, 3, 4, 4, 3, 3]],
    [te.argmin, {}, [0, 4, 0, 0, 4, 4]],
    [te.argmin, { last: true }, [0, 4, 4, 4, 4, 4]],
  ] as const;
  for (const [of, options, wanted] of cases) {
    const [at, best] = compute(["at", "best"], [6], (i) => of(A.at(i, k.var), k, options));
    await assertEverywhere(primFunc("arg", [A, at as te.Tensor]), data, { at: wanted });
    assert(best);
  }
});

Deno.test("positions are found in every dtype of numbers, at the ends of their ranges", async () => {
  const arrays = {
    f16: Float16Array.of(1, -65504, 65504, 3),
    i32: Int32Array.of(-(2 ** 31), 2 ** 31 - 1, 0, 2 ** 31 - 1),
    u32: Uint32Array.of(0, 2 ** 32 - 1, 7, 0),
  } as const;
  for (const dtype of ["f16", "i32", "u32"] as const) {
    const A = placeholder("A", [1, 4], dtype), k = reduceAxis(4), l = reduceAxis(4);
    const [most] = compute(["most", "m"], [1], (i) => te.argmax(A.at(i, k.var), k));
    const [least] = compute(["least", "l"], [1], (i) => te.argmin(A.at(i, l.var), l));
    const f = primFunc("ends", [A, most as te.Tensor, least as te.Tensor]);
    const data = [...arrays[dtype]];
    await assertEverywhere(f, { A: arrays[dtype] }, {
      most: [data.indexOf(Math.max(...data))],
      least: [data.indexOf(Math.min(...data))],
    });
  }
});

Deno.test("mean and variance are reduced together, by Welford's method", async () => {
  const rows = 3, columns = 11, A = placeholder("A", [rows, columns]), k = reduceAxis(columns);
  const one = constant(1, "f32");
  // (n, mean, m2): sizes, means and sums of squares of two parts give those of the whole.
  const combine: te.Combiner = (a, b) => {
    const [n, mean, m2] = a as [Expr, Expr, Expr], [p, other, q2] = b as [Expr, Expr, Expr];
    const both = add(n, p), delta = sub(other, mean), share = div(p, max(both, one));
    return [both, add(mean, mul(delta, share)), add(add(m2, q2), mul(mul(delta, delta), mul(n, share)))];
  };
  const parts = compute(["n", "mean", "m2"], [rows], (i) => {
    const x = A.at(i, k.var);
    return te.reduce({ values: [one, x, constant(0, "f32")], identity: [0, 0, 0], combine }, [k]);
  });
  const f = primFunc("welford", [A, ...parts]);
  const data = Float32Array.from({ length: rows * columns }, (_, i) => Math.fround(Math.sin(i) * 3));
  const row = (r: number) => [...data.subarray(r * columns, (r + 1) * columns)];
  const mean = (x: readonly number[]) => x.reduce((a, b) => a + b, 0) / columns;
  const m2 = (x: readonly number[]) => x.reduce((a, b) => a + (b - mean(x)) ** 2, 0);
  const all = [0, 1, 2].map(row);
  await assertEverywhere(f, { A: data }, { n: [11, 11, 11], mean: all.map(mean), m2: all.map(m2) }, {}, 1e-4);
});

Deno.test("values that need each other are copied before they are overwritten", async () => {
  const n = 4, R = placeholder("R", [2, n]), I = placeholder("I", [2, n]), k = reduceAxis(n);
  // Products of complex numbers.
  const product = compute(["re", "im"], [2], (i) =>
    te.reduce({
      values: [R.at(i, k.var), I.at(i, k.var)],
      identity: [1, 0],
      combine: (a, b) => {
        const [x, y] = a as [Expr, Expr], [u, v] = b as [Expr, Expr];
        return [sub(mul(x, u), mul(y, v)), add(mul(x, v), mul(y, u))];
      },
    }, [k]));
  const f = primFunc("product", [R, I, ...product]);
  assertEquals(f.allocs.map((b) => b.name), ["re_before"]);
  golden("te/complex_product.txt", String(f));
  const data = { R: Float32Array.of(1, 2, 3, 4, 0, 1, 0, -1), I: Float32Array.of(1, 0, -1, 2, 1, 1, 1, 1) };
  let [re, im] = [[1, 1], [0, 0]];
  for (let j = 0; j < n; j++) {
    const u = [data.R[j] as number, data.R[n + j] as number],
      v = [data.I[j] as number, data.I[n + j] as number];
    [re, im] = [
      re.map((x, r) => x * (u[r] as number) - (im[r] as number) * (v[r] as number)),
      re.map((x, r) => x * (v[r] as number) + (im[r] as number) * (u[r] as number)),
    ];
  }
  await assertEverywhere(f, data, { re, im });
});

Deno.test("one value may have a combiner of its own, and results feed what follows", async () => {
  const A = placeholder("A", [3, 6], "i32"), k = reduceAxis(6), l = reduceAxis(3);
  // The bits that are set anywhere; absorbs its identity.
  const bits = compute(
    "bits",
    [3],
    (i) =>
      te.reduce({
        values: [A.at(i, k.var)],
        identity: [0],
        combine: ([x], [y]) => [max(x as Expr, y as Expr)],
      }, [k]),
  );
  const twice = compute("twice", [3], (i) => mul(bits.at(i), 2));
  const [at] = compute(["at", "best"], [], () => te.argmax(twice.at(l.var), l));
  const C = compute("C", [3], (i) => add(twice.at(i), cast("i32", (at as te.Tensor).at())));
  const data = Int32Array.from({ length: 18 }, (_, i) => i * 7 % 13);
  const most = [0, 1, 2].map((r) => 2 * Math.max(...data.subarray(6 * r, 6 * r + 6)));
  const wanted = most.map((x) => x + most.indexOf(Math.max(...most)));
  await assertEverywhere(primFunc("chain", [A, C]), { A: data }, { C: wanted });
});

Deno.test("several results of one reduction share their names and requirements with no other tensor", () => {
  const A = placeholder("A", ["n"]), k = reduceAxis("n"), l = reduceAxis("n");
  const [a] = compute(["at", "best"], [1], () => te.argmax(A.at(k.var), k));
  const [b] = compute(["at", "best"], [1], () => te.argmin(A.at(l.var), l));
  const both = compute("both", [1], (i) => add((a as te.Tensor).at(i), (b as te.Tensor).at(i)));
  const f = primFunc("f", [A, both]);
  verifyFunc(f);
  assertEquals(f.allocs.map((x) => x.name), ["at", "best", "at_1", "best_1"]);
  assertEquals([...interpret(f, { A: Float32Array.of(3, 9, 1) }).both ?? []], [3]);
});

Deno.test("a reduction of several values refuses what doesn't fit", () => {
  const A = placeholder("A", [4]), k = reduceAxis(4), x = A.at(k.var);
  const first: te.Combiner = (a) => a;
  const refused = (make: () => unknown, text: string) => assertThrows(make, te.TeError, text);
  refused(
    () => te.reduce({ values: [x], identity: [0, 1], combine: first }, [k]),
    "expected identity of 1 values, as there are values, got 2, in te.reduce",
  );
  refused(
    () => te.reduce({ values: [x], identity: [constant(0)], combine: first }, [k]),
    "expected identity 0 of f32 as value 0 is, got i32, in te.reduce; cast it",
  );
  refused(
    () => te.reduce({ values: [x], identity: [0], combine: () => [k.var] }, [k]),
    "expected the combiner's result 0 of f32 as value 0 is, got i32, in te.reduce; cast it",
  );
  refused(
    () => compute(["a"], [1], () => te.argmax(x, k)),
    "expected a name for each of 2 values, got a, in te.compute",
  );
  refused(
    () => compute(["a", "b"], [1], () => x as never),
    "expected a te.reduce or te.argmax of the tensors a and b, got another value, in te.compute",
  );
  assertThrows(() => te.argmax(x, k, { first: true } as never), OptionError, "first");
  assertThrows(() => te.argmax(3 as never, k), OptionError, "an expression of numbers");
  assertThrows(() => te.reduce({ values: [x] } as never, [k]), OptionError, "identity");
});
