/** Cells of a notebook are not type-checked: what an option can't be is refused, and nothing is ignored. */
import { assertEquals, assertThrows } from "@std/assert";
import { OptionError } from "../../lib/base/error.ts";
import * as op from "../../lib/face/op.ts";
import * as te from "../../lib/face/te.ts";

const matrix = { m: 4, n: 4, k: 4 };
const image = { height: 8, width: 8, channels: 4, filters: 4, kernel: 3 };
const A = te.placeholder("A", [4, 4]), B = te.placeholder("B", [4, 4]);

/** The error of a call whose options the types don't allow. */
function messageOf<O, R>(f: (options: O) => R, options: unknown): string {
  return assertThrows(() => f(options as O), OptionError).message;
}

Deno.test("a misspelt option is refused with the right name", () => {
  assertEquals(
    messageOf(te.matmul, { ...matrix, tranposeB: true }),
    `unknown option "tranposeB" of te.matmul; did you mean "transposeB"? It has m, n, k, batch, transposeA, ` +
      `transposeB, dtype, weights, out, bias, activation, residual`,
  );
  assertEquals(
    messageOf((options) => op.matmul(A, B, options as op.MatmulOptions), { tranposeB: true }).slice(0, 73),
    `unknown option "tranposeB" of op.matmul; did you mean "transposeB"? It ha`,
  );
});

Deno.test("a value outside of its enumeration is refused with the nearest one", () => {
  for (
    const [f, options, says] of [
      [
        te.matmul,
        { ...matrix, weights: "q4" },
        `weights of te.matmul to be one of q4f16_1, q4f32_1, got "q4"; did you mean "q4f16_1"?`,
      ],
      [
        te.matmul,
        { ...matrix, dtype: "bf16" },
        `dtype of te.matmul to be one of f32, f16, i8, got "bf16"; did you mean "f16"?`,
      ],
      [
        te.softmax,
        { rows: 2, columns: 2, dtype: "bf16" },
        `dtype of te.softmax to be one of f32, f16, got "bf16"; did you mean "f16"?`,
      ],
      [
        te.conv2d,
        { ...image, layout: "NCWH" },
        `layout of te.conv2d to be one of NCHW, NHWC, got "NCWH"; did you mean "NCHW"?`,
      ],
      [te.gemv, { n: 4, k: 4, activation: "gelu-tanh" }, `got "gelu-tanh"; did you mean "gelu_tanh"?`],
      [
        te.gelu,
        { shape: [4], approximate: true },
        `approximate of te.gelu to be one of none, tanh, got true`,
      ],
      [
        te.gated,
        { rows: 1, columns: 1, activation: "relu" },
        `activation of te.gated to be one of silu, gelu, gelu_tanh, got "relu"`,
      ],
      [
        te.reduceSum,
        { rows: 2, columns: 2, axis: 2 },
        `axis of te.reduceSum to be one of 0, 1, -1, -2, got 2`,
      ],
      [
        te.dequantizeQ4,
        { n: 1, k: 32, layout: "q4f16" },
        `layout of te.dequantizeQ4 to be one of q4f16_1, q4f32_1, got "q4f16"; did you mean "q4f16_1"?`,
      ],
    ] as const
  ) {
    const message = messageOf(f as (options: unknown) => unknown, options);
    assertEquals(message.includes(says), true, `${message} does not include ${says}`);
  }
  assertEquals(
    assertThrows(() => te.placeholder("A", [4], "bf15" as "f16"), OptionError).message,
    `expected dtype of te.placeholder to be one of f32, f16, i32, u32, bool, i8, u8, bf16, got "bf15"; did you mean "bf16"?`,
  );
});

Deno.test("a pair has two elements, and padding may have four", () => {
  assertEquals(
    messageOf(te.conv2d, { ...image, padding: [1, 1, 0] }),
    "expected padding of te.conv2d to be an integer of at least 0, or two or four of them in a list, or sameUpper or sameLower, got [1, 1, 0]",
  );
  assertEquals(
    messageOf(te.conv2d, { ...image, padding: [1, 1, 0, -1] }),
    "expected padding[3] of te.conv2d to be an integer of at least 0, got -1",
  );
  assertEquals(
    messageOf(te.maxPool2d, { height: 8, width: 8, channels: 1, kernel: [3] }),
    "expected kernel of te.maxPool2d to be a positive integer below 2^31, or two of them in a list, got [3]",
  );
});

Deno.test("a kind of value that an option can't have is refused", () => {
  assertEquals(
    messageOf(te.matmul, { ...matrix, bias: "yes" }),
    `expected bias of te.matmul to be true or false, got "yes"`,
  );
  assertEquals(
    messageOf(te.matmul, { ...matrix, k: Promise.resolve(4) }),
    "expected k of te.matmul to be a positive integer below 2^31, or the name of a shape variable, got a Promise: " +
      "did you forget await?",
  );
  assertEquals(
    messageOf(te.add, { shape: 4 }),
    "expected shape of te.add to be a list, each element a positive integer below 2^31, or the name of a shape " +
      "variable, got 4",
  );
  assertEquals(
    messageOf((options) => op.matmul(A, B, options as op.MatmulOptions), { bias: true }),
    "expected bias of op.matmul to be a tensor: a te.placeholder or one that is computed, got true",
  );
  assertEquals(
    assertThrows(() => op.softmax({ rows: 4, columns: 4 } as unknown as te.Tensor), OptionError).message,
    "expected A of op.softmax to be a tensor: a te.placeholder or one that is computed, got an object with rows, columns",
  );
});

Deno.test("a suite has the options of its kind", () => {
  assertEquals(
    assertThrows(() => te.suite("llm", "Llama-3-8B", { layout: "NCHW" }), OptionError).message,
    `unknown option "layout" of te.suite("llm"). It has quantization, shrink`,
  );
  assertEquals(
    assertThrows(() => te.suite("vision", "resnet-18"), OptionError).message,
    `expected model ("vision") of te.suite to be one of resnet18, mobilenet_v2, got "resnet-18"; did you mean ` +
      `"resnet18"?`,
  );
  assertEquals(
    assertThrows(() => te.suite("lmm" as "llm", "Llama-3-8B"), OptionError).message,
    `expected kind of te.suite to be one of llm, vision, got "lmm"; did you mean "llm"?`,
  );
  assertThrows(
    () => te.suite("vision", "resnet18", { shrink: 0 }),
    OptionError,
    "an integer of at least 1, got 0",
  );
});

/** Calls of the operators that have programs of their own, with every required argument. */
const x = te.placeholder("x", [4]), W_q = te.placeholder("W_q", [4, 4], "u32");
const scale = te.placeholder("W_scale", [4, 1]), ids = te.placeholder("ids", [4], "i32");
const N = te.placeholder("N", [1, 4, 4, 4]), heads = te.placeholder("heads", [4, 2, 4]);
const OPERATORS: Readonly<Record<string, (options: never) => unknown>> = {
  add: (o) => op.add(A, B, o),
  addRmsNorm: (o) => op.addRmsNorm(A, B, x, o),
  attention: (o) => op.attention(heads, heads, heads, o),
  avgPool2d: (o) => op.avgPool2d(N, o),
  conv2d: (o) => op.conv2d(N, N, o),
  dequantizeQ4: (o) => op.dequantizeQ4(W_q, scale, o),
  embedding: (o) => op.embedding(A, ids, o),
  gated: (o) => op.gated(A, o),
  gelu: (o) => op.gelu(A, o),
  gemv: (o) => op.gemv(A, x, o),
  globalAvgPool2d: (o) => op.globalAvgPool2d(N, o),
  layerNorm: (o) => op.layerNorm(A, x, x, o),
  logSumExp: (o) => op.logSumExp(A, o),
  matmul: (o) => op.matmul(A, B, o),
  maxPool2d: (o) => op.maxPool2d(N, o),
  mul: (o) => op.mul(A, B, o),
  reduceSum: (o) => op.reduceSum(A, o),
  relu: (o) => op.relu(A, o),
  rmsNorm: (o) => op.rmsNorm(A, x, o),
  rope: (o) => op.rope(A, ids, o),
  silu: (o) => op.silu(A, o),
  softmax: (o) => op.softmax(A, o),
  transpose: (o) => op.transpose(A, o),
};

Deno.test("operators of the suites are in both namespaces, and refuse options that they don't have", () => {
  const missing = Object.keys(OPERATORS).filter((name) => !(name in op && name in te));
  assertEquals(missing, []);
  for (const [name, call] of Object.entries(OPERATORS)) {
    const program = Object.entries(te).find(([n]) => n === name)?.[1] as (options: unknown) => unknown;
    for (const [where, f] of [[`op.${name}`, call], [`te.${name}`, program]] as const) {
      for (const options of [{ nonsense: 1 }, { nonsense: undefined }]) {
        assertThrows(
          () => (f as (options: unknown) => unknown)(options),
          OptionError,
          `unknown option "nonsense" of ${where}. It has `,
        );
      }
      for (const options of [3, [], null, "f16", new Map()]) {
        assertThrows(
          () => (f as (options: unknown) => unknown)(options),
          OptionError,
          `expected the options of ${where} as an object with `,
        );
      }
    }
  }
});

Deno.test("every composable operator refuses what is no tensor, and names it", () => {
  for (const [name, operator] of Object.entries(op)) {
    if (["arange", "full"].includes(name)) continue;
    const listed = ["concat", "stack"].includes(name);
    for (const wrong of [undefined, 3, te.matmul(matrix), Promise.resolve(A)]) {
      assertThrows(
        () => (operator as (...args: readonly unknown[]) => unknown)(listed ? [wrong] : wrong, wrong, wrong),
        OptionError,
        ` of op.${name} to be a tensor: a te.placeholder or one that is computed, got `,
      );
    }
  }
});
