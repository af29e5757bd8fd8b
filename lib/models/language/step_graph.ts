/** A step of a language model as a graph: a chunk of a prompt, or one token of each sequence. One table of parts for all. */
import type { PrimFunc } from "../../ir/func.ts";
import { type BlockBuilder, graph } from "../../relax/builder.ts";
import type { Graph } from "../../relax/graph.ts";
import type { Value } from "../../relax/value.ts";
import type { ModelConfig } from "../config/model_config.ts";
import { appendProgram, attentionProgram, type StepShape } from "./attention_programs.ts";
import { type Quantization, QUANTIZATIONS } from "../parameters/quantization.ts";
import { WeightValues } from "./weight_values.ts";

/** The positions of a page of the cache. */
export const PAGE_SIZE = 16;

/** What a step computes. */
export interface StepOptions {
  /** `prefill`: n tokens of one sequence, and the logits of the last. `decode`: a token of each of `batch` sequences. */
  readonly kind: "prefill" | "decode";
  /** The sequences of a decode: a number, or "b" for any. Default: 1. */
  readonly batch?: number | "b";
  /** How matrices are stored. */
  readonly quantization: Quantization;
  /** The dtype of activations, of vectors and of the cache. Default: that of the quantization. */
  readonly dtype?: "f16" | "f32";
  /** The positions that the rope's tables have. */
  readonly context: number;
  /** The first positions that layers with a sliding window see, too. Default: 0. */
  readonly sinkTokens?: number;
}

/** The state of a graph under construction. */
interface Step {
  readonly b: BlockBuilder;
  readonly c: ModelConfig;
  readonly w: WeightValues;
  readonly shape: StepShape;
  readonly table: Value;
  readonly positions: Value;
  readonly programs: Map<string, PrimFunc>;
}

/**
 * Makes the graph of a step. Its inputs are ids i32[rows], positions i32[rows], table i32[blocks] or [rows, blocks] (the pages
 * of each sequence), and the cache of each layer, cache0 …, [pages, 2, kvHeads, 16, headDim], which it updates in place. Its
 * output is logits f32[rows, vocabulary], or [1, vocabulary] of a prefill.
 */
export function stepGraph(c: ModelConfig, options: StepOptions): Graph {
  const { kind, batch = 1, quantization, context, sinkTokens = 0 } = options;
  const { dtype = QUANTIZATIONS[quantization].dtype } = options;
  const rows = kind === "prefill" ? "n" : batch;
  const shape: StepShape = {
    rows,
    sequences: kind === "decode",
    pageSize: PAGE_SIZE,
    ...(kind === "prefill" && { chunk: 64 }),
    dtype,
    positions: context,
    sinkTokens,
  };
  return graph(kind, (b) => {
    const ids = b.input("ids", [rows], "i32", { below: c.vocabularySize });
    const positions = b.input("positions", [rows], "i32", { below: context });
    const table = b.input("table", shape.sequences ? [rows, "blocks"] : ["blocks"], "i32");
    const w = new WeightValues(b, c, quantization, dtype);
    const step: Step = { b, c, w, shape, table, positions, programs: new Map() };
    let x = embedded(step, ids);
    for (let k = 0; k < c.layers; k++) {
      const cache = b.input(`cache${k}`, ["pages", 2, c.kvHeads, PAGE_SIZE, c.headDim], shape.dtype);
      x = layer(step, x, cache, k);
    }
    const last = kind === "prefill" ? b.slice(x, { begin: [-1] }) : x;
    return { logits: logitsOf(step, last) };
  });
}

function embedded({ b, c, w }: Step, ids: Value): Value {
  const x = b.embedding(w.of("embed.weight"), ids);
  return c.embeddingScale === 1 ? x : b.mul(x, b.full([1], c.embeddingScale, { dtype: x.type.dtype }));
}

function norm({ b, c, w }: Step, x: Value, name: string): Value {
  return b.rmsNorm(x, w.of(`${name}.weight`), { eps: c.normEps });
}

/** A layer: attention and the feed-forward part, each after a norm and beside a residual. */
function layer(s: Step, x: Value, cache: Value, k: number): Value {
  const { b, c, w } = s, at = (name: string) => `layers.${k}.${name}`;
  const after = (y: Value, name: string) => b.add(x, c.postNorms ? norm(s, y, at(name)) : y);
  const attended = attention(s, norm(s, x, at("input_norm")), cache, k);
  x = after(linear(s, attended, at("o")), "post_attention_norm");
  const wide = linear(s, norm(s, x, at("mlp_norm")), at("gate_up"));
  const down = linear(s, b.gated(wide, { activation: c.activation }), at("down"));
  return after(down, "post_mlp_norm");
}

/** The product with a matrix, and its bias where the model has one. */
function linear({ b, w }: Step, x: Value, name: string): Value {
  const bias = w.maybe(`${name}.bias`);
  return b.linear(x, w.of(`${name}.weight`), bias ? { bias } : {});
}

function attention(s: Step, x: Value, cache: Value, k: number): Value {
  const { b, c, w, shape, table, positions } = s, at = (name: string) => `layers.${k}.${name}`;
  const qkv = linear(s, x, at("qkv"));
  const slides = c.slidingLayers[k] === true;
  const own = slides && c.slidingRope ? "sliding_rope" : "rope";
  const { dim } = (slides && c.slidingRope) || c.rope;
  const rope = w.table(own, [shape.positions, dim]);
  const program = (kind: string, make: () => PrimFunc) => {
    const key = `${kind} ${own} ${slides}`, known = s.programs.get(key) ?? make();
    s.programs.set(key, known);
    return known;
  };
  const normed = (name: string) => c.queryKeyNorm ? [w.of(at(`${name}.weight`))] : [];
  const append = program("append", () => appendProgram(c, shape, dim));
  const [now] = b.call(append, qkv, table, positions, rope, ...normed("k_norm"), cache) as [Value];
  const attend = program("attend", () => attentionProgram(c, shape, dim, slides));
  const [o] = b.call(attend, qkv, now, table, positions, rope, ...normed("q_norm")) as [Value];
  return b.reshape(o, [shape.rows, c.heads * c.headDim]);
}

function logitsOf(s: Step, x: Value): Value {
  const { b, c, w } = s;
  const head = w.of(c.tiedEmbeddings ? "embed.weight" : "head.weight");
  const logits = b.linear(norm(s, x, "norm"), head, { out: "f32" });
  if (c.finalSoftCap === undefined) return logits;
  const cap = b.full([1], c.finalSoftCap);
  return b.mul(b.tanh(b.div(logits, cap)), cap);
}
