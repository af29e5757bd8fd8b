/** Operators on single elements, against the same functions in doubles. */
import { assertEquals, assertThrows } from "@std/assert";
import * as op from "../../lib/face/op.ts";
import * as te from "../../lib/face/te.ts";
import { assertResults, type Drawing, drawn, given, shown } from "./drawn.ts";
import { erf, tensor } from "./reference.ts";

type Unary = readonly [
  name: string,
  make: (A: te.Tensor) => te.Tensor,
  f: (x: number) => number,
  drawing?: Drawing,
  types?: readonly te.ScalarType[],
];
const FLOATS = ["f32", "f16"] as const,
  SIGNED = [...FLOATS, "i32"] as const,
  NUMBERS = [...SIGNED, "u32"] as const;
const smooth = (x: number) => Math.log1p(Math.exp(x)), wide = { from: -9, below: 9 };
const logistic = (x: number) => 1 / (1 + Math.exp(-x));
const clamp = (x: number, low: number, high: number) => Math.min(Math.max(x, low), high);

const UNARY: readonly Unary[] = [
  ["neg", op.neg, (x) => -x, {}, SIGNED],
  ["abs", op.abs, Math.abs, {}, SIGNED],
  ["sqrt", op.sqrt, Math.sqrt, { from: 0, below: 9 }],
  ["rsqrt", op.rsqrt, (x) => 1 / Math.sqrt(x), { from: 0.1, below: 9 }],
  ["reciprocal", op.reciprocal, (x) => 1 / x, { from: 0.5, below: 9 }],
  ["exp", op.exp, Math.exp],
  ["log", op.log, Math.log, { from: 0.1, below: 9 }],
  ["erf", op.erf, erf],
  ["sin", op.sin, Math.sin, wide],
  ["cos", op.cos, Math.cos, wide],
  ["tanh", op.tanh, Math.tanh],
  ["floor", op.floor, Math.floor, wide],
  ["sigmoid", op.sigmoid, logistic, wide],
  ["softplus", op.softplus, smooth, wide],
  ["softsign", op.softsign, (x) => x / (1 + Math.abs(x))],
  ["mish", op.mish, (x) => x * Math.tanh(smooth(x)), wide],
  ["hardSigmoid", op.hardSigmoid, (x) => clamp(0.2 * x + 0.5, 0, 1), wide],
  [
    "hardSigmoid of its own",
    (A) => op.hardSigmoid(A, { alpha: 0.5, beta: 0.25 }),
    (x) => clamp(x / 2 + 0.25, 0, 1),
  ],
  ["hardSwish", op.hardSwish, (x) => x * clamp(x / 6 + 0.5, 0, 1), wide],
  ["leakyRelu", op.leakyRelu, (x) => x < 0 ? 0.01 * x : x],
  ["leakyRelu of its own", (A) => op.leakyRelu(A, { alpha: 0.25 }), (x) => x < 0 ? x / 4 : x],
  ["elu", (A) => op.elu(A, { alpha: 2 }), (x) => x < 0 ? 2 * Math.expm1(x) : x],
  [
    "selu",
    op.selu,
    (x) => 1.05070102214813232421875 * (x < 0 ? 1.67326319217681884765625 * Math.expm1(x) : x),
  ],
  ["celu", (A) => op.celu(A, { alpha: 2 }), (x) => Math.max(0, x) + Math.min(0, 2 * Math.expm1(x / 2))],
  ["thresholdedRelu", op.thresholdedRelu, (x) => x > 1 ? x : 0],
  ["clip", (A) => op.clip(A, { min: 1, max: 50 }), (x) => clamp(x, 1, 50), {}, NUMBERS],
  ["clip from below", (A) => op.clip(A, { min: 1 }), (x) => Math.max(x, 1), {}, NUMBERS],
];

for (const [name, make, f, drawing = {}, types = FLOATS] of UNARY) {
  Deno.test(`${name} is right on each element`, async () => {
    for (const dtype of types) {
      const float = dtype === "f32" || dtype === "f16";
      const A = drawn("A", ["n", 7], { ...(float ? drawing : {}), dtype, shapes: { n: 5 } });
      const B = make(A.tensor);
      assertEquals([shown(B), B.name], [`${dtype}[n, 7]`, "B"]);
      const wanted = Array.from(A.array, f);
      await assertResults([A], [B], [wanted], {
        shapes: { n: 5 },
        tolerance: dtype === "f16" ? 4e-3 : 3e-5,
        exact: 1e-6,
      });
    }
  });
}

Deno.test("activations of large arguments are finite", async () => {
  const A = given("A", [4], [4], [-80, -40, 40, 80]);
  for (const [name, make, f] of UNARY) {
    if (!/^(sigmoid|softplus|softsign|mish|hardS|leaky|elu|selu|celu|thresh|tanh|erf)/.test(name)) continue;
    await assertResults([A], [make(A.tensor)], [Array.from(A.array, f)], { exact: 1e-6 });
  }
});

type Binary = readonly [
  name: string,
  make: (A: te.Tensor, B: te.Tensor) => te.Tensor,
  f: (x: number, y: number, dtype: te.ScalarType) => number,
  types: readonly te.ScalarType[],
  /** B is drawn from 1 on. */
  positive?: boolean,
];
const own = (dtype: te.ScalarType, x: number, integer: number) =>
  dtype === "i32" ? integer | 0 : dtype === "u32" ? integer >>> 0 : x;

const BINARY: readonly Binary[] = [
  ["add", op.add, (x, y, t) => own(t, x + y, x + y), NUMBERS],
  ["sub", op.sub, (x, y, t) => own(t, x - y, x - y), NUMBERS],
  ["mul", op.mul, (x, y, t) => own(t, x * y, Math.imul(x, y)), NUMBERS],
  ["div", op.div, (x, y, t) => own(t, x / y, Math.trunc(x / y)), NUMBERS, true],
  ["mod", op.mod, (x, y) => x - y * Math.floor(x / y), NUMBERS, true],
  ["fmod", (A, B) => op.mod(A, B, { fmod: true }), (x, y) => x % y, NUMBERS, true],
  ["minimum", op.minimum, (x, y) => Math.min(x, y), NUMBERS],
  ["maximum", op.maximum, (x, y) => Math.max(x, y), NUMBERS],
  ["pow", (A, B) => op.pow(op.abs(A), B), (x, y) => Math.abs(x) ** y, FLOATS, true],
];

for (const [name, make, f, types, positive = false] of BINARY) {
  Deno.test(`${name} is right on each pair, with broadcasting`, async () => {
    const shapes = { n: 3 };
    for (const dtype of types) {
      const A = drawn("A", ["n", 1, 5], { dtype, shapes });
      const B = drawn("B", [4, 1], { dtype, ...(positive ? { from: 1, below: 4 } : {}) });
      const C = make(A.tensor, B.tensor);
      assertEquals([shown(C), C.name], [`${dtype}[n, 4, 5]`, "C"]);
      const wanted = tensor([3, 4, 5], (i = 0, j = 0, k = 0) => f(A.at(i, 0, k), B.at(j, 0), dtype));
      await assertResults([A, B], [C], [wanted], {
        shapes,
        tolerance: dtype === "f16" ? 8e-3 : 3e-5,
        exact: 1e-6,
      });
    }
  });
}

Deno.test("div and mod have the signs that C and NumPy give them", async () => {
  const x = [7, -7, 7, -7, 6, -6, 0, -1], y = [3, 3, -3, -3, -3, 3, 5, 100];
  for (const dtype of SIGNED) {
    const A = given("A", [8], [8], x, dtype), B = given("B", [8], [8], y, dtype);
    const quotient = (k: number) =>
      dtype === "i32" ? Math.trunc((x[k] ?? 0) / (y[k] ?? 0)) : (x[k] ?? 0) / (y[k] ?? 0);
    const floorMod = (k: number) => (x[k] ?? 0) - (y[k] ?? 0) * Math.floor((x[k] ?? 0) / (y[k] ?? 0));
    const all = [
      tensor([8], (k = 0) => quotient(k) + 0),
      tensor([8], (k = 0) => floorMod(k) + 0),
      tensor([8], (k = 0) => (x[k] ?? 0) % (y[k] ?? 0) + 0),
    ];
    await assertResults(
      [A, B],
      [
        op.div(A.tensor, B.tensor, { name: "Q" }),
        op.mod(A.tensor, B.tensor, { name: "R" }),
        op.mod(A.tensor, B.tensor, { name: "S", fmod: true }),
      ],
      all,
      { tolerance: 2e-3 },
    );
  }
});

Deno.test("comparisons and logic give bools", async () => {
  const COMPARISONS = {
    equal: (x: number, y: number) => x === y,
    notEqual: (x: number, y: number) => x !== y,
    less: (x: number, y: number) => x < y,
    lessEqual: (x: number, y: number) => x <= y,
    greater: (x: number, y: number) => x > y,
    greaterEqual: (x: number, y: number) => x >= y,
  };
  for (const dtype of [...NUMBERS, "bool"] as const) {
    const values = dtype === "bool" ? [0, 1, 1, 0] : dtype === "u32" ? [0, 1, 2, 2 ** 32 - 1] : [-3, 0, 1, 2];
    const A = given("A", [4, 1], [4, 1], values, dtype), B = given("B", [4], [4], values, dtype);
    const chosen = Object.entries(COMPARISONS).slice(0, dtype === "bool" ? 2 : 6);
    const results = chosen.map(([name]) =>
      op[name as keyof typeof COMPARISONS](A.tensor, B.tensor, { name })
    );
    assertEquals(results.map((t) => t.dtype), chosen.map(() => "bool"));
    const wanted = chosen.map(([, f]) =>
      tensor([4, 4], (i = 0, j = 0) => +f(values[i] ?? 0, values[j] ?? 0))
    );
    await assertResults([A, B], results, wanted);
  }
  const A = given("A", [2, 1], [2, 1], [0, 1], "bool"), B = given("B", [2], [2], [0, 1], "bool");
  await assertResults([A, B], [
    op.and(A.tensor, B.tensor, { name: "both" }),
    op.or(A.tensor, B.tensor, { name: "any" }),
    op.xor(A.tensor, B.tensor, { name: "one" }),
    op.not(A.tensor, { name: "none" }),
  ], [[0, 0, 0, 1], [0, 1, 1, 1], [0, 1, 1, 0], [1, 0]]);
});

Deno.test("isNaN tells NaN from all other numbers", async () => {
  for (const dtype of FLOATS) {
    const A = given("A", [6], [6], [NaN, 0, -1, Infinity, -Infinity, NaN], dtype);
    const B = op.isNaN(A.tensor);
    assertEquals(shown(B), "bool[6]");
    await assertResults([A], [B], [[1, 0, 0, 0, 0, 1]]);
    const own = [
      op.notEqual(A.tensor, A.tensor, { name: "N" }),
      op.equal(A.tensor, A.tensor, { name: "E" }),
      op.lessEqual(A.tensor, A.tensor, { name: "L" }),
    ];
    await assertResults([A], own, [[1, 0, 0, 0, 0, 1], [0, 1, 1, 1, 1, 0], [0, 1, 1, 1, 1, 0]]);
  }
});

Deno.test("prelu has slopes of its own", async () => {
  const shapes = { n: 2 }, A = drawn("A", ["n", 3, 4], { shapes }), S = drawn("S", [3, 1]);
  const wanted = tensor([2, 3, 4], (i = 0, j = 0, k = 0) => {
    const x = A.at(i, j, k);
    return x < 0 ? x * S.at(j, 0) : x;
  });
  await assertResults([A, S], [op.prelu(A.tensor, S.tensor)], [wanted], { shapes });
});

Deno.test("elements that don't fit are refused", () => {
  const A = te.placeholder("A", [4, 3]),
    I = te.placeholder("I", [4, 3], "i32"),
    P = te.placeholder("P", [3], "bool");
  const refused: readonly (readonly [() => te.Tensor, string])[] = [
    [() => op.exp(I), "expected A of f32 or f16, got i32, in exp; cast it"],
    [() => op.neg(P), "expected A of f32 or f16 or i32, got bool, in neg; cast it"],
    [() => op.add(A, I), "expected B of f32 as A is, got i32, in add; cast it"],
    [() => op.pow(I, I), "expected A of f32 or f16, got i32, in pow; cast it"],
    [() => op.less(P, P), "expected A of f32 or f16 or i32 or u32, got bool, in less; cast it"],
    [() => op.and(A, P), "expected A of bool, got f32, in and; cast it"],
    [() => op.clip(I, { min: 0.5 }), "expected min to be a number of i32, got 0.5, in clip"],
    [
      () => op.prelu(te.placeholder("x", [3]), A),
      "expected slope of a shape that repeats to A's [3], got [4, 3], in prelu",
    ],
    [
      () => op.sub(A, te.placeholder("B", [4])),
      "expected B of a shape that fits A's [4, 3], got [4], in sub: from the last dimension on",
    ],
  ];
  for (const [build, says] of refused) assertThrows(build, te.TeError, says);
  assertThrows(
    () => op.celu(A, { alpha: 0 }),
    Error,
    "expected alpha of op.celu to be a finite f32 above 0, got 0",
  );
  assertThrows(() => op.elu(A, { alpha: Infinity }), Error, "expected alpha of op.elu to be a finite f32");
});
