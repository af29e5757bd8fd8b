import * as te from "../../lib/face/te.ts";
import { assertInstanceOf, assertThrows } from "@std/assert";
import { OptionError, TunebookError } from "../../lib/base/error.ts";
import type { PrimFunc } from "../../lib/ir/func.ts";
import type { Dim } from "../../lib/face/te.ts";

/** Each operator, as a function of one of its dimensions: `[name, what it is called in messages, build]`. */
const OPERATORS: readonly (readonly [operator: string, dim: string, build: (d: Dim) => PrimFunc])[] = [
  ["matmul", "m", (m) => te.matmul({ m, n: 4, k: 4 })],
  ["matmul", "n", (n) => te.matmul({ m: 4, n, k: 4 })],
  ["matmul", "k", (k) => te.matmul({ m: 4, n: 4, k, weights: "q4f16_1" })],
  ["matmul", "batch", (batch) => te.matmul({ m: 4, n: 4, k: 4, batch })],
  ["gemv", "n", (n) => te.gemv({ n, k: 4 })],
  ["gemv", "k", (k) => te.gemv({ n: 4, k, weights: "q4f32_1" })],
  ["softmax", "rows", (rows) => te.softmax({ rows, columns: 4 })],
  ["softmax", "columns", (columns) => te.softmax({ rows: 4, columns })],
  ["logSumExp", "rows", (rows) => te.logSumExp({ rows, columns: 4 })],
  ["rmsNorm", "rows", (rows) => te.rmsNorm({ rows, columns: 4 })],
  ["rmsNorm", "columns", (columns) => te.rmsNorm({ rows: 4, columns })],
  ["addRmsNorm", "columns", (columns) => te.addRmsNorm({ rows: 4, columns })],
  ["layerNorm", "columns", (columns) => te.layerNorm({ rows: 4, columns })],
  ["reduceSum", "rows", (rows) => te.reduceSum({ rows, columns: 4 })],
  ["transpose", "columns", (columns) => te.transpose({ rows: 4, columns })],
  ["add", "shape[0]", (d) => te.add({ shape: [d, 4] })],
  ["mul", "shape[1]", (d) => te.mul({ shape: [4, d] })],
  ["relu", "shape[0]", (d) => te.relu({ shape: [d] })],
  ["silu", "shape[0]", (d) => te.silu({ shape: [d] })],
  ["gelu", "shape[2]", (d) => te.gelu({ shape: [4, 4, d] })],
  ["gated", "columns", (columns) => te.gated({ rows: 4, columns, activation: "silu" })],
  ["dequantizeQ4", "n", (n) => te.dequantizeQ4({ n, k: 4, layout: "q4f16_1" })],
  ["dequantizeQ4", "k", (k) => te.dequantizeQ4({ n: 4, k, layout: "q4f32_1" })],
];

const IMPOSSIBLE: readonly Dim[] = [
  0,
  -1,
  1.5,
  2 ** 31,
  2 ** 53,
  NaN,
  Infinity,
  "",
  "2m",
  "m n",
  "m-1",
  "größe",
  "__proto__",
  "m;",
];

Deno.test("a dimension is a positive integer below 2^31 or the name of a shape variable", () => {
  for (const [operator, dim, build] of OPERATORS) {
    for (const d of IMPOSSIBLE) {
      const error = assertThrows(
        () => build(d),
        OptionError,
        `expected ${dim} of te.${operator} to be a positive integer below 2^31, or the name of a shape variable, ` +
          `got ${typeof d === "string" ? JSON.stringify(d) : d}`,
        `${operator} with ${dim} = ${d}`,
      );
      assertInstanceOf(error, TunebookError);
    }
    for (const d of [1, "m", "seq_len", "N2"]) build(d);
  }
});

Deno.test("a dimension that is left out is refused, and named", () => {
  const missing = {} as { readonly rows: number; readonly columns: number };
  assertThrows(
    () => te.softmax(missing),
    OptionError,
    `missing option "rows" of te.softmax: expected a positive`,
  );
});

Deno.test("the epsilon of a norm is a finite number of at least 0", () => {
  const norms = { rmsNorm: te.rmsNorm, addRmsNorm: te.addRmsNorm, layerNorm: te.layerNorm };
  for (const [name, build] of Object.entries(norms)) {
    for (const eps of [-1e-9, NaN, Infinity, -Infinity, 1e39]) {
      assertThrows(
        () => build({ rows: 4, columns: 4, eps }),
        OptionError,
        `expected eps of te.${name} to be a finite f32 of at least 0, got ${eps}`,
      );
    }
    build({ rows: 4, columns: 4, eps: 0 });
  }
});
