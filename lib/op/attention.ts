import { checkOptions, type Fields } from "../base/check_options.ts";
import { flag, number, required } from "../base/option_kinds.ts";
import {
  add,
  and,
  call,
  cast,
  ceilDiv,
  constant,
  div,
  floorDiv,
  gt,
  le,
  lt,
  max as larger,
  min as smaller,
  mul,
  select,
  sub,
} from "../ir/build.ts";
import { RANGE } from "../ir/dtype.ts";
import type { Expr, Var } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { compute } from "../te/compute.ts";
import { max, reduceAxis, sum } from "../te/reduce.ts";
import { placeholder, type Reduction, type Tensor } from "../te/tensor.ts";
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
  const chunks = ceilDiv(length, chunk);
  const lowest = constant(RANGE.f32[0], "f32");
  const f32 = (e: Expr) => cast("f32", e);
  const cached = (c: Expr, t: Expr) => add(mul(c, chunk), t);
  /** Past the end of the cache there are zeros, which are not used. */
  const within = (t: Tensor, l: Expr, h: Expr, e: Expr) =>
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

  const d = reduceAxis(headDim, "d"), scale = constant(options.scale ?? 1 / Math.sqrt(headDim), "f32");
  const dot = compute("dot", [queries, heads, chunks, chunk], (...at) => {
    const [i, h, c, t] = at as readonly [Var, Var, Var, Var];
    const key = within(K, cached(c, t), h, d.var);
    return sum(mul(f32(Q.at(i, h, d.var)), f32(key)), [d]);
  });
  const capped = (x: Expr) => {
    if (softcap === undefined) return x;
    // Past 20 tanh is 1 in f32; past 88 WGSL promises nothing, because it may divide one infinity by another.
    const bound = constant(softcap, "f32"), most = constant(20, "f32"), least = constant(-20, "f32");
    return mul(call("tanh", larger(smaller(div(x, bound), most), least)), bound);
  };
  const score = compute("score", [queries, heads, chunks, chunk], (...at) => {
    const [i, h, c, t] = at as readonly [Var, Var, Var, Var];
    const own = capped(mul(dot.at(...at), scale));
    const biased = bias ? larger(add(own, bias(h, i, cached(c, t))), lowest) : own;
    return select(visible(i, cached(c, t)), biased, lowest);
  });
  const k = reduceAxis(chunk, "t"), l = reduceAxis(chunk, "t"), n = reduceAxis(chunk, "t");
  // A chunk that a token doesn't see has the lowest number as its maximum, so that no weight is infinite.
  const fromLowest = (r: Reduction): Reduction => ({ ...r, from: RANGE.f32[0] });
  const perChunk = [queries, heads, chunks];
  const largest = compute(
    "largest",
    perChunk,
    (...at) => fromLowest(max(score.at(...at, k.var), [k])),
  );
  const weight = compute(
    "weight",
    [...perChunk, chunk],
    (...at) => {
      const e = call("exp", sub(score.at(...at), largest.at(...at.slice(0, 3))));
      // A mask can hide all that a token sees. Then its weights are 0, and not 1.
      return mask ? select(gt(score.at(...at), lowest), e, constant(0, "f32")) : e;
    },
  );
  const total = compute("total", perChunk, (...at) => sum(weight.at(...at, l.var), [l]));
  const partial = compute("partial", [...perChunk, headDim], (...at) => {
    const [i, h, c, e] = at as readonly [Var, Var, Var, Var];
    return sum(mul(weight.at(i, h, c, n.var), f32(within(V, cached(c, n.var), h, e))), [n]);
  });
  // A chunk that a token doesn't see at all has weights of one each; its share below is 0.
  const a = reduceAxis(chunks, "c"), b = reduceAxis(chunks, "c"), s = reduceAxis(chunks, "c");
  const highest = compute("top", [queries, heads], (...at) => fromLowest(max(largest.at(...at, a.var), [a])));
  const sink = sinks && ((h: Expr) => f32(sinks.at(h)));
  const top = sink
    ? compute("peak", [queries, heads], (i, h) => larger(highest.at(i as Var, h as Var), sink(h as Var)))
    : highest;
  const share = (i: Expr, h: Expr, c: Expr) => call("exp", sub(largest.at(i, h, c), top.at(i, h)));
  const whole = compute("whole", [queries, heads], (...at) => {
    const [i, h] = at as readonly [Var, Var];
    return sum(mul(share(i, h, b.var), total.at(i, h, b.var)), [b]);
  });
  const joined = compute("joined", [queries, heads, headDim], (...at) => {
    const [i, h, e] = at as readonly [Var, Var, Var];
    return sum(mul(share(i, h, s.var), partial.at(i, h, s.var, e)), [s]);
  });
  return compute(name, [queries, heads, headDim], (...at) => {
    const [i, h] = at as readonly [Var, Var, Var];
    const seen = whole.at(i, h);
    const sum = sink ? add(seen, call("exp", sub(sink(h), top.at(i, h)))) : seen;
    // The sum is 1 at least, or 0 where a mask hides everything.
    return cast(dtype, div(joined.at(...at), mask ? larger(sum, constant(0.5, "f32")) : sum));
  }, {
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
