/** Floats where devices differ: special values, ends of ranges, large angles, long sums. The references are in doubles. */
import * as te from "../../lib/face/te.ts";
import { assert, assertEquals } from "@std/assert";
import { interpret } from "../../lib/interp/interpret.ts";
import { binary, call, cast, constant, div, eq, mul, select, sub } from "../../lib/ir/build.ts";
import type { Expr } from "../../lib/ir/expr.ts";
import { funcFromJson, funcToJson } from "../../lib/ir/func_json.ts";
import { TO_F16 } from "../../lib/codegen/js/convert.ts";
import { compute } from "../../lib/te/compute.ts";
import { max, reduceAxis, sum } from "../../lib/te/reduce.ts";
import { placeholder } from "../../lib/te/tensor.ts";
import { primFunc } from "../../lib/te/prim_func.ts";
import { Schedule } from "../../lib/schedule/schedule.ts";
import { otherCpus } from "../devices.ts";
import { assertNear, assertSame, elementwise, LEVELS, onAll, results } from "./on_all.ts";
import { subjectOf, wrongOn } from "../lower/checked_run.ts";

Deno.test("powers are those of IEEE 754", async () => {
  const base = [-2, -2, 0, 0, 0, 2, 1e-30, 1e30, -3, -1.5, 5, -8, 1e10, 1e-10, 0.5, -1];
  const exponent = [3, 2, 0, 2, -1, 0.5, 1.2, 0.5, -3, 0, -2, 5, 3, 3, 100, 0.5];
  const func = elementwise(16, ["f32", "f32"], (x, y) => call("pow", x, y));
  const inputs = { A0: Float32Array.from(base), A1: Float32Array.from(exponent) };
  const wanted = base.map((_, k) => (inputs.A0[k] as number) ** (inputs.A1[k] as number));
  await onAll(func, inputs, (got, where) => assertNear(got, wanted, 1e-4, 0, where));
  const half = elementwise(16, ["f16", "f16"], (x, y) => call("pow", x, y));
  const halves = {
    A0: Float16Array.from(base, (x) => x % 32),
    A1: Float16Array.from(exponent, (y) => y % 4),
  };
  const powers = [...halves.A0].map((x, k) => Math.f16round(x ** (halves.A1[k] as number)));
  await onAll(half, halves, (got, where) => assertNear(got, powers, 1e-2, 0, `f16 on ${where}`));
  assertSame(Float32Array.from([(-2) ** 3, 0 ** 0]), [-8, 1], "the reference");
});

Deno.test("JavaScript rounds to f16 as Math.f16round does: between two halves, below the normal ones, past the largest", () => {
  const toF16 = new Function(`${TO_F16} return toF16;`)() as (x: number) => number;
  const halves = new Float16Array(Uint16Array.from({ length: 1 << 16 }, (_, k) => k).buffer);
  for (let k = 0; k + 1 < halves.length; k++) {
    const a = halves[k] as number, b = halves[k + 1] as number, middle = (a + b) / 2;
    for (const x of [a, middle, middle * (1 + 2 ** -52), middle * (1 - 2 ** -52)]) {
      assert(Object.is(toF16(x), Math.f16round(x)), `${x}`);
    }
  }
  for (const x of [65519.999, 65520, -65520, 1e300, 2 ** -25, 2 ** -26, -0]) {
    assert(Object.is(toF16(x), Math.f16round(x)), `${x}`);
  }
});

Deno.test("sine and cosine are right for angles up to 800,000 radians", async () => {
  const angles = Float32Array.from({ length: 4096 }, (_, k) => {
    const size = 10 ** (-30 + 35.9 * k / 4096);
    return k % 2 === 0 ? size : -size;
  });
  // Where a result is next to nothing, the reduction shows.
  const hard = [22, 355, 710, 103993, 104348, 208341, 312689, 521030, 1e5, 799999, Math.PI, 100 * Math.PI];
  angles.set(hard, 4000);
  for (const op of ["sin", "cos"] as const) {
    const func = elementwise(4096, ["f32"], (x) => call(op, x));
    const wanted = [...angles].map((x) => Math[op](x));
    await onAll(
      func,
      { A0: angles },
      (got, where) => assertNear(got, wanted, op === "sin" ? 2 ** -21 : 0, 2 ** -22, `${op} on ${where}`),
    );
  }
});

Deno.test("sine and cosine of f16 are computed in f32", async () => {
  const angles = Float16Array.from({ length: 64 }, (_, k) => k * k * 3 - 4000);
  const func = elementwise(64, ["f16"], (x) => call("sin", x));
  const wanted = [...angles].map((x) => Math.sin(x));
  await onAll(func, { A0: angles }, (got, where) => assertNear(got, wanted, 2 ** -10, 2 ** -11, where));
});

Deno.test("zeros keep their signs", async () => {
  const A0 = Float32Array.of(0, -0, 1, -1);
  const chosen = elementwise(4, ["f32"], (x) => select(eq(x, 1), constant(-0, "f32"), constant(0, "f32")));
  await onAll(chosen, { A0 }, (got, where) => assertSame(got, [0, 0, -0, 0], where));
  const folded = elementwise(
    4,
    ["f32"],
    (x) => select(eq(x, 1), mul(constant(0, "f32"), constant(-1, "f32")), x),
  );
  await onAll(folded, { A0 }, (got, where) => assertSame(got, [0, -0, -0, -1], where));
  const negated = elementwise(4, ["f32"], (x) => mul(x, -1));
  await onAll(negated, { A0 }, (got, where) => assertSame(got, [-0, 0, -1, 1], where));
});

Deno.test("maxima of rows that are all -∞ are -∞", async () => {
  for (const dtype of ["f32", "f16"] as const) {
    const A = placeholder("A", [5, 33], dtype), k = reduceAxis(33);
    const func = primFunc("maxima", [A, compute("C", [5], (i) => max(A.at(i, k.var), [k]))]);
    const array = new (dtype === "f32" ? Float32Array : Float16Array)(5 * 33).fill(-Infinity);
    array[40] = -65000;
    array[80] = Infinity;
    const wanted = [-Infinity, array[40] as number, Infinity, -Infinity, -Infinity];
    assertSame(
      interpret(func, { A: array }).C ?? [],
      wanted,
      "the interpreter",
    );
    await onAll(func, { A: array }, (got, where) => assertSame(got, wanted, `${dtype} ${where}`));
  }
});

Deno.test("a program with infinities is the same after JSON", () => {
  const A = placeholder("A", [3, 4]), k = reduceAxis(4);
  const func = primFunc("maxima", [A, compute("C", [3], (i) => max(A.at(i, k.var), [k]))]);
  const again = funcFromJson(JSON.parse(JSON.stringify(funcToJson(func))));
  assertEquals(`${again}`, `${func}`);
  assert(`${func}`.includes('T.float32("-inf")'));
});

Deno.test("logSumExp and softmax of rows with infinities are the reference's", async () => {
  const rows = [[Infinity, 1, 2], [-Infinity, 1, 2], [-Infinity, -Infinity, -Infinity], [3e38, -3e38, 0], [
    1,
    2,
    3,
  ]];
  const A = Float32Array.from(rows.flat());
  const wanted = [Infinity, 2 + Math.log1p(Math.exp(-1)), -Infinity, A[9] as number, 3.40760596444438];
  const func = te.logSumExp({ rows: 5, columns: 3 });
  assertNear(interpret(func, { A }).B ?? [], wanted, 1e-12, 0, "the interpreter");
  await onAll(func, { A }, (got, where) => assertNear(got, wanted, 1e-5, 0, where));
  const softmax = te.softmax({ rows: 5, columns: 3 });
  const { B } = interpret(softmax, { A });
  // Rows whose largest element is infinite have no softmax: exp(∞ - ∞) is no number.
  assertEquals([0, 6, 7, 8].map((k) => Number.isNaN(B?.[k])), [true, true, true, true]);
  const finite = [3, 4, 5, 9, 10, 11, 12, 13, 14];
  await onAll(softmax, { A }, (got, where) => {
    assertNear(
      Float32Array.from(finite, (k) => got[k] as number),
      finite.map((k) => B?.[k] as number),
      1e-5,
      1e-7,
      where,
    );
  });
});

Deno.test("sums of two million elements are right in JavaScript", async () => {
  const n = 2_000_000, A = placeholder("A", [n]), k = reduceAxis(n);
  const func = primFunc("total", [A, compute("C", [1], () => sum(A.at(k.var), [k]))]);
  const tenths = new Float32Array(n).fill(0.1);
  const wanted = n * (tenths[0] as number);
  const cpu = otherCpus.filter((d) => d.target.language === "js");
  assertEquals(cpu.length, 1);
  for (const device of cpu) {
    for (const level of Object.keys(LEVELS) as (keyof typeof LEVELS)[]) {
      const { C } = await results(func, device, level, { A: tenths });
      assertNear(C ?? [], [wanted], 1e-7, 0, level);
    }
  }
});

Deno.test("a sum over nested loops, in memory, is right in JavaScript", async () => {
  const A = placeholder("A", [3, 5, 7]), y = reduceAxis(5, "y"), x = reduceAxis(7, "x");
  const func = primFunc("total", [A, compute("C", [3], (i) => sum(A.at(i, y.var, x.var), [y, x]))]);
  const sch = new Schedule(func);
  const [i, outer] = sch.loops("C") as [string, string];
  sch.bind(i, "blockIdx.x");
  sch.decomposeReduction("C", outer);
  for (const device of otherCpus.filter((d) => d.target.language === "js")) {
    assertEquals(await wrongOn(device, subjectOf(func, {}, 7), sch.func), undefined);
  }
});

Deno.test("a sum of f16 is added up in f32", async () => {
  const n = 5000, A = placeholder("A", [3, n], "f16"), k = reduceAxis(n);
  const func = primFunc("total", [A, compute("C", [3], (i) => sum(A.at(i, k.var), [k]))]);
  const ones = new Float16Array(3 * n).fill(1);
  await onAll(func, { A: ones }, (got, where) => assertSame(got, [5000, 5000, 5000], where));
  assertEquals(func.params.at(-1)?.dtype, "f16");
});

Deno.test("floats become integers alike: toward zero, the nearest end from beyond, 0 from no number", async () => {
  const floats = [
    ...[0, -0, 0.9, -0.9, 1.5, -1.5, 2147483520, 2147483648, 3e9, 1e30, Infinity, -2147483648, -3e9, -1e30],
    ...[-Infinity, NaN, 4294967040, 4294967296, 5e9, 1e-30, -1e-30, 16777217, 65504, -65504],
  ];
  const A0 = Float32Array.from(floats);
  const clamp = (lo: number, hi: number) => (x: number) =>
    Number.isNaN(x) ? 0 : Math.trunc(Math.max(lo, Math.min(hi, x))) + 0;
  for (
    const [to, hold] of [["i32", clamp(-(2 ** 31), 2 ** 31 - 1)], ["u32", clamp(0, 2 ** 32 - 1)]] as const
  ) {
    const func = elementwise(24, ["f32"], (x) => cast(to, x));
    const wanted = [...A0].map(hold);
    assertSame(interpret(func, { A0 }).C ?? [], wanted, "the interpreter");
    await onAll(func, { A0 }, (got, where) => assertSame(got, wanted, `${to} on ${where}`));
    const halves = Float16Array.from(floats);
    const half = elementwise(24, ["f16"], (x) => cast(to, x));
    await onAll(half, { A0: halves }, (got, where) => assertSame(got, [...halves].map(hold), `f16 ${where}`));
    for (const value of floats.filter(Number.isFinite)) {
      const folded = elementwise(4, ["f32"], () => cast(to, constant(Math.fround(value), "f32")));
      assertSame(
        interpret(folded, { A0: new Float32Array(4) }).C ?? [],
        Array(4).fill(hold(Math.fround(value))),
        `${value} folded`,
      );
    }
  }
});

Deno.test("in JavaScript a value is the same stored or not", async () => {
  const n = 257, A = placeholder("A", [n]), k = reduceAxis(n), l = reduceAxis(n);
  const value = (i: Expr) => call("exp", div(A.at(i), constant(3, "f32")));
  const largest = compute("largest", [1], () => max(value(k.var), [k]));
  const at = compute(
    "at",
    [1],
    (i) => max(select(eq(value(l.var), largest.at(i)), l.var, constant(-1)), [l]),
  );
  const func = primFunc("argmax", [A, at]);
  const data = Float32Array.from({ length: n }, (_, i) => Math.sin(i) * 2);
  const wanted = data.indexOf(Math.max(...data));
  for (const device of otherCpus.filter((d) => d.target.language === "js")) {
    for (const level of Object.keys(LEVELS) as (keyof typeof LEVELS)[]) {
      assertEquals([...(await results(func, device, level, { A: data })).at ?? []], [wanted], level);
    }
  }
});

Deno.test("constants that WGSL has no literal for are compiled", async () => {
  const A0 = Float32Array.of(1, 0, -3, 1e30);
  const least = elementwise(4, ["f32"], (x) => binary("max", x, constant(-Infinity, "f32")));
  await onAll(least, { A0 }, (got, where) => assertSame(got, [...A0], where));
  const infinite = elementwise(4, ["f32"], (x) => sub(constant(Infinity, "f32"), x));
  await onAll(infinite, { A0 }, (got, where) => assertSame(got, Array(4).fill(Infinity), where));
  const folded = elementwise(4, ["f32"], (x) => mul(x, div(constant(-1, "f32"), constant(0, "f32"))));
  await onAll(
    folded,
    { A0: Float32Array.of(1, 2, -3, 1e30) },
    (got, where) => assertSame(got, [-Infinity, -Infinity, Infinity, -Infinity], where),
  );
});
