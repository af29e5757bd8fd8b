/** The programs of operators as text: what to compute, before anybody says how. */
import { verifyFunc } from "../../lib/ir/verify.ts";
import * as te from "../../lib/face/te.ts";
import { golden } from "../golden.ts";

const OPERATORS = {
  matmul_nn: te.matmul({ m: 64, n: 48, k: 32 }),
  matmul_nt: te.matmul({ m: 64, n: 48, k: 32, transposeB: true }),
  matmul_tn: te.matmul({ m: 64, n: 48, k: 32, transposeA: true }),
  matmul_batched: te.matmul({ m: 64, n: 48, k: 32, batch: 8 }),
  matmul_symbolic: te.matmul({ m: "m", n: 48, k: 32, transposeB: true }),
  matmul_f16: te.matmul({ m: 64, n: 48, k: 32, transposeB: true, dtype: "f16" }),
  matmul_epilogue: te.matmul({ m: 64, n: 48, k: 32, bias: true, activation: "silu", residual: true }),
  matmul_q4f16_1: te.matmul({ m: "m", n: 48, k: 96, weights: "q4f16_1" }),
  matmul_q4f32_1: te.matmul({ m: 16, n: 48, k: 96, weights: "q4f32_1" }),
  matmul_i8: te.matmul({ m: "m", n: 48, k: 32, dtype: "i8" }),
  matmul_i8_scaled: te.matmul({ m: "m", n: 48, k: 32, dtype: "i8", out: "f16", bias: true, batch: 3 }),
  gemv_i8_scaled: te.gemv({ n: 48, k: 32, dtype: "i8", out: "f32" }),
  gemv: te.gemv({ n: 48, k: 32 }),
  gemv_transposed: te.gemv({ n: 48, k: 32, transposeA: true }),
  gemv_q4f16_1: te.gemv({ n: 48, k: 96, weights: "q4f16_1" }),
  softmax: te.softmax({ rows: 4, columns: 1000 }),
  log_sum_exp: te.logSumExp({ rows: 4, columns: 1000 }),
  rms_norm: te.rmsNorm({ rows: "n", columns: 1000 }),
  rms_norm_symbolic: te.rmsNorm({ rows: 4, columns: "d" }),
  layer_norm: te.layerNorm({ rows: 4, columns: 1000 }),
  reduce_sum: te.reduceSum({ rows: 4, columns: 1000 }),
  reduce_sum_rows: te.reduceSum({ rows: 4, columns: 1000, axis: 0 }),
  transpose: te.transpose({ rows: 4, columns: "n" }),
  add: te.add({ shape: [4, "n"] }),
  mul: te.mul({ shape: [8], dtype: "f16" }),
  relu: te.relu({ shape: [8] }),
  silu: te.silu({ shape: [8] }),
  gelu: te.gelu({ shape: [8] }),
  gelu_tanh: te.gelu({ shape: [8], approximate: "tanh" }),
  gated: te.gated({ rows: 4, columns: 32, activation: "silu" }),
  embedding: te.embedding({ rows: "n", vocabulary: 1000, columns: 64 }),
  rope: te.rope({ rows: "n", heads: 4, kvHeads: 2, headDim: 64 }),
  conv2d: te.conv2d({ height: 8, width: 8, channels: 4, filters: 6, kernel: 3, stride: 2, padding: 1 }),
  conv2d_depthwise: te.conv2d({
    batch: "n",
    height: 8,
    width: 8,
    channels: 4,
    filters: 4,
    groups: 4,
    kernel: 3,
    layout: "NHWC",
    bias: true,
    activation: "relu6",
  }),
  max_pool2d: te.maxPool2d({ height: 8, width: 8, channels: 4, kernel: 2, stride: 2 }),
  avg_pool2d: te.avgPool2d({ height: 8, width: 8, channels: 4, kernel: [3, 2], padding: [1, 0] }),
  dequantize_q4f16_1: te.dequantizeQ4({ n: 48, k: 96, layout: "q4f16_1" }),
  dequantize_q4f32_1: te.dequantizeQ4({ n: "n", k: "k", layout: "q4f32_1" }),
};

for (const [name, f] of Object.entries(OPERATORS)) {
  Deno.test(`${name} is the program that it should be`, () => {
    verifyFunc(f);
    golden(`op/${name}.txt`, String(f));
  });
}
