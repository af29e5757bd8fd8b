/**
 * The operators of language and vision models on tensors: each takes tensors and returns a tensor, so that they compose.
 * {@linkcode te.primFunc} makes a program of the result.
 */
export { add } from "../op/add.ts";
export { addRmsNorm, type AddRmsNormOptions, type AddRmsNormResult } from "../op/add_rms_norm.ts";
export { attention, type AttentionMethod, type AttentionOptions } from "../op/attention.ts";
export { avgPool2d, type AvgPool2dOptions, type MeanOptions } from "../op/avg_pool2d.ts";
export { broadcastTo } from "../op/broadcast_to.ts";
export { conv2d, type Conv2dOptions, type ConvolutionOptions } from "../op/conv2d.ts";
export { dequantizeQ4, type DequantizeQ4Options } from "../op/dequantize_q4.ts";
export { embedding } from "../op/embedding.ts";
export { expandDims, type ExpandDimsOptions } from "../op/expand_dims.ts";
export { flatten, type FlattenOptions } from "../op/flatten.ts";
export { gated, type GatedOptions, type GateOptions } from "../op/gated.ts";
export { type ApproximateOptions, gelu, type GeluOptions } from "../op/gelu.ts";
export { gemv, type GemvOptions } from "../op/gemv.ts";
export { globalAvgPool2d, type GlobalAvgPool2dOptions } from "../op/global_avg_pool2d.ts";
export { layerNorm, type LayerNormOptions } from "../op/layer_norm.ts";
export { logSumExp } from "../op/log_sum_exp.ts";
export { matmul, type MatmulOptions } from "../op/matmul.ts";
export { maxPool2d } from "../op/max_pool2d.ts";
export { mul } from "../op/mul.ts";
export { permuteDims, type PermuteDimsOptions } from "../op/permute_dims.ts";
export { reduceSum, type ReduceSumOptions } from "../op/reduce_sum.ts";
export { relu } from "../op/relu.ts";
export { reshape } from "../op/reshape.ts";
export { rmsNorm, type RmsNormOptions } from "../op/rms_norm.ts";
export { rope, type RopeHeads, type RopeOptions, type RopeResult } from "../op/rope.ts";
export type { LinearRopeScaling, Llama3RopeScaling, RopeScaling } from "../op/rope_scaling.ts";
export { silu } from "../op/silu.ts";
export { softmax } from "../op/softmax.ts";
export { squeeze, type SqueezeOptions } from "../op/squeeze.ts";
export { transpose } from "../op/transpose.ts";
export type { Activation } from "../op/activation.ts";
export type { Axes } from "../op/axes.ts";
export type { EpilogueOptions } from "../op/epilogue.ts";
export type { Extent } from "../op/extents.ts";
export type { ResultOptions } from "../op/kinds.ts";
export type { AxisOptions, NormOptions } from "../op/row_reductions.ts";
export type { PoolOptions, PoolWindowOptions } from "../op/pool.ts";
export type { ImageLayout, Padding, Pair, SlideOptions } from "../op/window.ts";
