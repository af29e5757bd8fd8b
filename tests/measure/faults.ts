/** Programs with a right kernel in JavaScript, and kernels with one planted fault each. */
import type { Executable } from "../../lib/codegen/executable.ts";
import * as te from "../../lib/face/te.ts";
import {
  add,
  binary,
  call,
  cast,
  constant,
  div,
  eq,
  floorDiv,
  floorMod,
  lt,
  max,
  min,
  mul,
  select,
  sub,
} from "../../lib/ir/build.ts";
import type { ScalarType } from "../../lib/ir/dtype.ts";
import type { Expr } from "../../lib/ir/expr.ts";
import type { PrimFunc } from "../../lib/ir/func.ts";
import { exprToJson } from "../../lib/ir/json.ts";
import { outputsOf } from "../../lib/ir/parameters.ts";
import type { Shapes } from "../../lib/ir/shapes.ts";

/** A program, its right kernel, and wrong ones by what is wrong with them. */
export interface Planted {
  readonly name: string;
  readonly func: PrimFunc;
  readonly shapes?: Shapes;
  readonly right: string;
  readonly faults: Readonly<Record<string, string>>;
}

/** A kernel in JavaScript for a program: its parameters by name, and `U` with the shape variables' values. */
export function kernelOf(func: PrimFunc, body: string): Executable {
  const outputs = new Set(outputsOf(func).map((b) => b.name));
  return {
    name: func.name,
    language: "js",
    shapeVars: func.shapeVars.map((v) => v.name),
    buffers: func.params.map((b) => ({
      name: b.name,
      dtype: b.dtype,
      shape: b.shape.map(exprToJson),
      role: outputs.has(b.name) ? "output" : "input",
      storage: { kind: "buffer" },
    })),
    launches: [{
      name: "kernel",
      source: `const [${func.params.map((b) => b.name).join(", ")}] = buffers, U = uniforms;\n${body}`,
      workgroupSize: [1, 1, 1],
      grid: [1, 1, 1],
      folded: false,
      bindings: func.params.map((b) => ({
        name: b.name,
        access: outputs.has(b.name) ? "readWrite" : "read",
      })),
      uniforms: func.shapeVars.map((v) => v.name),
      loops: [],
      f16: false,
      sharedBytes: 0,
      prepares: false,
    }],
  };
}

const N = 512;

function elementwise(
  name: string,
  value: (...x: readonly Expr[]) => Expr,
  ...dtypes: readonly ScalarType[]
): PrimFunc {
  const inputs = (dtypes.length > 0 ? dtypes : ["f32" as const]).map((d, k) =>
    te.placeholder("ABC"[k] as string, [N], d)
  );
  return te.primFunc(name, [...inputs, te.compute("Y", [N], (i) => value(...inputs.map((t) => t.at(i))))]);
}

const each = (value: string) => `for (let i = 0; i < Y.length; i++) { const a = A[i]; Y[i] = ${value}; }`;
const f32 = (x: number) => constant(x, "f32");
const abs = (x: Expr) => call("abs", x);

const rows = (name: string, value: (A: te.Tensor, i: Expr, k: te.ReduceAxis) => te.Reduction): PrimFunc => {
  const A = te.placeholder("A", [32, 50]), k = te.reduceAxis(50);
  return te.primFunc(name, [A, te.compute("Y", [32], (i) => value(A, i, k))]);
};
const eachRow = (init: string, step: string, { row = "i < 32", column = "k < 50", end = "s" } = {}) =>
  `for (let i = 0; ${row}; i++) { let s = ${init}; for (let k = 0; ${column}; k++) { const a = A[i * 50 + k]; ${step} } Y[i] = ${end}; }`;

const product = (term: string, { k = "k < 9", i = "i < 7", store = "C[i * 8 + j] = s" } = {}) =>
  `for (let i = 0; ${i}; i++) for (let j = 0; j < 8; j++) { let s = 0; for (let k = 0; ${k}; k++) s += ${term}; ${store}; }`;

const neighbours = (() => {
  const A = te.placeholder("A", [N]);
  return te.primFunc("neighbours", [
    A,
    te.compute("Y", [N], (i) =>
      add(
        select(lt(0, i), A.at(sub(i, 1)), f32(0)),
        select(lt(i, N - 1), A.at(add(i, 1)), f32(0)),
      )),
  ]);
})();

const both = (() => {
  const A = te.placeholder("A", [N]);
  return te.primFunc("both", [
    A,
    te.compute("Y", [N], (i) => mul(A.at(i), 2)),
    te.compute("Z", [N], (i) => mul(A.at(i), 3)),
  ]);
})();

const gather = (() => {
  const W = te.placeholder("W", [200, 4]), ids = te.placeholder("ids", [64], "i32", { below: 200 });
  return te.primFunc("gather", [W, ids, te.compute("Y", [64, 4], (i, j) => W.at(ids.at(i), j))]);
})();

/** Reads rows around the table's end. */
const wrapped = (() => {
  const W = te.placeholder("W", [200]), ids = te.placeholder("ids", [N], "i32");
  return te.primFunc("wrapped", [W, ids, te.compute("Y", [N], (i) => W.at(floorMod(ids.at(i), 200)))]);
})();

const lookUp = (row: string, end = "64") =>
  `for (let i = 0; i < ${end}; i++) for (let j = 0; j < 4; j++) Y[i * 4 + j] = W[(${row}) * 4 + j];`;

const double = each("a * 2");

export const PLANTED: readonly Planted[] = [
  {
    name: "relu(x - 2)",
    func: elementwise("shifted", (a) => max(sub(a, 2), 0)),
    right: each("Math.max(a - 2, 0)"),
    faults: {
      "zeros": each("0"),
      "no max": each("a - 2"),
      "wrong above 100": each("a > 100 ? 98 : Math.max(a - 2, 0)"),
      "the shift left out": each("Math.max(a, 0)"),
    },
  },
  {
    name: "min(|x|, 1)",
    func: elementwise("capped", (a) => min(abs(a), 1)),
    right: each("Math.min(Math.abs(a), 1)"),
    faults: { "no min": each("Math.abs(a)"), "no abs": each("Math.min(a, 1)") },
  },
  {
    name: "two branches",
    func: elementwise("branches", (a) => select(lt(a, f32(-1.5)), mul(a, 2), a)),
    right: each("a < -1.5 ? 2 * a : a"),
    faults: { "a branch left out": each("a"), "branches exchanged": each("a < -1.5 ? a : 2 * a") },
  },
  {
    name: "exp(20x) + x",
    func: elementwise("steep", (a) => add(call("exp", mul(a, 20)), a)),
    right: each("Math.exp(20 * a) + a"),
    faults: {
      "small elements written as 0": each("Math.exp(20 * a) + a < 3000 ? 0 : Math.exp(20 * a) + a"),
      "the small term left out": each("Math.exp(20 * a)"),
    },
  },
  {
    name: "i32 that wraps",
    func: elementwise("high", (a) => mul(a, 65536), "i32"),
    right: each("Math.imul(a, 65536)"),
    faults: {
      "a clamp in place of a wrap": each("Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, a * 65536))"),
      "only the low byte": each("(a << 24 >> 24) * 65536"),
    },
  },
  {
    name: "i32 floor",
    func: elementwise("floors", (a) => floorDiv(a, 7), "i32"),
    right: each("Math.floor(a / 7)"),
    faults: {
      "truncation": each("Math.trunc(a / 7)"),
      "in f32": each("Math.floor(Math.fround(Math.fround(a) / 7))"),
      "wrong for the least number": each("a === -(2 ** 31) ? 0 : Math.floor(a / 7)"),
    },
  },
  {
    name: "i32 modulo",
    func: elementwise("mods", (a) => floorMod(a, 8), "i32"),
    right: each("a & 7"),
    faults: { "the sign of a": each("a % 8") },
  },
  {
    name: "u32 shift",
    func: elementwise("shifts", (a) => binary("shr", a, constant(3, "u32")), "u32"),
    right: each("a >>> 3"),
    faults: { "with the sign": each("a >> 3"), "without the highest bit": each("(a & 0x7fffffff) >>> 3") },
  },
  {
    name: "i32 comparison",
    func: elementwise("least", (a, b) => min(a as Expr, b as Expr), "i32", "i32"),
    right: each("Math.min(a, B[i])"),
    faults: {
      "by the difference": each("((a - B[i]) | 0) < 0 ? a : B[i]"),
      "unsigned": each("a >>> 0 < B[i] >>> 0 ? a : B[i]"),
    },
  },
  {
    name: "f32 comparison",
    func: elementwise("less", (a, b) => select(lt(a as Expr, b as Expr), f32(1), f32(0)), "f32", "f32"),
    right: each("a < B[i] ? 1 : 0"),
    faults: { "ties": each("a <= B[i] ? 1 : 0"), "operands exchanged": each("B[i] < a ? 1 : 0") },
  },
  {
    name: "zero",
    func: elementwise("isZero", (a) => select(eq(a, f32(0)), f32(1), mul(a, 2))),
    right: each("a === 0 ? 1 : a * 2"),
    faults: {
      "zero forgotten": each("a * 2"),
      "negative zero forgotten": each("Object.is(a, 0) ? 1 : a * 2"),
    },
  },
  {
    name: "a cast to i32",
    func: elementwise("casts", (a) => cast("i32", mul(a, 10))),
    right: each("Math.trunc(Math.fround(a * 10))"),
    faults: { "rounded": each("Math.round(a * 10)"), "floor": each("Math.floor(a * 10)") },
  },
  {
    name: "a difference",
    func: elementwise("difference", (a, b) => sub(a as Expr, b as Expr), "f32", "f32"),
    right: each("a - B[i]"),
    faults: {
      "operands exchanged": each("B[i] - a"),
      "a sum": each("a + B[i]"),
      "small results as 0": each("Math.abs(a - B[i]) < 1e-3 ? 0 : a - B[i]"),
    },
  },
  {
    name: "a quotient",
    func: elementwise("quotient", (a, b) => div(a as Expr, add(abs(b as Expr), 1)), "f32", "f32"),
    right: each("a / (Math.abs(B[i]) + 1)"),
    faults: { "no abs": each("a / (B[i] + 1)"), "no 1": each("a / Math.abs(B[i])") },
  },
  {
    name: "a constant",
    func: elementwise("scaled", (a) => mul(a, f32(0.70710678))),
    right: each("a * 0.70710678"),
    faults: { "to four digits": each("a * 0.7071"), "in f16": each("a * Math.f16round(0.70710678)") },
  },
  {
    name: "exp",
    func: elementwise("exponential", (a) => call("exp", a)),
    right: each("Math.exp(a)"),
    faults: {
      "a polynomial": each("1 + a + a * a / 2 + a ** 3 / 6"),
      "wrong for small results": each("a < -20 ? 0 : Math.exp(a)"),
      "no large results": each("Math.min(Math.exp(a), 1e9)"),
    },
  },
  {
    name: "sqrt",
    func: elementwise("roots", (a) => call("sqrt", a)),
    right: each("Math.sqrt(a)"),
    faults: {
      "of the magnitude": each("Math.sqrt(Math.abs(a))"),
      "0 where it is NaN": each("a < 0 ? 0 : Math.sqrt(a)"),
    },
  },
  {
    name: "sums of rows",
    func: rows("sums", (A, i, k) => te.sum(A.at(i, k.var), [k])),
    right: eachRow("0", "s += a;"),
    faults: {
      "the last column left out": eachRow("0", "s += a;", { column: "k < 49" }),
      "one column twice": eachRow("0", "s += k === 7 ? 2 * a : a;"),
      "the last row not written": eachRow("0", "s += a;", { row: "i < 31" }),
      "the result before added": eachRow("Y[i]", "s += a;"),
      "in f16": eachRow("0", "s = Math.f16round(s + a);"),
      "magnitudes": eachRow("0", "s += Math.abs(a);"),
      "once only": `if (Number.isNaN(Y[0])) { ${eachRow("0", "s += a;")} } else Y[0] += 1;`,
    },
  },
  {
    name: "maxima of rows",
    func: rows("maxima", (A, i, k) => te.max(A.at(i, k.var), [k])),
    right: eachRow("-Infinity", "s = Math.max(s, a);"),
    faults: {
      "the minimum": eachRow("Infinity", "s = Math.min(s, a);"),
      "the first column left out": eachRow("-Infinity", "if (k > 0) s = Math.max(s, a);", {
        end: "i === 3 ? A[i * 50] : s",
      }),
      "of magnitudes": eachRow("0", "s = Math.max(s, Math.abs(a));"),
    },
  },
  {
    name: "a matrix product",
    func: te.matmul({ m: 7, n: 8, k: 9 }),
    right: product("A[i * 9 + k] * B[k * 8 + j]"),
    faults: {
      "B transposed": product("A[i * 9 + k] * B[j * 9 + k]"),
      "the last k left out": product("A[i * 9 + k] * B[k * 8 + j]", { k: "k < 8" }),
      "the last row not written": product("A[i * 9 + k] * B[k * 8 + j]", { i: "i < 6" }),
      "added to what was there": product("A[i * 9 + k] * B[k * 8 + j]", { store: "C[i * 8 + j] += s" }),
      "transposed": product("A[i * 9 + k] * B[k * 8 + j]", { store: "C[j * 7 + i] = s" }),
      "a neighbour's row": product("A[(i + 1) % 7 * 9 + k] * B[k * 8 + j]"),
      "operands in f16": product("Math.f16round(A[i * 9 + k]) * Math.f16round(B[k * 8 + j])"),
    },
  },
  {
    name: "neighbours",
    func: neighbours,
    right: each("(i > 0 ? A[i - 1] : 0) + (i < 511 ? A[i + 1] : 0)"),
    faults: {
      "around the ends": each("A[(i + 511) % 512] + A[(i + 1) % 512]"),
      "the ends repeated": each("A[Math.max(i - 1, 0)] + A[Math.min(i + 1, 511)]"),
      "one place off": each("a + (i < 511 ? A[i + 1] : 0)"),
    },
  },
  {
    name: "two results",
    func: both,
    right: "for (let i = 0; i < 512; i++) { Y[i] = A[i] * 2; Z[i] = A[i] * 3; }",
    faults: {
      "the second not written": double,
      "exchanged": "for (let i = 0; i < 512; i++) { Y[i] = A[i] * 3; Z[i] = A[i] * 2; }",
      "one element not written":
        "for (let i = 0; i < 512; i++) { Y[i] = A[i] * 2; if (i !== 300) Z[i] = A[i] * 3; }",
    },
  },
  {
    name: "rows of a table",
    func: gather,
    right: lookUp("ids[i]"),
    faults: {
      "the last row missing": lookUp("Math.min(ids[i], 198)"),
      "row 0 from 100 on": lookUp("ids[i] < 100 ? ids[i] : 0"),
      "the next row": lookUp("(ids[i] + 1) % 200"),
      "its last results not written": lookUp("ids[i]", "63"),
    },
  },
  {
    name: "a table around its end",
    func: wrapped,
    right: "for (let i = 0; i < 512; i++) Y[i] = W[((ids[i] % 200) + 200) % 200];",
    faults: {
      "a clamp in place of a wrap":
        "for (let i = 0; i < 512; i++) Y[i] = W[Math.max(0, Math.min(199, ids[i]))];",
      "one wrap only":
        "for (let i = 0; i < 512; i++) { const r = ids[i] < 0 ? ids[i] + 200 : ids[i]; Y[i] = W[r] ?? 0; }",
    },
  },
  {
    name: "bytes",
    func: elementwise("bytes", (a, b) => call("dot4I8Packed", a as Expr, b as Expr), "u32", "u32"),
    right: each("[0, 8, 16, 24].reduce((s, n) => s + (a << n >> 24) * (B[i] << n >> 24), 0)"),
    faults: {
      "without signs": each("[0, 8, 16, 24].reduce((s, n) => s + (a >>> n & 255) * (B[i] >>> n & 255), 0)"),
      "three of four": each("[0, 8, 16].reduce((s, n) => s + (a << n >> 24) * (B[i] << n >> 24), 0)"),
    },
  },
  {
    name: "f16",
    func: elementwise("halves", (a, b) => mul(a as Expr, b as Expr), "f16", "f16"),
    right: each("a * B[i]"),
    faults: {
      "held at 100": each("Math.max(-100, Math.min(100, a * B[i]))"),
      "with eight bits": each("Math.round(a * 16) / 16 * B[i]"),
      "infinite too soon": each("Math.abs(a * B[i]) > 64 ? Infinity : a * B[i]"),
    },
  },
  {
    name: "a softmax",
    func: te.softmax({ rows: "n", columns: 33 }),
    shapes: { n: 5 },
    right: `for (let i = 0; i < U[0]; i++) {
      const x = A.subarray(i * 33, i * 33 + 33), m = Math.max(...x);
      const s = x.reduce((t, v) => t + Math.exp(v - m), 0);
      x.forEach((v, j) => B[i * 33 + j] = Math.exp(v - m) / s);
    }`,
    faults: {
      "without the maximum": `for (let i = 0; i < U[0]; i++) {
        const x = A.subarray(i * 33, i * 33 + 33);
        const s = Math.fround(x.reduce((t, v) => t + Math.fround(Math.exp(v)), 0));
        x.forEach((v, j) => B[i * 33 + j] = Math.fround(Math.exp(v)) / s);
      }`,
      "the last column left out of the sum": `for (let i = 0; i < U[0]; i++) {
        const x = A.subarray(i * 33, i * 33 + 33), m = Math.max(...x);
        const s = x.subarray(0, 32).reduce((t, v) => t + Math.exp(v - m), 0);
        x.forEach((v, j) => B[i * 33 + j] = Math.exp(v - m) / s);
      }`,
      "small results as 0": `for (let i = 0; i < U[0]; i++) {
        const x = A.subarray(i * 33, i * 33 + 33), m = Math.max(...x);
        const s = x.reduce((t, v) => t + Math.exp(v - m), 0);
        x.forEach((v, j) => { const y = Math.exp(v - m) / s; B[i * 33 + j] = y < 0.02 ? 0 : y; });
      }`,
    },
  },
  {
    name: "what the runs before left",
    func: elementwise("doubled", (a) => mul(a, 2)),
    right: double,
    faults: {
      "every second run is wrong":
        `${double} if ((globalThis.runs = (globalThis.runs ?? 0) + 1) % 2 === 0) Y[0] += 1;`,
      "nothing written": "",
      "written once": `if (globalThis.written !== buffers[0]) { globalThis.written = buffers[0]; ${double} }`,
      "an input written": `${double} A[0] += 1;`,
      "what was there kept where it is a number": each("Number.isNaN(Y[i]) ? a * 2 : Y[i] + 1"),
    },
  },
];
