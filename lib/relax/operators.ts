/**
 * The operators of graphs, one table: the name, Relax's name, and the operator on tensors. Its shape inference and its
 * legalization are the operator itself, run on placeholders.
 */
import { add } from "../op/add.ts";
import { addRmsNorm } from "../op/add_rms_norm.ts";
import { attention } from "../op/attention.ts";
import { avgPool2d } from "../op/avg_pool2d.ts";
import { conv2d } from "../op/conv2d.ts";
import { dequantizeQ4 } from "../op/dequantize_q4.ts";
import { embedding } from "../op/embedding.ts";
import { gated } from "../op/gated.ts";
import { gelu } from "../op/gelu.ts";
import { gemv } from "../op/gemv.ts";
import { globalAvgPool2d } from "../op/global_avg_pool2d.ts";
import { layerNorm } from "../op/layer_norm.ts";
import { linear } from "../op/linear.ts";
import { logSumExp } from "../op/log_sum_exp.ts";
import { matmul } from "../op/matmul.ts";
import { maxPool2d } from "../op/max_pool2d.ts";
import { mul } from "../op/mul.ts";
import { reduceSum } from "../op/reduce_sum.ts";
import { relu } from "../op/relu.ts";
import { rmsNorm } from "../op/rms_norm.ts";
import { rope } from "../op/rope.ts";
import { silu } from "../op/silu.ts";
import { softmax } from "../op/softmax.ts";
import { transpose } from "../op/transpose.ts";

/** The operators by name, each with the name that Relax gives it. Relax has no word for those of `tunebook`. */
export const OPERATORS = {
  add: { relax: "R.add", apply: add },
  addRmsNorm: { relax: "tunebook.add_rms_norm", apply: addRmsNorm },
  attention: { relax: "R.nn.attention", apply: attention },
  avgPool2d: { relax: "R.nn.avg_pool2d", apply: avgPool2d },
  conv2d: { relax: "R.nn.conv2d", apply: conv2d },
  dequantizeQ4: { relax: "tunebook.dequantize_q4", apply: dequantizeQ4 },
  embedding: { relax: "R.take", apply: embedding },
  gated: { relax: "tunebook.gated", apply: gated },
  gelu: { relax: "R.nn.gelu", apply: gelu },
  gemv: { relax: "tunebook.gemv", apply: gemv },
  globalAvgPool2d: { relax: "tunebook.global_avg_pool2d", apply: globalAvgPool2d },
  layerNorm: { relax: "R.nn.layer_norm", apply: layerNorm },
  linear: { relax: "R.linear", apply: linear },
  logSumExp: { relax: "tunebook.log_sum_exp", apply: logSumExp },
  matmul: { relax: "R.matmul", apply: matmul },
  maxPool2d: { relax: "R.nn.max_pool2d", apply: maxPool2d },
  mul: { relax: "R.multiply", apply: mul },
  reduceSum: { relax: "R.sum", apply: reduceSum },
  relu: { relax: "R.nn.relu", apply: relu },
  rmsNorm: { relax: "R.nn.rms_norm", apply: rmsNorm },
  rope: { relax: "tunebook.rope", apply: rope },
  silu: { relax: "R.nn.silu", apply: silu },
  softmax: { relax: "R.nn.softmax", apply: softmax },
  transpose: { relax: "R.permute_dims", apply: transpose },
} as const;

/** The name of an operator of the table. */
export type OperatorName = keyof typeof OPERATORS;
