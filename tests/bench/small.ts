/** Every kind of operator in a size that takes no time, no two extents equal. */
import type { Work } from "./operators.ts";

export const SMALL: readonly Work[] = [
  { kind: "matmul", m: 12, n: 20, k: 28 },
  { kind: "linear", m: 12, n: 20, k: 28 },
  { kind: "q4Matmul", m: 12, n: 24, k: 64 },
  { kind: "gemv", n: 24, k: 40 },
  { kind: "outerGemv", n: 24, k: 40 },
  { kind: "q4Gemv", n: 24, k: 64 },
  { kind: "softmax", rows: 6, columns: 36 },
  { kind: "rmsNorm", rows: 6, columns: 36 },
  { kind: "layerNorm", rows: 6, columns: 36 },
  { kind: "swiglu", rows: 6, columns: 36 },
  { kind: "conv2d", height: 6, width: 10, channels: 8, filters: 12, kernel: 3 },
  { kind: "conv2d", height: 6, width: 10, channels: 8, filters: 12, kernel: 1 },
  { kind: "depthwise", height: 6, width: 10, channels: 8, kernel: 3 },
  { kind: "attention", queries: 1, length: 12, heads: 6, kvHeads: 2, headDim: 16 },
  { kind: "attention", queries: 10, length: 10, heads: 6, kvHeads: 2, headDim: 16 },
  { kind: "rowSum", rows: 6, columns: 36 },
  { kind: "transpose", rows: 12, columns: 20 },
  { kind: "silu", elements: 72 },
  { kind: "add", elements: 72 },
];
