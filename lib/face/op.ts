/**
 * The operators of language and vision models on tensors: each takes tensors and returns a tensor, so that they compose.
 * {@linkcode te.primFunc} makes a program of the result.
 */
export { add } from "../op/add.ts";
export { addRmsNorm, type AddRmsNormOptions, type AddRmsNormResult } from "../op/add_rms_norm.ts";
export { argmax } from "../op/argmax.ts";
export { argmin } from "../op/argmin.ts";
export { attention, type AttentionMethod, type AttentionOptions } from "../op/attention.ts";
export { avgPool2d, type AvgPool2dOptions, type MeanOptions } from "../op/avg_pool2d.ts";
export { conv2d, type Conv2dOptions, type ConvolutionOptions } from "../op/conv2d.ts";
export { cumProd } from "../op/cum_prod.ts";
export { cumSum } from "../op/cum_sum.ts";
export { dequantizeQ4, type DequantizeQ4Options } from "../op/dequantize_q4.ts";
export { embedding } from "../op/embedding.ts";
export { gated, type GatedOptions, type GateOptions } from "../op/gated.ts";
export { type ApproximateOptions, gelu, type GeluOptions } from "../op/gelu.ts";
export { gemv, type GemvOptions } from "../op/gemv.ts";
export { globalAvgPool2d, type GlobalAvgPool2dOptions } from "../op/global_avg_pool2d.ts";
export { layerNorm, type LayerNormOptions } from "../op/layer_norm.ts";
export { logSumExp } from "../op/log_sum_exp.ts";
export { matmul, type MatmulOptions } from "../op/matmul.ts";
export { maxPool2d } from "../op/max_pool2d.ts";
export { mul } from "../op/mul.ts";
export { reduceAll } from "../op/reduce_all.ts";
export { reduceAny } from "../op/reduce_any.ts";
export type { ReduceOptions } from "../op/reduce_axes.ts";
export { reduceMax } from "../op/reduce_max.ts";
export { reduceMin } from "../op/reduce_min.ts";
export { reduceProd } from "../op/reduce_prod.ts";
export { reduceSum } from "../op/reduce_sum.ts";
export { relu } from "../op/relu.ts";
export { rmsNorm, type RmsNormOptions } from "../op/rms_norm.ts";
export { rope, type RopeHeads, type RopeOptions, type RopeResult } from "../op/rope.ts";
export type { LinearRopeScaling, Llama3RopeScaling, RopeScaling } from "../op/rope_scaling.ts";
export { silu } from "../op/silu.ts";
export { softmax } from "../op/softmax.ts";
export { argsort, sort, type SortOptions } from "../op/sort.ts";
export { topK, type TopKOptions, type TopKResult } from "../op/top_k.ts";
export { transpose } from "../op/transpose.ts";
export type { Activation } from "../op/activation.ts";
export type { ArgOptions } from "../op/best_position.ts";
export type { EpilogueOptions } from "../op/epilogue.ts";
export type { ScanOptions } from "../op/scan.ts";
export type { ResultOptions } from "../op/kinds.ts";
export type { AxisOptions, NormOptions } from "../op/row_reductions.ts";
export type { PoolOptions, PoolWindowOptions } from "../op/pool.ts";
export type { ImageLayout, Padding, Pair, SlideOptions } from "../op/window.ts";
