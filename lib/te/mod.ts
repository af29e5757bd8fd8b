/** What to compute: tensors as functions of positions, and the operators of language and vision models. */
export type { Activation } from "./activation.ts";
export { attention } from "./attention.ts";
export { compute, type Dim, max, placeholder, primFunc, reduceAxis, sum, Tensor } from "./compute.ts";
export { conv2d } from "./conv2d.ts";
export { dequantizeQ4, type Q4Layout } from "./dequantize_q4.ts";
export { add, gated, gelu, mul, relu, silu } from "./elementwise.ts";
export { embedding } from "./embedding.ts";
export type { EpilogueOptions } from "./epilogue.ts";
export { TeError } from "./error.ts";
export { gemv } from "./gemv.ts";
export { matmul } from "./matmul.ts";
export { avgPool2d, globalAvgPool2d, maxPool2d } from "./pool2d.ts";
export { quantizeI8 } from "./quantize_i8.ts";
export { quantizeQ4 } from "./quantize_q4.ts";
export { rope } from "./rope.ts";
export { type Quantization, QUANTIZATIONS, suite, type SuiteKernel, type SuiteOptions } from "./suite.ts";
export { addRmsNorm, layerNorm, logSumExp, reduceSum, rmsNorm, softmax, transpose } from "./rows.ts";
