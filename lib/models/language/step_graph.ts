/** A step of a language model as a graph: a chunk of a prompt, or one token of each sequence. One table of parts for all. */
import type { PrimFunc } from "../../ir/func.ts";
import { type BlockBuilder, graph } from "../../relax/builder.ts";
import type { Graph } from "../../relax/graph.ts";
import type { Value } from "../../relax/value.ts";
import type { ModelConfig } from "../config/model_config.ts";
import { appendProgram, attentionProgram } from "./attention_programs.ts";
import type { StepShape } from "./step_shape.ts";
import { countProgram, currentProgram, pickProgram, recordProgram, stateWidth } from "./state_programs.ts";
import { keysOf } from "./sampling/keys.ts";
import { type Choice, GREEDY } from "./sampling/choice.ts";
import { type Quantization, QUANTIZATIONS } from "../parameters/quantization.ts";
import { WeightValues } from "./weight_values.ts";

/** The positions of a page of the cache. */
export const PAGE_SIZE = 16;

/** The positions that attention takes as one chunk, at most. */
export const WHOLE = 512;
/** The positions of a chunk, where there are several. */
const CHUNK = 64;

/** What a step computes. */
export interface StepOptions {
  /** `prefill`: n tokens of one sequence, and the logits of the last. `decode`: a token of each of `batch` sequences. */
  readonly kind: "prefill" | "decode";
  /** The sequences of a decode: a number, or "b" for any. Default: 1. */
  readonly batch?: number | "b";
  /**
   * The most positions that a decode looks at. Up to {@linkcode WHOLE} they are one chunk, whose scores stay in workgroup
   * memory. Default: any number, in chunks of 64.
   */
  readonly span?: number;
  /** How the next tokens are chosen, of a decode. Default: the most probable ones. */
  readonly choice?: Choice;
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
  /** What attention reads positions from. */
  readonly given: Value;
  readonly programs: Map<string, PrimFunc>;
}

/**
 * Makes the graph of a step. `table` i32 has the pages of each sequence, and `cache0` … those of each layer,
 * [pages, 2, kvHeads, 16, headDim], which are updated in place.
 *
 * A prefill has the inputs ids and positions i32[n] and table [blocks], and the output logits f32[1, vocabulary] of the last
 * token. A decode has the inputs state i32[rows, context + 2] (updated in place) and table [rows, blocks]: it reads a token
 * of each row and writes the next one. Its output is logits f32[rows, vocabulary].
 */
export function stepGraph(c: ModelConfig, options: StepOptions): Graph {
  const { kind, batch = 1, quantization, context, sinkTokens = 0, choice = GREEDY, span } = options;
  const whole = kind === "decode" && span !== undefined && span <= WHOLE;
  const { dtype = QUANTIZATIONS[quantization].dtype } = options;
  const rows = kind === "prefill" ? "n" : batch;
  const shape: StepShape = {
    rows,
    sequences: kind === "decode",
    pageSize: PAGE_SIZE,
    blocks: whole ? Math.ceil(span / PAGE_SIZE) : "blocks",
    ...(!whole && { chunk: CHUNK }),
    dtype,
    context,
    sinkTokens,
  };
  return graph(kind, (b) => {
    const w = new WeightValues(b, c, quantization, dtype);
    const inputs = kind === "prefill" ? promptInputs(b, c, shape) : stateInputs(b, shape);
    const { ids, given } = inputs;
    const table = b.input("table", shape.sequences ? [rows, shape.blocks] : [shape.blocks], "i32");
    const step: Step = { b, c, w, shape, table, given, programs: new Map() };
    let x = embedded(step, ids);
    for (let k = 0; k < c.layers; k++) {
      const cache = b.input(`cache${k}`, ["pages", 2, c.kvHeads, PAGE_SIZE, c.headDim], dtype);
      x = layer(step, x, cache, k);
    }
    if (kind === "prefill") return { logits: logitsOf(step, b.slice(x, { begin: [-1] })) };
    const logits = logitsOf(step, x);
    record(b, choice, shape, given, logits);
    return { logits };
  });
}

interface StepInputs {
  readonly ids: Value;
  /** What attention reads positions from. */
  readonly given: Value;
}

function promptInputs(b: BlockBuilder, c: ModelConfig, { rows, context }: StepShape): StepInputs {
  const ids = b.input("ids", [rows], "i32", { below: c.vocabularySize });
  return { ids, given: b.input("positions", [rows], "i32", { below: context }) };
}

function stateInputs(b: BlockBuilder, shape: StepShape): StepInputs {
  const given = b.input("state", [shape.rows, stateWidth(shape.context)], "i32");
  return { ids: b.call(currentProgram(shape), given)[0] as Value, given };
}

/** Chooses the tokens that follow logits, and writes them into the state. */
function record(
  b: BlockBuilder,
  choice: Choice,
  shape: Pick<StepShape, "rows" | "context">,
  state: Value,
  logits: Value,
): void {
  const vocabulary = (logits.type.shape[1] as { readonly value: number }).value;
  const counts = choice.penalties ? b.input("counts", [shape.rows, vocabulary], "i32") : undefined;
  const keys = keysOf(b, choice, { shape: { rows: shape.rows, vocabulary }, logits, state, counts });
  const [picked] = b.call(pickProgram(shape, vocabulary), keys, state) as [Value];
  b.call(recordProgram(shape), picked, state);
  if (counts) b.call(countProgram(shape, vocabulary), picked, counts);
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
  const { b, c } = s, at = (name: string) => `layers.${k}.${name}`;
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
  const { b, c, w, shape, table, given } = s, at = (name: string) => `layers.${k}.${name}`;
  const qkv = linear(s, x, at("qkv"));
  const slides = c.slidingLayers[k] === true;
  const own = slides && c.slidingRope ? "sliding_rope" : "rope";
  const { dim } = (slides && c.slidingRope) || c.rope;
  const rope = w.table(own, [shape.context, dim]);
  const program = (kind: string, make: () => PrimFunc) => {
    const key = `${kind} ${own} ${slides}`, known = s.programs.get(key) ?? make();
    s.programs.set(key, known);
    return known;
  };
  const normed = (name: string) => c.queryKeyNorm ? [w.of(at(`${name}.weight`))] : [];
  const append = program("append", () => appendProgram(c, shape, dim));
  const [now] = b.call(append, qkv, table, given, rope, ...normed("k_norm"), cache) as [Value];
  const attend = program("attend", () => attentionProgram(c, shape, dim, slides));
  const [o] = b.call(attend, qkv, now, table, given, rope, ...normed("q_norm")) as [Value];
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
