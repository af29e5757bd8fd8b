/** The operators that benchmarks run: what they are, and what their results must be. */
import * as te from "../../lib/face/te.ts";
import type { PrimFunc } from "../../lib/ir/func.ts";
import type { Inputs } from "../../lib/runtime/arguments.ts";
import type { TypedArray } from "../../lib/runtime/arrays.ts";
import { TunebookError } from "../../lib/base/error.ts";

interface Product {
  readonly n: number;
  readonly k: number;
}
interface Rows {
  readonly rows: number;
  readonly columns: number;
}
/** An image of one batch, and a square window over it whose rim is padded: the result is as large as the image. */
interface Image {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly kernel: number;
}

/** One operator with its sizes; f32 throughout. */
export type Work =
  /** `C[m, n] = Σ_k A[m, k]·B[k, n]` */
  | { readonly kind: "matmul"; readonly m: number } & Product
  /** `C[m, n] = Σ_k A[m, k]·B[n, k]`: a linear layer, its weights as models store them. */
  | { readonly kind: "linear"; readonly m: number } & Product
  /** A linear layer whose weights are in 4 bits, as of q4Gemv. */
  | { readonly kind: "q4Matmul"; readonly m: number } & Product
  /** `y[n] = Σ_k A[n, k]·x[k]` */
  | { readonly kind: "gemv" } & Product
  /** `y[n] = Σ_k x[k]·A[k, n]` */
  | { readonly kind: "outerGemv" } & Product
  /** A·x with A in 4 bits: W_q u32[n, k/8], W_scale f32[n, k/32]; `w = (nibble - 7)·scale`. */
  | { readonly kind: "q4Gemv" } & Product
  | { readonly kind: "softmax" | "rmsNorm" | "layerNorm" | "rowSum" | "transpose" } & Rows
  /** `C[r, c] = silu(A[r, c])·A[r, columns + c]`: the gate of a language model's MLP. */
  | { readonly kind: "swiglu" } & Rows
  /** A[1, channels, height, width], W[filters, channels, kernel, kernel]. */
  | { readonly kind: "conv2d"; readonly filters: number } & Image
  /** Each channel by itself: W[channels, 1, kernel, kernel]. */
  | { readonly kind: "depthwise" } & Image
  /**
   * Q[queries, heads, headDim], K and V[length, kvHeads, headDim]; causal: the tokens that ask are the last of the
   * cache, and each sees it up to itself.
   */
  | {
    readonly kind: "attention";
    readonly queries: number;
    readonly length: number;
    readonly heads: number;
    readonly kvHeads: number;
    readonly headDim: number;
  }
  | { readonly kind: "silu" | "add"; readonly elements: number };

/**
 * Sizes of models: linear layers of 128 tokens and heads of Llama-3.2-1B, and Qwen2.5-0.5B's queries, keys and values;
 * convolutions of ResNet-50 and MobileNetV2.
 */
export const OPERATORS: Readonly<Record<string, Work>> = {
  matmul_256: { kind: "matmul", m: 256, n: 256, k: 256 },
  matmul_512: { kind: "matmul", m: 512, n: 512, k: 512 },
  matmul_1024: { kind: "matmul", m: 1024, n: 1024, k: 1024 },
  linear_512: { kind: "linear", m: 512, n: 512, k: 512 },
  linear_1024: { kind: "linear", m: 1024, n: 1024, k: 1024 },
  linear_llama: { kind: "linear", m: 128, n: 2048, k: 2048 },
  linear_qwen: { kind: "linear", m: 128, n: 1152, k: 896 },
  q4_matmul: { kind: "q4Matmul", m: 128, n: 2048, k: 2048 },
  gemv: { kind: "gemv", n: 4096, k: 4096 },
  outer_gemv: { kind: "outerGemv", n: 4096, k: 4096 },
  q4_gemv: { kind: "q4Gemv", n: 4096, k: 4096 },
  softmax: { kind: "softmax", rows: 64, columns: 4096 },
  rms_norm: { kind: "rmsNorm", rows: 64, columns: 4096 },
  layer_norm: { kind: "layerNorm", rows: 64, columns: 4096 },
  row_sum: { kind: "rowSum", rows: 1024, columns: 4096 },
  transpose: { kind: "transpose", rows: 2048, columns: 2048 },
  conv2d_3x3: { kind: "conv2d", height: 56, width: 56, channels: 64, filters: 64, kernel: 3 },
  conv2d_1x1: { kind: "conv2d", height: 28, width: 28, channels: 128, filters: 128, kernel: 1 },
  depthwise_3x3: { kind: "depthwise", height: 56, width: 56, channels: 144, kernel: 3 },
  attention_decode: { kind: "attention", queries: 1, length: 1024, heads: 32, kvHeads: 8, headDim: 64 },
  attention_prefill: { kind: "attention", queries: 128, length: 128, heads: 8, kvHeads: 8, headDim: 64 },
  swiglu: { kind: "swiglu", rows: 128, columns: 8192 },
  silu: { kind: "silu", elements: 2 ** 22 },
  add: { kind: "add", elements: 2 ** 22 },
};

/**
 * The operators of these names; all of them where none is named.
 *
 * @throws {TunebookError} for a name that is not in the table
 */
export function pick(
  names: readonly string[],
  among: Readonly<Record<string, Work>> = OPERATORS,
): readonly (readonly [name: string, work: Work])[] {
  const unknown = names.find((name) => !Object.hasOwn(among, name));
  if (unknown !== undefined) {
    throw new TunebookError(`no operator ${unknown}: there are ${Object.keys(among).join(", ")}`);
  }
  return Object.entries(among).filter(([name]) => names.length === 0 || names.includes(name));
}

export function programOf(work: Work): PrimFunc {
  switch (work.kind) {
    case "matmul":
      return te.matmul(shapeOf(work));
    case "linear":
      return te.matmul({ m: work.m, n: work.n, k: work.k, transposeB: true });
    case "q4Matmul":
      return te.matmul({ m: work.m, n: work.n, k: work.k, weights: "q4f32_1" });
    case "gemv":
      return te.gemv(shapeOf(work));
    case "outerGemv":
      return te.gemv({ n: work.n, k: work.k, transposeA: true });
    case "q4Gemv":
      return te.gemv({ n: work.n, k: work.k, weights: "q4f32_1" });
    case "softmax":
      return te.softmax(shapeOf(work));
    case "rmsNorm":
      return te.rmsNorm({ ...shapeOf(work), eps: EPS });
    case "layerNorm":
      return te.layerNorm({ ...shapeOf(work), eps: EPS });
    case "swiglu":
      return te.gated({ rows: work.rows, columns: work.columns, activation: "silu" });
    case "conv2d":
      return te.conv2d({ ...shapeOf(work), padding: rimOf(work) });
    case "depthwise":
      return te.conv2d({
        ...shapeOf(work),
        filters: work.channels,
        groups: work.channels,
        padding: rimOf(work),
      });
    case "attention":
      return te.attention(shapeOf(work));
    case "rowSum":
      return te.reduceSum(shapeOf(work));
    case "transpose":
      return te.transpose(shapeOf(work));
    case "silu":
      return te.silu({ shape: [work.elements] });
    case "add":
      return te.add({ shape: [work.elements] });
    default:
      return work satisfies never;
  }
}

/** A work's shape, as the options of its operator. */
function shapeOf<W extends Work>({ kind: _, ...shape }: W): Omit<W, "kind"> {
  return shape;
}

/** What norms add to the mean square. */
export const EPS = 1e-5;

/** Rows and columns that are added on each side of an image. */
export function rimOf({ kernel }: Image): number {
  return (kernel - 1) / 2;
}

const COMPUTES: readonly Work["kind"][] = ["matmul", "linear", "q4Matmul", "conv2d"];

/** What operators are compared in: products of matrices by their arithmetic, all else by what it moves. */
export function unitOf(work: Work): "GFLOP/s" | "GB/s" {
  const prefills = work.kind === "attention" && work.queries > 1;
  return prefills || COMPUTES.includes(work.kind) ? "GFLOP/s" : "GB/s";
}

/** The result in float64, by the plainest loops; it owes nothing to the compiler that is measured. */
export function expected(work: Work, inputs: Inputs): Float64Array {
  const input = (name: string): TypedArray => inputs[name] as TypedArray;
  switch (work.kind) {
    case "matmul":
      return product(input("A"), input("B"), work.m, work.n, work.k);
    case "linear":
      return rowProduct(input("A"), input("B"), work);
    case "q4Matmul":
      return rowProduct(input("A"), decoded(input("W_q"), input("W_scale")), work);
    case "gemv":
      return product(input("A"), input("x"), work.n, 1, work.k);
    case "outerGemv":
      return product(input("x"), input("A"), 1, work.n, work.k);
    case "q4Gemv":
      return product(decoded(input("W_q"), input("W_scale")), input("x"), work.n, 1, work.k);
    case "softmax":
      return byRow(work, input("A"), softmaxed);
    case "rmsNorm":
      return byRow(work, input("A"), (row) => {
        const mean = row.reduce((p, x) => p + x * x, 0) / row.length;
        return row.map((x, c) => x / Math.sqrt(mean + EPS) * (input("weight")[c] as number));
      });
    case "layerNorm":
      return byRow(work, input("A"), (row) => {
        const mean = row.reduce((p, x) => p + x, 0) / row.length;
        const variance = row.reduce((p, x) => p + (x - mean) ** 2, 0) / row.length;
        return row.map((x, c) =>
          (x - mean) / Math.sqrt(variance + EPS) * (input("weight")[c] as number) +
          (input("bias")[c] as number)
        );
      });
    case "swiglu":
      return byRow(
        { rows: work.rows, columns: 2 * work.columns },
        input("A"),
        (row) =>
          row.slice(0, work.columns).map((x, c) =>
            x / (1 + Math.exp(-x)) * (row[work.columns + c] as number)
          ),
      );
    case "conv2d":
      return convolution(input("A"), input("W"), work, work.filters);
    case "depthwise":
      return convolution(input("A"), input("W"), work);
    case "attention":
      return attended(input("Q"), input("K"), input("V"), work);
    case "rowSum":
      return byRow(work, input("A"), (row) => Float64Array.of(row.reduce((p, x) => p + x, 0)));
    case "transpose": {
      const { rows, columns } = work, A = input("A");
      return new Float64Array(A.length).map((_, at) =>
        A[(at % rows) * columns + Math.floor(at / rows)] as number
      );
    }
    case "silu":
      return Float64Array.from(input("A"), (x) => x / (1 + Math.exp(-x)));
    case "add":
      return Float64Array.from(input("A"), (x, at) => x + (input("B")[at] as number));
    default:
      return work satisfies never;
  }
}

function product(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  m: number,
  n: number,
  k: number,
): Float64Array {
  const c = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let l = 0; l < k; l++) {
      const x = a[i * k + l] as number;
      for (let j = 0; j < n; j++) c[i * n + j] = (c[i * n + j] as number) + x * (b[l * n + j] as number);
    }
  }
  return c;
}

/** `C[m, n] = Σ_k A[m, k]·B[n, k]` */
function rowProduct(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  { m, n, k }: Product & { readonly m: number },
): Float64Array {
  return new Float64Array(m * n).map((_, at) => {
    const i = Math.floor(at / n) * k, j = (at % n) * k;
    let sum = 0;
    for (let l = 0; l < k; l++) sum += (a[i + l] as number) * (b[j + l] as number);
    return sum;
  });
}

/** Without a number of filters, each channel has one of its own. */
function convolution(A: TypedArray, W: TypedArray, image: Image, filters?: number): Float64Array {
  const { height, width, channels, kernel } = image, rim = rimOf(image);
  const results = filters ?? channels;
  const C = new Float64Array(results * height * width);
  const add = (f: number, channel: number, weights: number) => {
    for (let i = 0; i < kernel; i++) {
      for (let j = 0; j < kernel; j++) {
        const w = W[(weights * kernel + i) * kernel + j] as number;
        for (let y = Math.max(0, rim - i); y < Math.min(height, height + rim - i); y++) {
          for (let x = Math.max(0, rim - j); x < Math.min(width, width + rim - j); x++) {
            const at = (f * height + y) * width + x;
            const from = (channel * height + y + i - rim) * width + x + j - rim;
            C[at] = (C[at] as number) + w * (A[from] as number);
          }
        }
      }
    }
  };
  for (let f = 0; f < results; f++) {
    if (filters === undefined) add(f, f, f);
    else for (let c = 0; c < channels; c++) add(f, c, f * channels + c);
  }
  return C;
}

function attended(
  Q: TypedArray,
  K: TypedArray,
  V: TypedArray,
  { queries, length, heads, kvHeads, headDim }: Work & { readonly kind: "attention" },
): Float64Array {
  const O = new Float64Array(queries * heads * headDim);
  for (let i = 0; i < queries; i++) {
    for (let h = 0; h < heads; h++) {
      const from = (i * heads + h) * headDim;
      const cached = (l: number) => (l * kvHeads + Math.floor(h * kvHeads / heads)) * headDim;
      const scores = Float64Array.from({ length: length - queries + i + 1 }, (_, l) => {
        let dot = 0;
        for (let d = 0; d < headDim; d++) dot += (Q[from + d] as number) * (K[cached(l) + d] as number);
        return dot / Math.sqrt(headDim);
      });
      const shares = softmaxed(scores);
      shares.forEach((share, l) => {
        for (let d = 0; d < headDim; d++) {
          O[from + d] = (O[from + d] as number) + share * (V[cached(l) + d] as number);
        }
      });
    }
  }
  return O;
}

function softmaxed(row: Float64Array): Float64Array {
  const largest = row.reduce((p, x) => Math.max(p, x), -Infinity);
  const powers = row.map((x) => Math.exp(x - largest));
  const total = powers.reduce((p, x) => p + x, 0);
  return powers.map((x) => x / total);
}

function decoded(words: TypedArray, scales: TypedArray): Float64Array {
  return new Float64Array(words.length * 8).map((_, at) => {
    const nibble = ((words[at >> 3] as number) >>> (4 * (at & 7))) & 15;
    return (nibble - 7) * (scales[at >> 5] as number);
  });
}

function byRow({ rows, columns }: Rows, A: TypedArray, f: (row: Float64Array) => Float64Array): Float64Array {
  const results = Array.from(
    { length: rows },
    (_, r) => f(Float64Array.from(A.subarray(r * columns, (r + 1) * columns))),
  );
  const all = new Float64Array(results.reduce((n, row) => n + row.length, 0));
  results.forEach((row, r) => all.set(row, r * row.length));
  return all;
}
