/** Every kind of operator in a size that takes no time, no two extents equal. */
import type { Work } from "./operators.ts";

export const SMALL: readonly Work[] = [
  { kind: "matmul", m: 12, n: 20, k: 28 },
  { kind: "gemv", n: 24, k: 40 },
  { kind: "outerGemv", n: 24, k: 40 },
  { kind: "q4Gemv", n: 24, k: 64 },
  { kind: "softmax", rows: 6, columns: 36 },
  { kind: "rmsNorm", rows: 6, columns: 36 },
  { kind: "rowSum", rows: 6, columns: 36 },
  { kind: "transpose", rows: 12, columns: 20 },
  { kind: "silu", elements: 72 },
  { kind: "add", elements: 72 },
];
