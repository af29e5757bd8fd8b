/**
 * What to compute: tensors as functions of positions, and the programs of the operators of language and vision models.
 * Each program is made of the operator of the same name in {@linkcode op}, on tensors that are its parameters.
 */
export { addProgram as add } from "../op/add.ts";
export { addRmsNormProgram as addRmsNorm } from "../op/add_rms_norm.ts";
export { attentionProgram as attention, type AttentionProgramOptions } from "../op/attention.ts";
export {
  avgPool2dProgram as avgPool2d,
  type AvgPool2dProgramOptions,
  type MeanOptions,
} from "../op/avg_pool2d.ts";
export { conv2dProgram as conv2d, type Conv2dProgramOptions } from "../op/conv2d.ts";
export {
  dequantizeQ4Program as dequantizeQ4,
  type DequantizeQ4ProgramOptions,
  type Q4Layout,
} from "../op/dequantize_q4.ts";
export { embeddingProgram as embedding, type EmbeddingProgramOptions } from "../op/embedding.ts";
export { gatedProgram as gated, type GatedProgramOptions } from "../op/gated.ts";
export { geluProgram as gelu, type GeluProgramOptions } from "../op/gelu.ts";
export { gemvProgram as gemv, type GemvProgramOptions } from "../op/gemv.ts";
export {
  globalAvgPool2dProgram as globalAvgPool2d,
  type GlobalAvgPool2dProgramOptions,
} from "../op/global_avg_pool2d.ts";
export { layerNormProgram as layerNorm } from "../op/layer_norm.ts";
export { logSumExpProgram as logSumExp } from "../op/log_sum_exp.ts";
export { matmulProgram as matmul, type MatmulProgramOptions } from "../op/matmul.ts";
export { maxPool2dProgram as maxPool2d } from "../op/max_pool2d.ts";
export { mulProgram as mul } from "../op/mul.ts";
export { reduceSumProgram as reduceSum, type ReduceSumProgramOptions } from "../op/reduce_sum.ts";
export { reluProgram as relu } from "../op/relu.ts";
export { type NormProgramOptions, rmsNormProgram as rmsNorm } from "../op/rms_norm.ts";
export { ropeProgram as rope, type RopeProgramOptions } from "../op/rope.ts";
export { siluProgram as silu } from "../op/silu.ts";
export { softmaxProgram as softmax } from "../op/softmax.ts";
export { transposeProgram as transpose } from "../op/transpose.ts";
export { narrowI64 } from "../op/narrow_i64.ts";
export { type StoredArray, wordsOf } from "../op/words_of.ts";
export { type QuantizedI8, quantizeI8, type QuantizeI8Options } from "../op/quantize_i8.ts";
export { type QuantizedQ4, quantizeQ4, type QuantizeQ4Options } from "../op/quantize_q4.ts";
export { compute, type ComputeOptions, type ShapeCondition } from "../te/compute.ts";
export { update, type UpdatedElement, type UpdateOptions } from "../te/update.ts";
export { primFunc } from "../te/prim_func.ts";
export { all, any, max, min, prod, reduceAxis, sum } from "../te/reduce.ts";
export { argmax, type ArgmaxOptions, argmin } from "../te/argmax.ts";
export { reduce, type ReduceBy } from "../te/tuple_reduction.ts";
export {
  type Combine,
  type Combiner,
  type Definition,
  placeholder,
  type PlaceholderDomain,
  type ReduceAxis,
  type Reduction,
  Tensor,
  type TupleReduction,
  type TupleStep,
  type Update,
} from "../te/tensor.ts";
export { type Dim, shapeVariable } from "../te/dimension.ts";
export { TeError } from "../te/error.ts";
export type { Activation } from "../op/activation.ts";
export type { EpilogueProgramOptions } from "../op/epilogue.ts";
export type { ElementwiseProgramOptions } from "../op/elementwise.ts";
export type { PoolProgramOptions, PoolWindowOptions } from "../op/pool.ts";
export type { AxisProgramOptions, NormOptions, RowsProgramOptions } from "../op/row_reductions.ts";
export type {
  ImageLayout,
  ImageProgramOptions,
  Padding,
  Pair,
  SlideOptions,
  WindowProgramOptions,
} from "../op/window.ts";
export { OptionError, TunebookError } from "../base/error.ts";
export type { PrimFunc } from "../ir/func.ts";
export type { FuncData } from "../ir/func_data.ts";
export type { DType, ScalarType, StorageType, StoredType } from "../ir/dtype.ts";
export type { ExprLike } from "../ir/build.ts";
export type * from "../ir/expr.ts";
export type * from "../ir/stmt.ts";
