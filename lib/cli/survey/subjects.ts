/** The programs that a survey measures. */
import * as te from "../../face/te.ts";
import type { PrimFunc } from "../../ir/func.ts";
import type { Target } from "../../target/target.ts";

/** A program, named for the survey. */
export interface Subject {
  readonly name: string;
  readonly func: PrimFunc;
}

/** Sizes that keep a GPU busy for a while, and that a processor computes in milliseconds. */
function sizesOf(
  { clock }: Target,
): { readonly side: number; readonly rows: number; readonly tokens: number } {
  return clock === "cpu" ? { side: 128, rows: 512, tokens: 64 } : { side: 1024, rows: 4096, tokens: 512 };
}

/** Matrix products with B as it is (NN) and transposed (NT), and in f16 where the device has it. */
export function products(target: Target): readonly Subject[] {
  const { side } = sizesOf(target), size = { m: side, n: side, k: side };
  return [
    { name: "product NN", func: te.matmul(size) },
    { name: "product NT", func: te.matmul({ ...size, transposeB: true }) },
    ...(target.f16 ? [{ name: "product NN f16", func: te.matmul({ ...size, dtype: "f16" }) }] : []),
  ];
}

/** Matrix-vector products: of floats, and of weights in 4 bits. */
export function vectors(target: Target): readonly Subject[] {
  const { rows } = sizesOf(target), size = { n: rows, k: rows };
  return [
    { name: "GEMV", func: te.gemv(size) },
    { name: "GEMV q4", func: te.gemv({ ...size, weights: target.f16 ? "q4f16_1" : "q4f32_1" }) },
  ];
}

/** Operators that share a reduction among threads. */
export function reductions(target: Target): readonly Subject[] {
  const { rows, tokens } = sizesOf(target);
  return [
    { name: "softmax", func: te.softmax({ rows: tokens, columns: 1024 }) },
    { name: "RMS norm", func: te.rmsNorm({ rows: tokens, columns: rows }) },
    {
      name: "attention decode",
      func: te.attention({ queries: 1, length: 4 * tokens, heads: 8, kvHeads: 4, headDim: 64 }),
    },
    {
      name: "attention prefill",
      func: te.attention({ queries: tokens, length: tokens, heads: 8, kvHeads: 4, headDim: 64 }),
    },
  ];
}

/** Operators of images, and one that only moves data. */
export function others(target: Target): readonly Subject[] {
  const { side } = sizesOf(target);
  return [
    {
      name: "conv2d",
      func: te.conv2d({ height: 14, width: 14, channels: 32, filters: 32, kernel: 3, padding: 1 }),
    },
    { name: "transpose", func: te.transpose({ rows: 2 * side, columns: side }) },
  ];
}
