/** The operators that the quickstart and the survey search. */
import * as te from "../face/te.ts";
import type { PrimFunc } from "../ir/func.ts";

/** Kernels of Qwen2.5-0.5B (hidden size 896, 14 heads), decoding one token and reading a prompt of 128. */
export const OPERATORS: readonly { readonly name: string; readonly what: string; readonly func: PrimFunc }[] =
  [
    {
      name: "qkv_prefill",
      what: "query, key and value of a prompt of 128 tokens: a matrix product",
      func: te.matmul({ m: 128, n: 1152, k: 896, transposeB: true }),
    },
    {
      name: "gate_up_decode",
      what: "the MLP's first layer for one token, weights in 4 bits: a quantized matrix-vector product",
      func: te.gemv({ n: 9728, k: 896, weights: "q4f32_1" }),
    },
    {
      name: "attention_softmax",
      what: "attention weights of 14 heads over 1024 tokens, for 8 queries",
      func: te.softmax({ rows: 112, columns: 1024 }),
    },
    {
      name: "rms_norm",
      what: "the norm before a layer, for 128 tokens",
      func: te.rmsNorm({ rows: 128, columns: 896 }),
    },
  ];
