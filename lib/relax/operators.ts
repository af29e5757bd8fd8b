/**
 * The operators of graphs, one table: the name, Relax's name, and the operator on tensors. Its shape inference and its
 * legalization are the operator itself, run on placeholders.
 */
import { argsort } from "../op/argsort.ts";
import { batchNorm } from "../op/batch_norm.ts";
import { conv1d } from "../op/conv1d.ts";
import { conv3d } from "../op/conv3d.ts";
import { convTranspose1d } from "../op/conv_transpose1d.ts";
import { convTranspose2d } from "../op/conv_transpose2d.ts";
import { convTranspose3d } from "../op/conv_transpose3d.ts";
import { cumProd } from "../op/cum_prod.ts";
import { cumSum } from "../op/cum_sum.ts";
import { groupNorm } from "../op/group_norm.ts";
import { instanceNorm } from "../op/instance_norm.ts";
import { logSoftmax } from "../op/log_softmax.ts";
import { lrn } from "../op/lrn.ts";
import { reduceL1 } from "../op/reduce_l1.ts";
import { reduceL2 } from "../op/reduce_l2.ts";
import { reduceLogSum } from "../op/reduce_log_sum.ts";
import { reduceMean } from "../op/reduce_mean.ts";
import { reduceSumSquare } from "../op/reduce_sum_square.ts";
import { resize } from "../op/resize.ts";
import { sort } from "../op/sort.ts";
import { topK } from "../op/top_k.ts";
import { add } from "../op/add.ts";
import { addRmsNorm } from "../op/add_rms_norm.ts";
import { append } from "../op/append.ts";
import { scatterUpdate } from "../op/scatter_update.ts";
import { arange } from "../op/arange.ts";
import { argmax } from "../op/argmax.ts";
import { argmin } from "../op/argmin.ts";
import { div, maximum, minimum, mod, pow, sub } from "../op/arithmetic.ts";
import { attention } from "../op/attention.ts";
import { avgPool2d } from "../op/avg_pool2d.ts";
import { broadcastTo } from "../op/broadcast_to.ts";
import { cast } from "../op/cast.ts";
import { clip } from "../op/clip.ts";
import { equal, greater, greaterEqual, less, lessEqual, notEqual } from "../op/comparisons.ts";
import { concat } from "../op/concat.ts";
import { conv2d } from "../op/conv2d.ts";
import { depthToSpace } from "../op/depth_to_space.ts";
import { dequantizeQ4 } from "../op/dequantize_q4.ts";
import { embedding } from "../op/embedding.ts";
import { expandDims } from "../op/expand_dims.ts";
import { flatten } from "../op/flatten.ts";
import { flip } from "../op/flip.ts";
import { full } from "../op/full.ts";
import { gated } from "../op/gated.ts";
import { gather } from "../op/gather.ts";
import { gatherElements } from "../op/gather_elements.ts";
import { gatherND } from "../op/gather_nd.ts";
import { gelu } from "../op/gelu.ts";
import { gemv } from "../op/gemv.ts";
import { globalAvgPool2d } from "../op/global_avg_pool2d.ts";
import { layerNorm } from "../op/layer_norm.ts";
import { linear } from "../op/linear.ts";
import { logSumExp } from "../op/log_sum_exp.ts";
import { and, not, or, xor } from "../op/logic.ts";
import { matmul } from "../op/matmul.ts";
import { maxPool2d } from "../op/max_pool2d.ts";
import { mul } from "../op/mul.ts";
import { oneHot } from "../op/one_hot.ts";
import { pad } from "../op/pad.ts";
import {
  celu,
  elu,
  hardSigmoid,
  hardSwish,
  leakyRelu,
  prelu,
  selu,
  thresholdedRelu,
} from "../op/parametric_activations.ts";
import { permuteDims } from "../op/permute_dims.ts";
import { reduceAll } from "../op/reduce_all.ts";
import { reduceAny } from "../op/reduce_any.ts";
import { reduceMax } from "../op/reduce_max.ts";
import { reduceMin } from "../op/reduce_min.ts";
import { reduceProd } from "../op/reduce_prod.ts";
import { reduceSum } from "../op/reduce_sum.ts";
import { relu } from "../op/relu.ts";
import { repeat } from "../op/repeat.ts";
import { reshape } from "../op/reshape.ts";
import { rmsNorm } from "../op/rms_norm.ts";
import { roll } from "../op/roll.ts";
import { rope } from "../op/rope.ts";
import { silu } from "../op/silu.ts";
import { slice } from "../op/slice.ts";
import { softmax } from "../op/softmax.ts";
import { spaceToDepth } from "../op/space_to_depth.ts";
import { split } from "../op/split.ts";
import { squeeze } from "../op/squeeze.ts";
import { stack } from "../op/stack.ts";
import { tile } from "../op/tile.ts";
import { transpose } from "../op/transpose.ts";
import { trilu } from "../op/trilu.ts";
import { exp2, log2 } from "../op/base_two.ts";
import { bitcast, bitwiseAnd, bitwiseNot, bitwiseOr, bitwiseXor, leftShift, rightShift } from "../op/bits.ts";
import { crossEntropy, negativeLogLikelihood, squaredError } from "../op/losses.ts";
import { pack } from "../op/pack.ts";
import { ceil, round, sign, trunc } from "../op/rounding.ts";
import { scatterElements } from "../op/scatter_elements.ts";
import { scatterND } from "../op/scatter_nd.ts";
import { acos, acosh, asin, asinh, atan, atanh, cosh, sinh, tan } from "../op/trigonometry.ts";
import { unpack } from "../op/unpack.ts";
import {
  abs,
  cos,
  erf,
  exp,
  floor,
  isNaN,
  log,
  mish,
  neg,
  reciprocal,
  rsqrt,
  sigmoid,
  sin,
  softplus,
  softsign,
  sqrt,
  tanh,
} from "../op/unary_math.ts";
import { where } from "../op/where.ts";

/**
 * The operators by name, each with the name that Relax gives it. Relax has no word for those of `tunebook`. `updates` is the
 * place of the argument that an operator updates in place: its first result lies where that was.
 */
export const OPERATORS = {
  abs: { relax: "R.abs", apply: abs },
  acos: { relax: "R.acos", apply: acos },
  acosh: { relax: "R.acosh", apply: acosh },
  add: { relax: "R.add", apply: add },
  addRmsNorm: { relax: "tunebook.add_rms_norm", apply: addRmsNorm },
  and: { relax: "R.logical_and", apply: and },
  append: { relax: "tunebook.append", apply: append, updates: 0 },
  arange: { relax: "R.arange", apply: arange },
  argmax: { relax: "R.argmax", apply: argmax },
  argmin: { relax: "R.argmin", apply: argmin },
  argsort: { relax: "R.argsort", apply: argsort },
  asin: { relax: "R.asin", apply: asin },
  asinh: { relax: "R.asinh", apply: asinh },
  atan: { relax: "R.atan", apply: atan },
  atanh: { relax: "R.atanh", apply: atanh },
  attention: { relax: "R.nn.attention", apply: attention },
  avgPool2d: { relax: "R.nn.avg_pool2d", apply: avgPool2d },
  batchNorm: { relax: "R.nn.batch_norm", apply: batchNorm },
  bitcast: { relax: "tunebook.bitcast", apply: bitcast },
  bitwiseAnd: { relax: "R.bitwise_and", apply: bitwiseAnd },
  bitwiseNot: { relax: "R.bitwise_not", apply: bitwiseNot },
  bitwiseOr: { relax: "R.bitwise_or", apply: bitwiseOr },
  bitwiseXor: { relax: "R.bitwise_xor", apply: bitwiseXor },
  broadcastTo: { relax: "R.broadcast_to", apply: broadcastTo },
  cast: { relax: "R.astype", apply: cast },
  ceil: { relax: "R.ceil", apply: ceil },
  celu: { relax: "tunebook.celu", apply: celu },
  clip: { relax: "R.clip", apply: clip },
  concat: { relax: "R.concat", apply: concat },
  conv1d: { relax: "R.nn.conv1d", apply: conv1d },
  conv2d: { relax: "R.nn.conv2d", apply: conv2d },
  conv3d: { relax: "R.nn.conv3d", apply: conv3d },
  convTranspose1d: { relax: "R.nn.conv1d_transpose", apply: convTranspose1d },
  convTranspose2d: { relax: "R.nn.conv2d_transpose", apply: convTranspose2d },
  convTranspose3d: { relax: "R.nn.conv3d_transpose", apply: convTranspose3d },
  cos: { relax: "R.cos", apply: cos },
  cosh: { relax: "R.cosh", apply: cosh },
  crossEntropy: { relax: "tunebook.cross_entropy", apply: crossEntropy },
  cumProd: { relax: "R.cumprod", apply: cumProd },
  cumSum: { relax: "R.cumsum", apply: cumSum },
  depthToSpace: { relax: "tunebook.depth_to_space", apply: depthToSpace },
  dequantizeQ4: { relax: "tunebook.dequantize_q4", apply: dequantizeQ4 },
  div: { relax: "R.divide", apply: div },
  elu: { relax: "tunebook.elu", apply: elu },
  embedding: { relax: "R.take", apply: embedding },
  equal: { relax: "R.equal", apply: equal },
  erf: { relax: "R.erf", apply: erf },
  exp: { relax: "R.exp", apply: exp },
  exp2: { relax: "tunebook.exp2", apply: exp2 },
  expandDims: { relax: "R.expand_dims", apply: expandDims },
  flatten: { relax: "R.flatten", apply: flatten },
  flip: { relax: "R.flip", apply: flip },
  floor: { relax: "R.floor", apply: floor },
  full: { relax: "R.full", apply: full },
  gated: { relax: "tunebook.gated", apply: gated },
  gather: { relax: "R.take", apply: gather },
  gatherElements: { relax: "R.gather_elements", apply: gatherElements },
  gatherND: { relax: "R.gather_nd", apply: gatherND },
  gelu: { relax: "R.nn.gelu", apply: gelu },
  gemv: { relax: "tunebook.gemv", apply: gemv },
  globalAvgPool2d: { relax: "tunebook.global_avg_pool2d", apply: globalAvgPool2d },
  greater: { relax: "R.greater", apply: greater },
  greaterEqual: { relax: "R.greater_equal", apply: greaterEqual },
  groupNorm: { relax: "R.nn.group_norm", apply: groupNorm },
  hardSigmoid: { relax: "tunebook.hard_sigmoid", apply: hardSigmoid },
  hardSwish: { relax: "tunebook.hard_swish", apply: hardSwish },
  instanceNorm: { relax: "R.nn.instance_norm", apply: instanceNorm },
  isNaN: { relax: "R.isnan", apply: isNaN },
  layerNorm: { relax: "R.nn.layer_norm", apply: layerNorm },
  leakyRelu: { relax: "R.nn.leakyrelu", apply: leakyRelu },
  leftShift: { relax: "R.left_shift", apply: leftShift },
  less: { relax: "R.less", apply: less },
  lessEqual: { relax: "R.less_equal", apply: lessEqual },
  linear: { relax: "R.linear", apply: linear },
  log: { relax: "R.log", apply: log },
  log2: { relax: "tunebook.log2", apply: log2 },
  logSoftmax: { relax: "R.nn.log_softmax", apply: logSoftmax },
  logSumExp: { relax: "tunebook.log_sum_exp", apply: logSumExp },
  lrn: { relax: "tunebook.lrn", apply: lrn },
  matmul: { relax: "R.matmul", apply: matmul },
  maximum: { relax: "R.maximum", apply: maximum },
  maxPool2d: { relax: "R.nn.max_pool2d", apply: maxPool2d },
  minimum: { relax: "R.minimum", apply: minimum },
  mish: { relax: "tunebook.mish", apply: mish },
  mod: { relax: "R.mod", apply: mod },
  mul: { relax: "R.multiply", apply: mul },
  neg: { relax: "R.negative", apply: neg },
  negativeLogLikelihood: { relax: "R.nn.nll_loss", apply: negativeLogLikelihood },
  not: { relax: "R.logical_not", apply: not },
  notEqual: { relax: "R.not_equal", apply: notEqual },
  oneHot: { relax: "R.one_hot", apply: oneHot },
  or: { relax: "R.logical_or", apply: or },
  pack: { relax: "tunebook.pack", apply: pack },
  pad: { relax: "R.nn.pad", apply: pad },
  permuteDims: { relax: "R.permute_dims", apply: permuteDims },
  pow: { relax: "R.power", apply: pow },
  prelu: { relax: "R.nn.prelu", apply: prelu },
  reciprocal: { relax: "tunebook.reciprocal", apply: reciprocal },
  reduceAll: { relax: "tunebook.reduce_all", apply: reduceAll },
  reduceAny: { relax: "tunebook.reduce_any", apply: reduceAny },
  reduceL1: { relax: "tunebook.reduce_l1", apply: reduceL1 },
  reduceL2: { relax: "tunebook.reduce_l2", apply: reduceL2 },
  reduceLogSum: { relax: "tunebook.reduce_log_sum", apply: reduceLogSum },
  reduceMax: { relax: "R.max", apply: reduceMax },
  reduceMean: { relax: "R.mean", apply: reduceMean },
  reduceMin: { relax: "R.min", apply: reduceMin },
  reduceProd: { relax: "R.prod", apply: reduceProd },
  reduceSum: { relax: "R.sum", apply: reduceSum },
  reduceSumSquare: { relax: "tunebook.reduce_sum_square", apply: reduceSumSquare },
  relu: { relax: "R.nn.relu", apply: relu },
  repeat: { relax: "R.repeat", apply: repeat },
  reshape: { relax: "R.reshape", apply: reshape },
  resize: { relax: "R.image.resize", apply: resize },
  rightShift: { relax: "R.right_shift", apply: rightShift },
  rmsNorm: { relax: "R.nn.rms_norm", apply: rmsNorm },
  roll: { relax: "tunebook.roll", apply: roll },
  rope: { relax: "tunebook.rope", apply: rope },
  round: { relax: "R.round", apply: round },
  rsqrt: { relax: "R.rsqrt", apply: rsqrt },
  scatterElements: { relax: "R.scatter_elements", apply: scatterElements },
  scatterND: { relax: "R.scatter_nd", apply: scatterND },
  scatterUpdate: { relax: "tunebook.scatter_update", apply: scatterUpdate, updates: 0 },
  selu: { relax: "R.nn.selu", apply: selu },
  sigmoid: { relax: "R.sigmoid", apply: sigmoid },
  sign: { relax: "R.sign", apply: sign },
  silu: { relax: "R.nn.silu", apply: silu },
  sin: { relax: "R.sin", apply: sin },
  sinh: { relax: "R.sinh", apply: sinh },
  slice: { relax: "R.strided_slice", apply: slice },
  softmax: { relax: "R.nn.softmax", apply: softmax },
  softplus: { relax: "R.nn.softplus", apply: softplus },
  softsign: { relax: "tunebook.softsign", apply: softsign },
  sort: { relax: "R.sort", apply: sort },
  spaceToDepth: { relax: "tunebook.space_to_depth", apply: spaceToDepth },
  split: { relax: "R.split", apply: split },
  sqrt: { relax: "R.sqrt", apply: sqrt },
  squaredError: { relax: "tunebook.squared_error", apply: squaredError },
  squeeze: { relax: "R.squeeze", apply: squeeze },
  stack: { relax: "R.stack", apply: stack },
  sub: { relax: "R.subtract", apply: sub },
  tan: { relax: "R.tan", apply: tan },
  tanh: { relax: "R.tanh", apply: tanh },
  thresholdedRelu: { relax: "tunebook.thresholded_relu", apply: thresholdedRelu },
  tile: { relax: "R.tile", apply: tile },
  topK: { relax: "R.topk", apply: topK },
  transpose: { relax: "R.permute_dims", apply: transpose },
  trilu: { relax: "tunebook.trilu", apply: trilu },
  trunc: { relax: "R.trunc", apply: trunc },
  unpack: { relax: "tunebook.unpack", apply: unpack },
  where: { relax: "R.where", apply: where },
  xor: { relax: "R.logical_xor", apply: xor },
} as const;

/** The name of an operator of the table. */
export type OperatorName = keyof typeof OPERATORS;
