/**
 * The operators of language and vision models on tensors: each takes tensors and returns a tensor, so that they compose.
 * {@linkcode te.primFunc} makes a program of the result.
 */
export { div, maximum, minimum, mod, type ModOptions, pow, sub } from "../op/arithmetic.ts";
export { equal, greater, greaterEqual, less, lessEqual, notEqual } from "../op/comparisons.ts";
export { and, not, or, xor } from "../op/logic.ts";
export {
  celu,
  type CeluOptions,
  elu,
  type EluOptions,
  hardSigmoid,
  type HardSigmoidOptions,
  hardSwish,
  leakyRelu,
  type LeakyReluOptions,
  prelu,
  selu,
  type SeluOptions,
  thresholdedRelu,
  type ThresholdedReluOptions,
} from "../op/parametric_activations.ts";
export {
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
export { add } from "../op/add.ts";
export { addRmsNorm, type AddRmsNormOptions, type AddRmsNormResult } from "../op/add_rms_norm.ts";
export { argmax } from "../op/argmax.ts";
export { argmin } from "../op/argmin.ts";
export { argsort } from "../op/argsort.ts";
export { arange, type ArangeOptions } from "../op/arange.ts";
export { attention, type AttentionMethod, type AttentionOptions } from "../op/attention.ts";
export { avgPool2d, type AvgPool2dOptions, type MeanOptions } from "../op/avg_pool2d.ts";
export { batchNorm, type BatchNormOptions, type BatchStatistics } from "../op/batch_norm.ts";
export { broadcastTo } from "../op/broadcast_to.ts";
export { cast } from "../op/cast.ts";
export { clip, type ClipOptions } from "../op/clip.ts";
export { concat, type ConcatOptions } from "../op/concat.ts";
export { conv1d } from "../op/conv1d.ts";
export { conv2d, type Conv2dOptions, type ConvolutionOptions } from "../op/conv2d.ts";
export { cumProd } from "../op/cum_prod.ts";
export { cumSum } from "../op/cum_sum.ts";
export { conv3d } from "../op/conv3d.ts";
export { convTranspose1d } from "../op/conv_transpose1d.ts";
export { convTranspose2d } from "../op/conv_transpose2d.ts";
export { convTranspose3d } from "../op/conv_transpose3d.ts";
export type { TransposedOptions } from "../op/convolution.ts";
export type { Spatial, SpatialOptions } from "../op/spatial.ts";
export { type DepthSpaceOptions, depthToSpace } from "../op/depth_to_space.ts";
export { dequantizeQ4, type DequantizeQ4Options } from "../op/dequantize_q4.ts";
export { embedding } from "../op/embedding.ts";
export { expandDims, type ExpandDimsOptions } from "../op/expand_dims.ts";
export { flatten, type FlattenOptions } from "../op/flatten.ts";
export { flip, type FlipOptions } from "../op/flip.ts";
export { full, type FullOptions } from "../op/full.ts";
export { gated, type GatedOptions, type GateOptions } from "../op/gated.ts";
export { gather, type GatherOptions } from "../op/gather.ts";
export { gatherElements } from "../op/gather_elements.ts";
export { gatherND, type GatherNDOptions } from "../op/gather_nd.ts";
export { type ApproximateOptions, gelu, type GeluOptions } from "../op/gelu.ts";
export { gemv, type GemvOptions } from "../op/gemv.ts";
export { globalAvgPool2d, type GlobalAvgPool2dOptions } from "../op/global_avg_pool2d.ts";
export { groupNorm, type GroupNormOptions } from "../op/group_norm.ts";
export { instanceNorm, type InstanceNormOptions } from "../op/instance_norm.ts";
export { layerNorm, type LayerNormOptions } from "../op/layer_norm.ts";
export { linear, type LinearOptions } from "../op/linear.ts";
export { logSoftmax } from "../op/log_softmax.ts";
export { logSumExp } from "../op/log_sum_exp.ts";
export { lrn, type LrnOptions } from "../op/lrn.ts";
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
export { oneHot, type OneHotOptions } from "../op/one_hot.ts";
export { pad, type PadMode, type PadOptions } from "../op/pad.ts";
export { permuteDims, type PermuteDimsOptions } from "../op/permute_dims.ts";
export { reduceL1 } from "../op/reduce_l1.ts";
export { reduceL2 } from "../op/reduce_l2.ts";
export { reduceLogSum } from "../op/reduce_log_sum.ts";
export { reduceMean } from "../op/reduce_mean.ts";
export { reduceSumSquare } from "../op/reduce_sum_square.ts";
export { relu } from "../op/relu.ts";
export { append, type AppendOptions } from "../op/append.ts";
export { scatterUpdate, type ScatterUpdateOptions } from "../op/scatter_update.ts";
export { repeat, type RepeatOptions } from "../op/repeat.ts";
export { reshape } from "../op/reshape.ts";
export { resize, type ResizeMode, type ResizeOptions } from "../op/resize.ts";
export type { Coordinates, Rounding } from "../op/source_position.ts";
export { rmsNorm, type RmsNormOptions } from "../op/rms_norm.ts";
export { roll, type RollOptions } from "../op/roll.ts";
export { rope, type RopeHeads, type RopeOptions, type RopeResult } from "../op/rope.ts";
export type { LinearRopeScaling, Llama3RopeScaling, RopeScaling } from "../op/rope_scaling.ts";
export { silu } from "../op/silu.ts";
export { slice, type SliceBound, type SliceOptions } from "../op/slice.ts";
export { softmax } from "../op/softmax.ts";
export { sort } from "../op/sort.ts";
export { topK, type TopKOptions, type TopKResult } from "../op/top_k.ts";
export { spaceToDepth } from "../op/space_to_depth.ts";
export { split, type SplitTensorOptions } from "../op/split.ts";
export { squeeze, type SqueezeOptions } from "../op/squeeze.ts";
export { stack, type StackOptions } from "../op/stack.ts";
export { tile } from "../op/tile.ts";
export { transpose } from "../op/transpose.ts";
export { trilu, type TriluOptions } from "../op/trilu.ts";
export { where } from "../op/where.ts";
export type { Activation } from "../op/activation.ts";
export type { ArgOptions } from "../op/best_position.ts";
export type { EpilogueOptions } from "../op/epilogue.ts";
export type { ScanOptions } from "../op/scan.ts";
export type { SortOptions } from "../op/sorted.ts";
export type { Axes } from "../op/axes.ts";
export type { Extent } from "../op/extents.ts";
export type { IndexOptions } from "../op/indices.ts";
export type { ResultOptions } from "../op/kinds.ts";
export type { AxisOptions, NormOptions } from "../op/row_reductions.ts";
export type { PoolOptions, PoolWindowOptions } from "../op/pool.ts";
export type { SamePadding } from "../op/slide.ts";
export type { ImageLayout, Padding, Pair, SlideOptions } from "../op/window.ts";
export { bitcast, bitwiseAnd, bitwiseNot, bitwiseOr, bitwiseXor, leftShift, rightShift } from "../op/bits.ts";
export { exp2, log2 } from "../op/base_two.ts";
export {
  type ClassLossOptions,
  crossEntropy,
  type LossOptions,
  negativeLogLikelihood,
  squaredError,
} from "../op/losses.ts";
export { ceil, round, sign, trunc } from "../op/rounding.ts";
export { acos, acosh, asin, asinh, atan, atanh, cosh, sinh, tan } from "../op/trigonometry.ts";
export { pack, type PackOptions } from "../op/pack.ts";
export { scatterElements, type ScatterElementsOptions } from "../op/scatter_elements.ts";
export { scatterND } from "../op/scatter_nd.ts";
export type { ScatterOptions, ScatterReduction } from "../op/scattered.ts";
export type { StoredType } from "../ir/dtype.ts";
export { unpack, type UnpackOptions } from "../op/unpack.ts";
