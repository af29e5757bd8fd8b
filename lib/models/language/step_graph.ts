/** A step of a language model as a graph: a chunk of a prompt, or one token of each sequence. One table of parts for all. */
import type { PrimFunc } from "../../ir/func.ts";
import { type BlockBuilder, graph } from "../../relax/builder.ts";
import type { Graph } from "../../relax/graph.ts";
import type { Value } from "../../relax/value.ts";
import type { ModelConfig } from "../config/model_config.ts";
import { appendProgram, attentionProgram, type StepShape } from "./attention_programs.ts";
import { activationType, type Quantization, WeightValues } from "./weight_values.ts";

/** The positions of a page of the cache. */
export const PAGE_SIZE = 16;

/** What a step computes. */
export interface StepOptions {
  /** `prefill`: n tokens of one sequence, and the logits of the last. `decode`: a token of each of `batch` sequences. */
  readonly kind: "prefill" | "decode";
  /** The sequences of a decode: a number, or "b" for any. Default: 1. */
  readonly batch?: number | "b";
  /** How weights are stored. */
  readonly quantization: Quantization;
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
  const rows = kind === "prefill" ? "n" : batch;
  const shape: StepShape = {
    rows,
    sequences: kind === "decode",
    pageSize: PAGE_SIZE,
    ...(kind === "prefill" && { chunk: 64 }),
    dtype: activationType(quantization),
    positions: context,
    sinkTokens,
  };
  return graph(kind, (b) => {
    const ids = b.input("ids", [rows], "i32", { below: c.vocabularySize });
    const positions = b.input("positions", [rows], "i32", { below: context });
    const table = b.input("table", shape.sequences ? [rows, "blocks"] : ["blocks"], "i32");
    const w = new WeightValues(b, quantization);
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
  const x = b.embedding(w.matrix("embedding", c.vocabularySize, c.hiddenSize), ids);
  return c.embeddingScale === 1 ? x : b.mul(x, b.full([1], c.embeddingScale, { dtype: x.type.dtype }));
}

function norm({ b, c, w }: Step, x: Value, name: string): Value {
  return b.rmsNorm(x, w.vector(name, c.hiddenSize), { eps: c.normEps });
}

/** A layer: attention and the feed-forward part, each after a norm and beside a residual. */
function layer(s: Step, x: Value, cache: Value, k: number): Value {
  const { b, c, w } = s, at = (name: string) => `layer${k}_${name}`;
  const after = (y: Value, name: string) => b.add(x, c.postNorms ? norm(s, y, at(name)) : y);
  const attended = attention(s, norm(s, x, at("attention_norm")), cache, k);
  const o = w.matrix(at("o"), c.hiddenSize, c.heads * c.headDim);
  const out = b.linear(attended, o, c.outputBias ? { bias: w.vector(at("o_bias"), c.hiddenSize) } : {});
  x = after(out, "attention_post_norm");
  const wide = b.linear(
    norm(s, x, at("mlp_norm")),
    w.matrix(at("gate_up"), 2 * c.intermediateSize, c.hiddenSize),
  );
  const gated = b.gated(wide, { activation: c.activation });
  const down = b.linear(gated, w.matrix(at("down"), c.hiddenSize, c.intermediateSize));
  return after(down, "mlp_post_norm");
}

function attention(s: Step, x: Value, cache: Value, k: number): Value {
  const { b, c, w, shape, table, positions } = s, at = (name: string) => `layer${k}_${name}`;
  const width = (c.heads + 2 * c.kvHeads) * c.headDim;
  const qkv = b.linear(
    x,
    w.matrix(at("qkv"), width, c.hiddenSize),
    c.attentionBias ? { bias: w.vector(at("qkv_bias"), width) } : {},
  );
  const slides = c.slidingLayers[k] === true;
  const own = slides && c.slidingRope ? "sliding_rope" : "rope";
  const { dim } = (slides && c.slidingRope) || c.rope;
  const rope = w.table(own, [shape.positions, dim]);
  const program = (kind: string, make: () => PrimFunc) => {
    const key = `${kind} ${own} ${slides}`, known = s.programs.get(key) ?? make();
    s.programs.set(key, known);
    return known;
  };
  const normed = (name: string) => c.queryKeyNorm ? [w.vector(at(name), c.headDim)] : [];
  const append = program("append", () => appendProgram(c, shape, dim));
  const [now] = b.call(append, qkv, table, positions, rope, ...normed("k_norm"), cache) as [Value];
  const attend = program("attend", () => attentionProgram(c, shape, dim, slides));
  const [o] = b.call(attend, qkv, now, table, positions, rope, ...normed("q_norm")) as [Value];
  return b.reshape(o, [shape.rows, c.heads * c.headDim]);
}

function logitsOf(s: Step, x: Value): Value {
  const { b, c, w } = s;
  const head = w.matrix(c.tiedEmbeddings ? "embedding" : "head", c.vocabularySize, c.hiddenSize);
  const logits = b.linear(norm(s, x, "norm"), head, { out: "f32" });
  if (c.finalSoftCap === undefined) return logits;
  const cap = b.full([1], c.finalSoftCap);
  return b.mul(b.tanh(b.div(logits, cap)), cap);
}
