/** The functions of `expr` on each device, compared with mathematics in doubles. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { Analyzer } from "../../lib/arith/analyzer.ts";
import { fallback } from "../../lib/dlight/fallback/fallback.ts";
import { schedule } from "../../lib/dlight/schedule.ts";
import { interpret } from "../../lib/interp/interpret.ts";
import { interpretBounded } from "../../lib/interp/interpret_bounded.ts";
import { cast } from "../../lib/ir/build.ts";
import { OptionError } from "../../lib/base/error.ts";
import { IrError } from "../../lib/ir/error.ts";
import type { Expr } from "../../lib/ir/expr.ts";
import { verifyFunc } from "../../lib/ir/verify.ts";
import { funcFromJson, funcToJson } from "../../lib/ir/func_json.ts";
import { placeholder } from "../../lib/te/tensor.ts";
import * as expr from "../../lib/te/expr.ts";
import { devices } from "../devices.ts";
import { subjectOf, wrongOn } from "../lower/checked_run.ts";
import { assertNear, assertSame, elementwise, onAll } from "./on_all.ts";

/** A function, the same in doubles, and the arguments that it has values for. */
interface Row {
  readonly of: (x: Expr) => Expr;
  readonly like: (x: number) => number;
  readonly from: number;
  readonly to: number;
}

const FUNCTIONS: Readonly<Record<string, Row>> = {
  exp2: { of: expr.exp2, like: (x) => 2 ** x, from: -125, to: 127.9 },
  log2: { of: expr.log2, like: Math.log2, from: 1e-37, to: 3e38 },
  tan: { of: expr.tan, like: Math.tan, from: -1.5707, to: 1.5707 },
  asin: { of: expr.asin, like: Math.asin, from: -1, to: 1 },
  acos: { of: expr.acos, like: Math.acos, from: -1, to: 1 },
  atan: { of: expr.atan, like: Math.atan, from: -3e38, to: 3e38 },
  sinh: { of: expr.sinh, like: Math.sinh, from: -89, to: 89 },
  cosh: { of: expr.cosh, like: Math.cosh, from: -89, to: 89 },
  asinh: { of: expr.asinh, like: Math.asinh, from: -3e38, to: 3e38 },
  acosh: { of: expr.acosh, like: Math.acosh, from: 1, to: 3e38 },
  atanh: { of: expr.atanh, like: Math.atanh, from: -0.99999, to: 0.99999 },
};

/** Arguments from 1e-30 to the ends, of both signs where both have values, and close to 1. */
function argumentsOf({ from, to }: Row, n: number): Float32Array<ArrayBuffer> {
  const size = (k: number, end: number) => 10 ** (-30 + (Math.log10(end) + 30) * (k / (n / 4)));
  return Float32Array.from({ length: n }, (_, k) => {
    const x = k < n / 4
      ? size(k, Math.abs(to))
      : k < n / 2
      ? -size(k - n / 4, Math.abs(from))
      : k < 3 * n / 4
      ? 1 + (k % 2 ? 1 : -1) * 2 ** (-24 * (k - n / 2) / (n / 4))
      : Math.max(from, -20) + (Math.min(to, 20) - Math.max(from, -20)) * (k - 3 * n / 4) / (n / 4);
    return Math.max(Math.fround(from), Math.min(Math.fround(to), x));
  });
}

for (const [name, row] of Object.entries(FUNCTIONS)) {
  Deno.test(`${name} has a relative error below 1e-5`, async () => {
    const n = 4096, A0 = argumentsOf(row, n), func = elementwise(n, ["f32"], (x) => row.of(x));
    verifyFunc(func);
    const wanted = [...A0].map(row.like);
    assertNear(interpret(func, { A0 }).C ?? [], wanted, 1e-9, 0, "the interpreter");
    // What is below 1.2e-38 may be zero.
    await onAll(func, { A0 }, (got, where) => assertNear(got, wanted, 1e-5, 1.2e-38, `${name} on ${where}`));
    for (const device of devices) {
      const scheduled = schedule(func, device.target, [fallback]).func;
      assertEquals(await wrongOn(device, subjectOf(func, {}, 1, { A0 }), scheduled), undefined, name);
    }
    const again = funcFromJson(JSON.parse(JSON.stringify(funcToJson(func))));
    assertEquals(`${again}`, `${func}`);
    const halves = Float16Array.from(A0.subarray(3072), (x) => Math.max(-8, Math.min(8, x)));
    const half = elementwise(1024, ["f16"], (x) => row.of(x));
    const rounded = [...halves].map((x) => Math.f16round(row.like(x)));
    await onAll(half, { A0: halves }, (got, where) => assertNear(got, rounded, 2e-3, 1e-4, `f16 ${where}`));
  });
}

Deno.test("atan2 has the angles of all quadrants", async () => {
  const sizes = [0, 1, 1e-30, 1e30, 0.3, 2, 3e38, 1e-3, -1, -1e-30, -1e30, -0.3, -2, -3e38, -1e-3, 7];
  const A0 = Float32Array.from({ length: 256 }, (_, k) => sizes[k >> 4] as number);
  const A1 = Float32Array.from({ length: 256 }, (_, k) => sizes[k & 15] as number);
  const func = elementwise(256, ["f32", "f32"], (y, x) => expr.atan2(y, x));
  const wanted = [...A0].map((y, k) => Math.atan2(y, A1[k] as number));
  await onAll(func, { A0, A1 }, (got, where) => assertNear(got, wanted, 1e-5, 1.2e-38, where));
  const infinite = Float32Array.of(Infinity, -Infinity, Infinity, 1),
    other = Float32Array.of(Infinity, 1, -1, Infinity);
  const few = elementwise(4, ["f32", "f32"], (y, x) => expr.atan2(y, x));
  const angles = [...infinite].map((y, k) => Math.atan2(y, other[k] as number));
  assertNear(interpret(few, { A0: infinite, A1: other }).C ?? [], angles, 1e-9, 0, "the interpreter");
});

Deno.test("tangents are right beyond one period", async () => {
  const A0 = Float32Array.from({ length: 1024 }, (_, k) => (k - 512) * 0.37);
  const func = elementwise(1024, ["f32"], (x) => expr.tan(x));
  // Next to its zeros and poles, the error is that of the angle.
  const near = [...A0].map(Math.tan).map((t) => Math.abs(t) > 0.02 && Math.abs(t) < 50);
  const keep = (x: ArrayLike<number>) => near.map((n, k) => n ? x[k] as number : 0);
  const wanted = keep([...A0].map(Math.tan));
  await onAll(func, { A0 }, (got, where) => assertNear(keep(got), wanted, 1e-5, 0, where));
});

const WHOLE = [
  ...[0, 0.5, 1.5, 2.5, 3.5, -0.5, -1.5, -2.5, 0.49999997, -0.49999997, 0.50000006, 1e-30, -1e-30, 8388607.5],
  ...[
    -8388607.5,
    1e30,
    -1e30,
    2.4999998,
    -2.5000002,
    1e9,
    7,
    -7,
    0.9999999,
    -0.9999999,
    65504,
    33.3,
    -33.3,
    2,
  ],
  ...[-2, 4.5, 5.5, 6.5],
];

Deno.test("rounding is exact, and half goes to the even neighbour", async () => {
  const A0 = Float32Array.from(WHOLE);
  const even = (x: number) => {
    const low = Math.floor(x), part = x - low;
    return part < 0.5 || (part === 0.5 && low % 2 === 0) ? low : low + 1;
  };
  const table: readonly [(x: Expr) => Expr, (x: number) => number][] = [
    [expr.round, even],
    [expr.ceil, Math.ceil],
    [expr.floor, Math.floor],
    [expr.trunc, Math.trunc],
    [expr.sign, Math.sign],
  ];
  for (const [of, like] of table) {
    for (const dtype of ["f32", "f16"] as const) {
      const inputs = { A0: dtype === "f32" ? A0 : Float16Array.from(WHOLE, (x) => x % 60000) };
      const func = elementwise(32, [dtype], (x) => of(x));
      // The sign of zero is open.
      const wanted = [...inputs.A0].map((x) => like(x) + 0);
      const unsigned = (x: Iterable<number>) => [...x].map((v) => v + 0);
      assertSame(unsigned(interpret(func, inputs).C ?? []), wanted, "the interpreter");
      await onAll(func, inputs, (got, where) => assertSame(unsigned(got), wanted, where));
    }
  }
});

Deno.test("isNaN is right where comparisons are open", async () => {
  const floats = [0, NaN, Infinity, -Infinity, 1, -NaN, 3e38, -0];
  for (const dtype of ["f32", "f16"] as const) {
    const A0 = dtype === "f32" ? Float32Array.from(floats) : Float16Array.from(floats);
    const func = elementwise(8, [dtype], (x) => cast("i32", expr.isNaN(x)));
    const wanted = floats.map((x) => +Number.isNaN(x));
    assertSame(interpret(func, { A0 }).C ?? [], wanted, "the interpreter");
    await onAll(func, { A0 }, (got, where) => assertSame(got, wanted, `${dtype} ${where}`));
  }
});

Deno.test("the bits of numbers are those of IEEE 754", async () => {
  const values = [1, -1, 0, 0.1, 3e38, -1e-30, Infinity, -Infinity];
  const words = { f32: Float32Array, i32: Int32Array, u32: Uint32Array } as const;
  for (const from of ["f32", "i32", "u32"] as const) {
    for (const to of ["f32", "i32", "u32"] as const) {
      const A0 = new words[from](Float32Array.from(values).buffer);
      const func = elementwise(8, [from], (x) => expr.bitcast(to, x));
      verifyFunc(func);
      const wanted = [...new words[to](A0.buffer)];
      assertSame(interpret(func, { A0 }).C ?? [], wanted, `the interpreter, ${from} to ${to}`);
      await onAll(func, { A0 }, (got, where) => assertSame(got, wanted, `${from} to ${to} on ${where}`));
    }
  }
});

Deno.test("the bits of NaN may be a constant", async () => {
  const bits = Uint32Array.of(0x7fc00000, 0xff800001, 0x7f800000, 0);
  for (const word of bits) {
    const func = elementwise(
      4,
      ["i32"],
      (x) =>
        cast("i32", expr.isNaN(expr.add(expr.bitcast("f32", expr.constant(word, "u32")), cast("f32", x)))),
    );
    const wanted = Array(4).fill(+(word === 0x7fc00000 || word === 0xff800001));
    await onAll(func, { A0: new Int32Array(4) }, (got, where) => assertSame(got, wanted, where));
  }
});

Deno.test("operators on integers are right for all 32 bits", async () => {
  const I = [0, 1, -1, 7, -7, 2 ** 31 - 1, -(2 ** 31), 100], J = [3, -3, 2, -2, 5, 16, 3, -7];
  const A0 = Int32Array.from(I), A1 = Int32Array.from(J);
  const table: readonly [(x: Expr, y: Expr) => Expr, (x: number, y: number) => number][] = [
    [expr.bitAnd, (x, y) => x & y],
    [expr.bitOr, (x, y) => x | y],
    [expr.bitXor, (x, y) => x ^ y],
    [(x) => expr.bitNot(x), (x) => ~x],
    [(x, y) => expr.shiftLeft(x, expr.bitAnd(y, 31)), (x, y) => x << (y & 31)],
    [(x, y) => expr.shiftRight(x, expr.bitAnd(y, 31)), (x, y) => x >> (y & 31)],
    [expr.truncDiv, (x, y) => Math.trunc(x / y) + 0],
    [expr.truncMod, (x, y) => x % y + 0],
    [(x) => expr.sign(x), Math.sign],
  ];
  for (const [of, like] of table) {
    const func = elementwise(8, ["i32", "i32"], (x, y) => of(x, y));
    const wanted = I.map((x, k) => like(x, J[k] as number));
    assertSame(interpret(func, { A0, A1 }).C ?? [], wanted, "the interpreter");
    await onAll(func, { A0, A1 }, (got, where) => assertSame(got, wanted, where));
  }
  const U = Uint32Array.of(0, 1, 2 ** 32 - 1, 2 ** 31, 7, 8, 9, 10);
  const inverted = elementwise(8, ["u32"], (x) => expr.truncDiv(expr.bitNot(x), 3));
  const wanted = [...U].map((x) => Math.floor((~x >>> 0) / 3));
  await onAll(inverted, { A0: U }, (got, where) => assertSame(got, wanted, where));
});

Deno.test("constants are folded where all devices agree", () => {
  const folded = (e: Expr) => {
    const x = new Analyzer().simplify(e);
    return x.kind === "const" ? [x.dtype, x.value] : x.kind;
  };
  const f32 = (x: number) => expr.constant(x, "f32");
  assertEquals([0.5, 1.5, 2.5, -2.5, -0.4].map((x) => folded(expr.round(f32(x)))), [
    ["f32", 0],
    ["f32", 2],
    ["f32", 2],
    ["f32", -2],
    ["f32", -0],
  ]);
  assertEquals(folded(expr.isNaN(f32(Infinity))), ["bool", 0]);
  assertEquals(folded(expr.bitcast("i32", f32(-1))), ["i32", -0x40800000]);
  assertEquals(folded(expr.bitcast("u32", f32(-1))), ["u32", 0xbf800000]);
  assertEquals(folded(expr.bitcast("f32", expr.constant(0x3f000000))), ["f32", 0.5]);
  assertEquals(folded(expr.bitcast("u32", expr.constant(-1))), ["u32", 2 ** 32 - 1]);
  // The bits of NaN, and of what may be flushed to zero.
  assertEquals([0x7fc00000, 1].map((x) => folded(expr.bitcast("f32", expr.constant(x)))), ["call", "call"]);
  assertEquals(folded(expr.exp2(f32(0.5))), "call");
  assertEquals(folded(expr.truncDiv(expr.constant(-7), 2)), ["i32", -3]);
});

Deno.test("bounds of errors are small for exact arguments", () => {
  for (const [name, row] of Object.entries(FUNCTIONS)) {
    const A0 = argumentsOf(row, 512), func = elementwise(512, ["f32"], (x) => row.of(x));
    const { C } = interpretBounded(func, { A0 });
    C?.values.forEach((v, k) => {
      // The error of a sine is bounded absolutely.
      const least = name === "tan" ? 1e-6 * (1 + v * v) : 2e-38;
      const bound = C.bounds[k] as number;
      assert(bound <= Math.max(least, 5e-5 * Math.abs(v)), `${name} of ${A0[k]} is ${v} ± ${bound}`);
    });
  }
});

Deno.test("functions that targets have are calls of them", () => {
  const names = [
    "exp",
    "log",
    "sqrt",
    "rsqrt",
    "sin",
    "cos",
    "tanh",
    "erf",
    "abs",
    "floor",
    "round",
  ] as const;
  const x = placeholder("x", [1]).at(0), i = placeholder("i", [1], "i32").at(0);
  for (const name of names) assertEquals(expr[name](x), expr.call(name, x));
  assertEquals(expr.pow(x, 2), expr.call("pow", x, expr.constant(2, "f32")));
  assertEquals(expr.abs(i), expr.call("abs", i));
  assertThrows(() => expr.abs(expr.cast("u32", i)), IrError, "cannot build abs of u32");
});

Deno.test("functions refuse what they don't take", () => {
  const [x, y] = [expr.constant(1, "i32"), expr.constant(1, "f32")];
  assertThrows(() => expr.sinh(x), IrError, "cannot build sinh of i32: it takes floats; cast first");
  assertThrows(() => expr.bitAnd(y, 1), IrError, "cannot build bitAnd of f32: it takes integers");
  assertThrows(() => expr.bitcast("f32", expr.constant(1, "bool")), IrError, "it takes f32, i32 or u32");
  assertThrows(() => expr.bitcast("f16" as "f32", y), OptionError, "to be one of f32, i32, u32");
});
