/** What to compute: tensors as functions of positions, and the operators of language models. */
export { compute, type Dim, max, placeholder, primFunc, reduceAxis, sum, Tensor } from "./compute.ts";
export { dequantizeQ4, type Q4Layout } from "./dequantize_q4.ts";
export { add, gelu, mul, silu } from "./elementwise.ts";
export { TeError } from "./error.ts";
export { gemv } from "./gemv.ts";
export { matmul } from "./matmul.ts";
export { quantizeQ4 } from "./quantize_q4.ts";
export { reduceSum, rmsNorm, softmax, transpose } from "./rows.ts";
