import { checkOptions, type Fields } from "../base/check_options.ts";
import { flag, number, required } from "../base/option_kinds.ts";
import { add, and, cast, constant, floorDiv, le, lt, select, sub } from "../ir/build.ts";
import type { Expr } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { placeholder, type Tensor } from "../te/tensor.ts";
import { primFunc } from "../te/prim_func.ts";
import { type Dim, dims } from "../te/dimension.ts";
import { TeError } from "../te/error.ts";
import {
  checkShape,
  checkTensors,
  checkTypes,
  constantExtent,
  shapeOfRank,
  sharedFloat,
} from "./check_tensors.ts";
import { attend } from "./attend.ts";
import { maskReader } from "./attention_mask.ts";
import { dimension, extent, floatType, RESULT, type ResultOptions, tensor } from "./kinds.ts";

/** What attention sees, and how it is computed. */
export interface AttentionMethod {
  /** Token i of the queries sees the cache up to itself, position `length - queries + i`. Default: true. */
  readonly causal?: boolean;
  /** The positions of the cache that are taken together. Default: 64. */
  readonly chunk?: number;
  /** The factor of the dot products, above 0 (ONNX Attention: scale). Default: 1/√headDim. */
  readonly scale?: number;
  /** Bounds each score to ±softcap: `softcap·tanh(score/softcap)` (ONNX Attention; Gemma 2). Default: no bound. */
  readonly softcap?: number;
  /**
   * The number of positions that a token sees, up to its own (Mistral; Hugging Face: sliding_window). Without `causal`, it
   * sees the next `slidingWindow` - 1 positions too. Default: all.
   */
  readonly slidingWindow?: number;
}
const METHOD = {
  causal: flag,
  chunk: extent,
  scale: number({ above: 0 }),
  softcap: number({ above: 0 }),
  slidingWindow: extent,
} satisfies Fields<AttentionMethod>;

/** The options of {@linkcode attention}. */
export interface AttentionOptions extends AttentionMethod, ResultOptions {
  /**
   * Floats that are added to the scores, after `softcap` and before the softmax (ONNX Attention: attn_mask). The shape is
   * [queries, length] or [heads, queries, length]; heads and queries may be 1. -∞, or the least f32, hides a position. A
   * token that sees no position gets zeros. Default: none.
   */
  readonly mask?: Tensor;
  /**
   * A logit for each head, [heads] of floats, whose exponential is added to the softmax's sum and to nothing else
   * (StreamingLLM, arXiv 2309.17453; Hugging Face: gpt_oss). Default: none.
   */
  readonly sinks?: Tensor;
}
const OPTIONS = { ...METHOD, mask: tensor, sinks: tensor, ...RESULT } satisfies Fields<AttentionOptions>;

/**
 * Attends over a cache of keys and values: `O[i, h] = Σ_l softmax_l(Q[i, h]·K[l, h/g] / √headDim) V[l, h/g]`, where
 * g = heads/kvHeads heads of queries share a head of keys and values. All sums are in f32. With all options, a score is
 * `softcap·tanh(scale·Q·K/softcap) + mask`, in the order of Gemma 2 and of ONNX Attention
 * (as onnx/onnx#7867 corrects it).
 *
 * The softmax is taken chunk by chunk, each about its own maximum, and the chunks are put together at the end
 * (Flash-Decoding; Dao et al., 2023). So no tensor is as long as the cache.
 *
 * @param Q the queries [queries, heads, headDim] of f32 or f16
 * @param K the keys [length, kvHeads, headDim], of Q's dtype; the last ones belong to the queries' own tokens
 * @param V the values, of K's shape and dtype
 * @returns O, of Q's shape and dtype; its name is O by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for tensors that don't fit together, kvHeads that don't divide heads, or more queries than the cache
 * has positions
 */
export function attention(Q: Tensor, K: Tensor, V: Tensor, options: AttentionOptions = {}): Tensor {
  checkTensors("attention", { Q, K, V });
  checkOptions("op.attention", options, OPTIONS);
  const { causal = true, chunk = 64, softcap, slidingWindow, mask, sinks, name = "O" } = options;
  const dtype = sharedFloat("attention", { Q, K, V });
  const [queries] = shapeOfRank("attention", "Q", Q, 3, "[queries, heads, headDim]") as [Expr, Expr, Expr];
  const [length] = shapeOfRank("attention", "K", K, 3, "[length, kvHeads, headDim]") as [Expr, Expr, Expr];
  const heads = constantExtent("attention", "Q", Q, 1), headDim = constantExtent("attention", "Q", Q, 2);
  const kvHeads = constantExtent("attention", "K", K, 1);
  checkShape("attention", "K", K, ["length", "kvHeads", constant(headDim)], "to match Q's headDim");
  checkShape("attention", "V", V, K.shape, "to match K");
  if (heads % kvHeads !== 0) {
    throw new TeError(
      `expected kvHeads to divide heads, because each head of keys serves the same number of heads of queries, got ` +
        `${kvHeads} and ${heads}, in attention`,
    );
  }
  if (queries.kind === "const" && length.kind === "const" && queries.value > length.value) {
    throw new TeError(
      `expected a cache of at least ${queries.value} positions, because it holds the queries' own tokens, got ` +
        `${length.value}, in attention`,
    );
  }
  const bias = mask && maskReader(mask, heads, queries, length);
  if (sinks) {
    checkTypes("attention", { sinks }, "f32", "f16");
    checkShape("attention", "sinks", sinks, [constant(heads)], "to match Q's heads");
  }
  const group = heads / kvHeads;
  /** Past the end of the cache there are zeros, which are not used. */
  const within = (t: Tensor) => (_: Expr, l: Expr, h: Expr, e: Expr) =>
    select(lt(l, length), t.at(l, floorDiv(h, group), e), constant(0, dtype));
  const visible = (i: Expr, l: Expr) => {
    const own = add(sub(length, queries), i);
    return and(
      lt(l, length),
      ...(causal ? [le(l, own)] : []),
      ...(slidingWindow === undefined ? [] : [lt(sub(own, l), slidingWindow)]),
      ...(slidingWindow === undefined || causal ? [] : [lt(sub(l, own), slidingWindow)]),
    );
  };
  return attend({
    name,
    queries,
    length,
    heads,
    headDim,
    dtype,
    chunk,
    query: (i, h, d) => Q.at(i, h, d),
    key: within(K),
    value: within(V),
    visible,
    scale: options.scale ?? 1 / Math.sqrt(headDim),
    ...(softcap !== undefined && { softcap }),
    ...(bias && { bias }),
    ...(sinks && { sink: (h) => cast("f32", sinks.at(h)) }),
    requires: [{ value: queries, atMost: length, because: "the cache holds the queries' own tokens" }],
  });
}

/** The options of {@linkcode attentionProgram}. */
export interface AttentionProgramOptions extends AttentionMethod {
  /** The tokens of the queries: 1 when decoding. */
  readonly queries: Dim;
  /** The tokens in the cache, the queries' own included. */
  readonly length: Dim;
  /** Heads of queries. */
  readonly heads: number;
  /** Heads of keys and of values, each shared by heads/kvHeads heads of queries. */
  readonly kvHeads: number;
  /** Elements of a head. */
  readonly headDim: number;
  /** The dtype of all tensors; all sums are in f32. Default: f32. */
  readonly dtype?: "f32" | "f16";
  /** Adds parameter mask[queries, length] to the scores, before the softmax. Default: false. */
  readonly mask?: boolean;
  /** Adds parameter sinks[heads], whose exponentials are added to the softmax's sums. Default: false. */
  readonly sinks?: boolean;
}
const PROGRAM = {
  queries: required(dimension),
  length: required(dimension),
  heads: required(extent),
  kvHeads: required(extent),
  headDim: required(extent),
  dtype: floatType,
  mask: flag,
  sinks: flag,
  ...METHOD,
} satisfies Fields<AttentionProgramOptions>;

/**
 * Makes the program of {@linkcode attention}. Parameters Q[queries, heads, headDim], K and V[length, kvHeads, headDim],
 * mask[queries, length] and sinks[heads] if they are asked for, O[queries, heads, headDim].
 *
 * @throws {OptionError} for an option that doesn't exist, is missing or can't have its value
 * @throws {TeError} for kvHeads that don't divide heads, or more queries than the cache has positions
 */
export function attentionProgram(options: AttentionProgramOptions): PrimFunc {
  checkOptions("te.attention", options, PROGRAM);
  const { queries: m, length: n, heads, kvHeads, headDim, dtype, mask = false, sinks = false, ...method } =
    options;
  const { queries, length } = dims({ queries: m, length: n });
  const Q = placeholder("Q", [queries, heads, headDim], dtype);
  const K = placeholder("K", [length, kvHeads, headDim], dtype);
  const V = placeholder("V", [length, kvHeads, headDim], dtype);
  const more = {
    ...(mask && { mask: placeholder("mask", [queries, length], dtype) }),
    ...(sinks && { sinks: placeholder("sinks", [heads], dtype) }),
  };
  return primFunc("attention", [Q, K, V, ...Object.values(more), attention(Q, K, V, { ...method, ...more })]);
}
