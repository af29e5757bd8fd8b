/** Operators on the results of operators, held against references in doubles: as written, and as rules schedule them. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { compile } from "../../lib/codegen/compile.ts";
import { fallback } from "../../lib/dlight/fallback/fallback.ts";
import { schedule } from "../../lib/dlight/schedule.ts";
import type { Arrays, NumberArray, Shapes } from "../../lib/interp/interpret.ts";
import type { PrimFunc } from "../../lib/ir/func.ts";
import { signature } from "../../lib/ir/signature.ts";
import { verifyFunc } from "../../lib/ir/verify.ts";
import { targetOf } from "../../lib/target/profiles.ts";
import * as op from "../../lib/face/op.ts";
import * as te from "../../lib/face/te.ts";
import { ACTIVATION, assertComputes, at, decodeQ4, Random, tensor, total } from "./reference.ts";

/** Checks the program itself, and as all rules and Fallback alone schedule it for the CPU and for WebGPU. */
function assertChain(
  f: PrimFunc,
  inputs: Arrays,
  wanted: Readonly<Record<string, readonly number[]>>,
  shapes: Shapes = {},
): void {
  verifyFunc(f);
  assertComputes(f, inputs, wanted, shapes, 1e-9);
  for (const target of [targetOf("cpu"), targetOf("generic-webgpu")]) {
    for (const { func } of [schedule(f, target), schedule(f, target, [fallback])]) {
      assertComputes(func, inputs, wanted, shapes, 1e-9);
      assert(compile(func, target).launches.length > 0);
    }
  }
}

const random = new Random(7);
const floats = (...shape: readonly number[]) => random.floats(shape.reduce((a, b) => a * b, 1), "f32");

function softmaxed(rows: number, columns: number, x: (r: number, c: number) => number): readonly number[] {
  return tensor(
    [rows, columns],
    (r = 0, c = 0) => Math.exp(x(r, c)) / total(columns, (k) => Math.exp(x(r, k))),
  );
}

Deno.test("matmul, gelu and softmax make one program", () => {
  const A = te.placeholder("A", ["m", 12]), B = te.placeholder("B", [12, 10]);
  const P = op.softmax(op.gelu(op.matmul(A, B)), { name: "P" });
  const f = te.primFunc("attend", [A, B, P]);
  assertEquals(signature(f), "attend(A: f32[m, 12], B: f32[12, 10], P: f32[m, 10])");
  assertEquals(f.allocs.map((b) => b.name), ["C", "B_1", "largest", "total"]);
  const [a, b] = [floats(5, 12), floats(12, 10)];
  const x = (r: number, c: number) => ACTIVATION.gelu(total(12, (k) => at(a, 12, r, k) * at(b, 10, k, c)));
  assertChain(f, { A: a, B: b }, { P: softmaxed(5, 10, x) }, { m: 5 });
});

Deno.test("rmsNorm feeds a matmul with bias, activation and residual", () => {
  const X = te.placeholder("X", [6, 8]), weight = te.placeholder("weight", [8]);
  const W = te.placeholder("W", [5, 8]), bias = te.placeholder("bias", [5]);
  const R = te.placeholder("R", [6, 5]);
  const normal = op.rmsNorm(X, weight, { eps: 1e-3 });
  const Y = op.matmul(normal, W, { transposeB: true, bias, activation: "silu", residual: R, name: "Y" });
  const f = te.primFunc("layer", [X, weight, W, bias, R, Y]);
  const [x, g, w, b, r] = [floats(6, 8), floats(8), floats(5, 8), floats(5), floats(6, 5)];
  const scale = (i: number) => 1 / Math.sqrt(total(8, (k) => at(x, 8, i, k) ** 2) / 8 + 1e-3);
  const wanted = tensor([6, 5], (i = 0, j = 0) => {
    const sum = total(8, (k) => at(x, 8, i, k) * scale(i) * (g[k] ?? NaN) * at(w, 8, j, k));
    return at(r, 5, i, j) + ACTIVATION.silu(sum + (b[j] ?? NaN));
  });
  assertChain(f, { X: x, weight: g, W: w, bias: b, R: r }, { Y: wanted });
});

Deno.test("a residual may be computed, and a result may be used twice", () => {
  const X = te.placeholder("X", ["m", 6]), W = te.placeholder("W", [6, 6]);
  const H = op.matmul(X, W, { name: "H", residual: op.relu(X) });
  const Y = op.add(op.matmul(H, W), H, { name: "Y" });
  const f = te.primFunc("twice", [X, W, Y]);
  const [x, w] = [floats(3, 6), floats(6, 6)];
  const h = tensor(
    [3, 6],
    (i = 0, j = 0) => Math.max(at(x, 6, i, j), 0) + total(6, (k) => at(x, 6, i, k) * at(w, 6, k, j)),
  );
  const row = (i: number, j: number) => h[6 * i + j] ?? NaN;
  const wanted = tensor([3, 6], (i = 0, j = 0) => row(i, j) + total(6, (k) => row(i, k) * at(w, 6, k, j)));
  assertChain(f, { X: x, W: w }, { Y: wanted }, { m: 3 });
});

for (const layout of ["NCHW", "NHWC"] as const) {
  const nchw = layout === "NCHW";
  const A = te.placeholder("A", nchw ? [1, 2, 6, 6] : [1, 6, 6, 2]);
  const W = te.placeholder("W", nchw ? [3, 2, 3, 3] : [3, 3, 2, 3]);
  const R = te.placeholder("R", nchw ? [1, 3, 6, 6] : [1, 6, 6, 3]);
  const [a, w, r] = [floats(72), floats(54), floats(108)];
  const image = (data: NumberArray, channels: number, c: number, y: number, x: number) =>
    y < 0 || x < 0 || y > 5 || x > 5
      ? 0
      : data[nchw ? (c * 6 + y) * 6 + x : (y * 6 + x) * channels + c] ?? NaN;
  const weight = (f: number, c: number, i: number, j: number) =>
    w[nchw ? ((f * 2 + c) * 3 + i) * 3 + j : ((i * 3 + j) * 2 + c) * 3 + f] ?? NaN;
  const relu = (f: number, y: number, x: number) =>
    Math.max(
      0,
      image(r, 3, f, y, x) + total(2, (c) =>
        total(3, (i) =>
          total(3, (j) => image(a, 2, c, y + i - 1, x + j - 1) * weight(f, c, i, j)))),
    );
  const sum = op.add(op.conv2d(A, W, { padding: 1, layout }), R);

  Deno.test(`conv2d, add, relu and a pool make one program in ${layout}`, () => {
    const f = te.primFunc("block", [
      A,
      W,
      R,
      op.maxPool2d(op.relu(sum), { kernel: 2, stride: 2, layout, name: "P" }),
    ]);
    const largest = (f: number, y: number, x: number) =>
      Math.max(...[0, 1].flatMap((i) => [0, 1].map((j) => relu(f, 2 * y + i, 2 * x + j))));
    const wanted = nchw
      ? tensor([3, 3, 3], (f = 0, y = 0, x = 0) => largest(f, y, x))
      : tensor([3, 3, 3], (y = 0, x = 0, f = 0) => largest(f, y, x));
    assertChain(f, { A: a, W: w, R: r }, { P: wanted });
  });

  Deno.test(`conv2d, add, relu and the mean of each plane make one program in ${layout}`, () => {
    const f = te.primFunc("head", [A, W, R, op.globalAvgPool2d(op.relu(sum), { layout, name: "mean" })]);
    const wanted = tensor([1, 3], (_ = 0, f = 0) => total(6, (y) => total(6, (x) => relu(f, y, x))) / 36);
    assertChain(f, { A: a, W: w, R: r }, { mean: wanted });
  });
}

Deno.test("attention takes queries, keys and values that are computed, of symbolic length", () => {
  const heads = 4, kvHeads = 2, headDim = 4, hidden = 6, width = (heads + 2 * kvHeads) * headDim, m = 3;
  const X = te.placeholder("X", ["m", hidden]), W = te.placeholder("W", [width, hidden]);
  const position = te.placeholder("position", ["m"], "i32");
  const { q, k, v } = op.rope(op.matmul(X, W, { transposeB: true }), position, { heads, kvHeads });
  const O = op.attention(q, k, v, { chunk: 2 });
  const f = te.primFunc("self_attention", [X, W, position, O]);
  assertEquals(
    signature(f),
    `self_attention(X: f32[m, 6], W: f32[32, 6], position: i32[m], O: f32[m, 4, 4])`,
  );
  const x = floats(m, hidden), w = floats(width, hidden), at0 = Int32Array.of(0, 1, 2);
  const qkv = (i: number, c: number) => total(hidden, (k) => at(x, hidden, i, k) * at(w, hidden, c, k));
  const rotated = (i: number, h: number, d: number) => {
    const pair = d % 2, angle = i / 10000 ** (pair / 2), low = qkv(i, h * headDim + pair);
    const high = qkv(i, h * headDim + pair + 2);
    return d < 2
      ? low * Math.cos(angle) - high * Math.sin(angle)
      : high * Math.cos(angle) + low * Math.sin(angle);
  };
  const weight = (i: number, h: number, l: number) =>
    Math.exp(
      total(headDim, (d) => rotated(i, h, d) * rotated(l, heads + Math.floor(h / 2), d)) / Math.sqrt(headDim),
    );
  const value = (l: number, h: number, d: number) =>
    qkv(l, (heads + kvHeads + Math.floor(h / 2)) * headDim + d);
  const wanted = tensor(
    [m, heads, headDim],
    (i = 0, h = 0, d = 0) =>
      total(i + 1, (l) => weight(i, h, l) * value(l, h, d)) / total(i + 1, (l) => weight(i, h, l)),
  );
  assertChain(f, { X: x, W: w, position: at0 }, { O: wanted }, { m });
});

Deno.test("4-bit weights are a tensor like any other, and an embedding decodes the rows that it looks up", () => {
  const W_q = te.placeholder("W_q", [5, 8], "u32"), W_scale = te.placeholder("W_scale", [5, 2]);
  const ids = te.placeholder("ids", [2, 3], "i32"), weight = te.placeholder("weight", [40]);
  const table = op.dequantizeQ4(W_q, W_scale, { k: 40 });
  const rows = op.rmsNorm(op.embedding(table, ids), weight, { name: "rows" });
  const f = te.primFunc("embed", [W_q, W_scale, ids, weight, rows]);
  assertEquals(f.allocs.map((b) => b.name), ["B", "squares"]);
  const packed = te.quantizeQ4(floats(5, 40), { n: 5, k: 40, layout: "q4f32_1" }), g = floats(40);
  const given = Int32Array.of(0, 4, 2, 2, -1, 9);
  const of = (r: number, s: number) => Math.max(0, Math.min(4, given[3 * r + s] ?? NaN));
  const w = (row: number, c: number) => decodeQ4(packed.W_q, packed.W_scale, 40, row, c);
  const wanted = tensor([2, 3, 40], (r = 0, s = 0, c = 0) => {
    const mean = total(40, (k) => w(of(r, s), k) ** 2) / 40;
    return w(of(r, s), c) * (g[c] ?? NaN) / Math.sqrt(mean + 1e-5);
  });
  assertChain(f, { ...packed, ids: given, weight: g }, { rows: wanted });
});

Deno.test("the columns of packed weights follow from their shape, where they fill it", () => {
  const W_q = te.placeholder("W_q", [5, 8], "u32"), W_scale = te.placeholder("W_scale", [5, 2], "f16");
  const W = op.dequantizeQ4(W_q, W_scale);
  assertEquals([W.name, W.dtype, String(signature(te.primFunc("f", [W_q, W_scale, W])))], [
    "W",
    "f16",
    "f(W_q: u32[5, 8], W_scale: f16[5, 2], W: f16[5, 64])",
  ]);
});

Deno.test("scaled sums of bytes go on as floats", () => {
  const A = te.placeholder("A", [3, 2], "u32"), x = te.placeholder("x", [2], "u32");
  const scaleA = te.placeholder("scaleA", [3]), scaleX = te.placeholder("scaleX", [1]);
  const y = op.silu(op.gemv(A, x, { scaleA, scaleX, out: "f32" }), { name: "y" });
  const sums = op.gemv(A, x, { name: "sums" });
  const f = te.primFunc("bytes", [A, x, scaleA, scaleX, y, sums]);
  const a = Int8Array.from({ length: 24 }, () => random.next()), b = a.slice(0, 8).toReversed();
  const s = floats(3).map((v) => v / 1000), t = floats(1);
  const dot = (i: number) => total(8, (k) => at(a, 8, i, k) * (b[k] ?? NaN));
  assertChain(
    f,
    { A: new Uint32Array(a.buffer), x: new Uint32Array(b.buffer), scaleA: s, scaleX: t },
    {
      y: tensor([3], (i = 0) => ACTIVATION.silu(dot(i) * (s[i] ?? NaN) * (t[0] ?? NaN))),
      sums: tensor([3], (i = 0) => dot(i)),
    },
  );
});

Deno.test("a batch has any number of leading dimensions, and may share its right operand", () => {
  const A = te.placeholder("A", [2, 3, 4, 5]),
    B = te.placeholder("B", [5, 6]),
    C = te.placeholder("C", [2, 3, 6, 4]);
  const shared = op.matmul(A, B, { name: "shared" });
  const own = op.matmul(shared, C, { name: "own" });
  const f = te.primFunc("batches", [A, B, C, own]);
  const [a, b, c] = [floats(2, 3, 4, 5), floats(5, 6), floats(2, 3, 6, 4)];
  const left = (q: number, i: number, j: number) => total(5, (k) => at(a, 5, 4 * q + i, k) * at(b, 6, k, j));
  const wanted = tensor(
    [6, 4, 4],
    (q = 0, i = 0, j = 0) => total(6, (k) => left(q, i, k) * at(c, 4, 6 * q + k, j)),
  );
  assertChain(f, { A: a, B: b, C: c }, { own: wanted });
});

Deno.test("add and mul repeat extents of 1, from the last dimension on", () => {
  const A = te.placeholder("A", ["m", 3]), b = te.placeholder("b", [3]), c = te.placeholder("c", ["m", 1]);
  const Y = op.mul(op.add(A, b), c, { name: "Y" });
  const f = te.primFunc("scale", [A, b, c, Y]);
  const [x, y, z] = [floats(4, 3), floats(3), floats(4)];
  const wanted = tensor([4, 3], (i = 0, j = 0) => (at(x, 3, i, j) + (y[j] ?? NaN)) * (z[i] ?? NaN));
  assertChain(f, { A: x, b: y, c: z }, { Y: wanted }, { m: 4 });
  const left = te.primFunc("left", [b, A, op.add(b, A, { name: "Y" })]);
  assertChain(left, { A: x, b: y }, { Y: tensor([4, 3], (i = 0, j = 0) => at(x, 3, i, j) + (y[j] ?? NaN)) }, {
    m: 4,
  });
});

Deno.test("reduceSum takes any axis, also from the end, and transpose swaps the last two", () => {
  const A = te.placeholder("A", [2, 3, 4]), a = floats(2, 3, 4);
  const element = (i: number, j: number, k: number) => a[(i * 3 + j) * 4 + k] ?? NaN;
  const sums = [
    tensor([3, 4], (j = 0, k = 0) => total(2, (i) => element(i, j, k))),
    tensor([2, 4], (i = 0, k = 0) => total(3, (j) => element(i, j, k))),
    tensor([2, 3], (i = 0, j = 0) => total(4, (k) => element(i, j, k))),
  ];
  for (let axis = -3; axis < 3; axis++) {
    const f = te.primFunc("sums", [A, op.reduceSum(A, { axis })]);
    assertChain(f, { A: a }, { B: sums[(axis + 3) % 3] ?? [] });
  }
  const f = te.primFunc("swap", [A, op.reduceSum(op.transpose(A), { name: "S" })]);
  assertChain(f, { A: a }, { S: sums[1] ?? [] });
});

Deno.test("axis -1 of the program sums over columns, and -2 over rows", () => {
  const options = { rows: 3, columns: "n" } as const;
  assertEquals(String(te.reduceSum({ ...options, axis: -1 })), String(te.reduceSum({ ...options, axis: 1 })));
  assertEquals(String(te.reduceSum({ ...options, axis: -2 })), String(te.reduceSum({ ...options, axis: 0 })));
});

Deno.test("a gate halves what is visibly even", () => {
  const X = te.placeholder("X", ["m", 4]), W = te.placeholder("W", [6, 4]);
  const G = op.gated(op.matmul(X, W, { transposeB: true }), { activation: "silu", name: "G" });
  const f = te.primFunc("mlp", [X, W, G]);
  const [x, w] = [floats(2, 4), floats(6, 4)];
  const h = (i: number, j: number) => total(4, (k) => at(x, 4, i, k) * at(w, 4, j, k));
  assertChain(f, { X: x, W: w }, {
    G: tensor([2, 3], (i = 0, j = 0) => ACTIVATION.silu(h(i, j)) * h(i, 3 + j)),
  }, {
    m: 2,
  });
});

Deno.test("norms, a sum of exponentials and a softmax of one tensor share a program", () => {
  const A = te.placeholder("A", [3, 5]),
    weight = te.placeholder("weight", [5]),
    bias = te.placeholder("bias", [5]);
  const { S, B } = op.addRmsNorm(A, op.layerNorm(A, weight, bias), weight, { name: "N" });
  const f = te.primFunc("all", [
    A,
    weight,
    bias,
    S,
    B,
    op.logSumExp(B, { name: "L" }),
    op.softmax(S, { name: "P" }),
  ]);
  const [a, g, b] = [floats(3, 5), floats(5), floats(5)];
  const mean = (r: number) => total(5, (k) => at(a, 5, r, k)) / 5;
  const variance = (r: number) => total(5, (k) => (at(a, 5, r, k) - mean(r)) ** 2) / 5;
  const s = (r: number, c: number) =>
    at(a, 5, r, c) + (at(a, 5, r, c) - mean(r)) / Math.sqrt(variance(r) + 1e-5) * (g[c] ?? NaN) +
    (b[c] ?? NaN);
  const n = (r: number, c: number) =>
    s(r, c) * (g[c] ?? NaN) / Math.sqrt(total(5, (k) => s(r, k) ** 2) / 5 + 1e-5);
  assertChain(f, { A: a, weight: g, bias: b }, {
    S: tensor([3, 5], (r = 0, c = 0) => s(r, c)),
    N: tensor([3, 5], (r = 0, c = 0) => n(r, c)),
    L: tensor([3], (r = 0) => Math.log(total(5, (c) => Math.exp(n(r, c))))),
    P: softmaxed(3, 5, s),
  });
});

Deno.test("an operator tells the shape and dtype of its result from its inputs", () => {
  const H = te.placeholder("H", ["m", 8], "f16");
  const shown = (t: te.Tensor) =>
    `${t.name}: ${t.dtype}[${
      t.shape.map((d) => d.kind === "const" ? d.value : d.kind === "var" ? d.name : "?")
    }]`;
  assertEquals(shown(op.softmax(H)), "B: f16[m,8]");
  assertEquals(shown(op.logSumExp(H)), "B: f16[m]");
  assertEquals(shown(op.matmul(H, H, { transposeB: true })), "C: f16[m,m]");
  assertEquals(shown(op.matmul(H, H, { transposeA: true, out: "f32", name: "G" })), "G: f32[8,8]");
  assertEquals(shown(op.gated(H, { activation: "gelu" })), "C: f16[m,4]");
  const image = te.placeholder("image", ["n", 9, 7, 4]);
  const filters = te.placeholder("filters", [3, 3, 1, 8]);
  assertEquals(
    shown(op.conv2d(image, filters, { layout: "NHWC", groups: 4, stride: [2, 1] })),
    "C: f32[n,4,5,8]",
  );
  assertEquals(shown(op.avgPool2d(image, { layout: "NHWC", kernel: [3, 2], padding: 1 })), "B: f32[n,9,8,4]");
});

Deno.test("tensors that don't fit together are refused, with what would fit", () => {
  const m32 = te.placeholder("A", ["m", 32]), wrong = te.placeholder("B", [16, 8]);
  const vector = te.placeholder("v", [8]), half = te.placeholder("H", ["m", 32], "f16");
  const ints = te.placeholder("I", [4, 4], "i32"), words = te.placeholder("U", [4, 4], "u32");
  const image = te.placeholder("image", [1, 4, 8, 8]), filters = te.placeholder("filters", [6, 3, 3, 3]);
  const heads = te.placeholder("Q", [2, 6, 8]), keys = te.placeholder("K", [9, 4, 8]);
  const refused: readonly (readonly [() => te.Tensor | object, string])[] = [
    [() => op.matmul(m32, wrong), "expected B of shape [32, n] to match A's k = 32, got [16, 8], in matmul"],
    [
      () => op.matmul(m32, wrong, { transposeB: true }),
      "expected B of shape [n, 32] to match A's k = 32, got [16, 8], in matmul",
    ],
    [
      () => op.matmul(m32, m32, { transposeA: true, transposeB: true }),
      "expected B of shape [n, m] to match A's k = m, got [m, 32], in matmul",
    ],
    [() => op.matmul(vector, wrong), "expected A of shape […, m, k], got [8], in matmul"],
    [() => op.matmul(m32, ints), "expected B of f32 or f16, got i32, in matmul; cast it"],
    [() => op.matmul(words, wrong), "expected B of u32, got f32, in matmul; cast it"],
    [
      () => op.matmul(m32, m32, { transposeB: true, bias: vector }),
      "expected bias of shape [m] to match the result's channels, got [8], in matmul",
    ],
    [
      () => op.matmul(m32, m32, { transposeB: true, residual: m32 }),
      "expected residual of shape [m, m] to match the result, got [m, 32], in matmul",
    ],
    [
      () => op.matmul(m32, m32, { transposeB: true, scaleA: vector }),
      "expected no scales in matmul of floats: only sums of i8 are scaled; multiply the result instead",
    ],
    [
      () => op.matmul(words, words, { out: "f32", scaleA: vector }),
      "expected the scales of both operands for out = f32 in matmul of i8, got 1",
    ],
    [
      () => op.matmul(words, words, { out: "f32", scaleA: vector, scaleB: vector }),
      "expected scaleA of shape [4] to match the operand's rows, got [8], in matmul",
    ],
    [() => op.gemv(m32, vector), "expected x of shape [32] to match A's k = 32, got [8], in gemv"],
    [
      () => op.rmsNorm(m32, vector),
      "expected weight of shape [32] to match A's columns, got [8], in rmsNorm",
    ],
    [() => op.rmsNorm(half, vector), "expected weight of f16 as A is, got f32, in rmsNorm; cast it"],
    [
      () => op.add(m32, wrong),
      "expected B of a shape that fits A's [m, 32], got [16, 8], in add: from the last dimension on",
    ],
    [() => op.softmax(ints), "expected A of f32 or f16, got i32, in softmax; cast it"],
    [() => op.softmax(te.placeholder("s", [])), "expected A of shape […, columns], got [], in softmax"],
    [
      () => op.reduceSum(wrong, { axis: 2 }),
      "expected axis from -2 to 1 for A of shape [16, 8], got 2, in reduceSum",
    ],
    [
      () => op.reduceSum(wrong, { axis: -3 }),
      "expected axis from -2 to 1 for A of shape [16, 8], got -3, in reduceSum",
    ],
    [
      () => op.gated(te.placeholder("o", [2, 7]), { activation: "silu" }),
      "expected A of shape […, 2·columns], got [2, 7], in gated",
    ],
    [
      () => op.gated(te.placeholder("o", [2, "d"]), { activation: "silu" }),
      "expected A of shape […, 2·columns], got [2, d], in gated",
    ],
    [
      () => op.conv2d(image, filters),
      "expected W of shape [f, 4, kh, kw] to match A's 4 channels in 1 group, got [6, 3, 3, 3], in conv2d",
    ],
    [
      () => op.conv2d(image, filters, { groups: 4 }),
      "expected groups to divide channels and filters, got 4 groups of 4 channels and 6 filters, in conv2d",
    ],
    [
      () => op.conv2d(te.placeholder("s", [1, 3, "h", 8]), filters, { stride: 2, padding: "sameUpper" }),
      "expected a number of rows and columns beside padding = sameUpper and a stride of 2, got h, in conv2d",
    ],
    [() => op.maxPool2d(wrong, { kernel: 2 }), "expected A of shape [n, c, h, w], got [16, 8], in maxPool2d"],
    [() => op.attention(heads, keys, keys), "expected kvHeads to divide heads"],
    [
      () => op.attention(heads, keys, heads),
      "expected V of shape [9, 4, 8] to match K, got [2, 6, 8], in attention",
    ],
    [() => op.embedding(wrong, vector), "expected ids of i32, got f32, in embedding; cast it"],
    [
      () => op.rope(wrong, ints, { heads: 1, kvHeads: 1 }),
      "expected position of shape [16] to match qkv's rows, got [4, 4], in rope",
    ],
    [
      () => op.dequantizeQ4(words, te.placeholder("s", [4, 2])),
      "expected W_scale of shape [4, 1] to hold a scale for each 32 columns, got [4, 2]",
    ],
    [
      () => op.dequantizeQ4(words, te.placeholder("s", [4, 2]), { k: 33 }),
      "expected W_q of shape [4, 8] to hold k columns, got [4, 4]",
    ],
    [
      () => op.dequantizeQ4(te.placeholder("q", [4, "w"], "u32"), vector),
      "expected option k in dequantizeQ4",
    ],
  ];
  for (const [build, says] of refused) assertThrows(build, te.TeError, says);
});
