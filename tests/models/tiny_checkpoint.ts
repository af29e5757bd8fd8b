/** Tiny checkpoints of each architecture with random weights, as a folder of Hugging Face's holds them. */
import { join } from "node:path";
import type { Checkpoint, ConfigJson, ReferenceTensor } from "./reference.ts";
import { type TestTensor, writeModel } from "./write_safetensors.ts";

/** Sizes that are awkward: no power of two, several queries per head of keys, groups of 32 that aren't full. */
const SIZES = {
  hidden_size: 48,
  intermediate_size: 76,
  num_hidden_layers: 2,
  num_attention_heads: 6,
  num_key_value_heads: 2,
  vocab_size: 101,
  max_position_embeddings: 128,
  rms_norm_eps: 1e-5,
  rope_theta: 10000,
  hidden_act: "silu",
};
const GEMMA = {
  ...SIZES,
  head_dim: 12,
  num_key_value_heads: 3,
  query_pre_attn_scalar: 16,
  hidden_act: "gelu_pytorch_tanh",
  hidden_activation: "gelu_pytorch_tanh",
  sliding_window: 7,
};
const LLAMA3 = {
  rope_type: "llama3",
  factor: 8,
  low_freq_factor: 1,
  high_freq_factor: 4,
  original_max_position_embeddings: 32,
};

/** The configurations. Together they have every feature that architectures differ in. */
export const TINY = {
  llama: { ...SIZES, model_type: "llama", tie_word_embeddings: false },
  llama3: { ...SIZES, model_type: "llama", tie_word_embeddings: true, rope_scaling: LLAMA3 },
  mistral: { ...SIZES, model_type: "mistral", sliding_window: 9, tie_word_embeddings: false },
  qwen2: { ...SIZES, model_type: "qwen2", tie_word_embeddings: true },
  qwen2Yarn: {
    ...SIZES,
    model_type: "qwen2",
    tie_word_embeddings: false,
    rope_scaling: { rope_type: "yarn", factor: 4, original_max_position_embeddings: 32 },
    sliding_window: 11,
    use_sliding_window: true,
    max_window_layers: 1,
  },
  qwen3: { ...SIZES, model_type: "qwen3", head_dim: 16, tie_word_embeddings: true },
  gemma: { ...GEMMA, model_type: "gemma", query_pre_attn_scalar: 12, sliding_window: null },
  gemma2: { ...GEMMA, model_type: "gemma2", attn_logit_softcapping: 2, final_logit_softcapping: 3 },
  gemma3: {
    ...GEMMA,
    model_type: "gemma3_text",
    num_hidden_layers: 3,
    sliding_window_pattern: 3,
    rope_theta: 1000000,
    rope_local_base_freq: 10000,
    rope_scaling: { rope_type: "linear", factor: 8 },
    attn_logit_softcapping: null,
    final_logit_softcapping: null,
  },
  phi3: { ...SIZES, model_type: "phi3", sliding_window: 20, tie_word_embeddings: false },
  phi3Long: {
    ...SIZES,
    model_type: "phi3",
    head_dim: 16,
    partial_rotary_factor: 0.75,
    sliding_window: null,
    tie_word_embeddings: false,
    original_max_position_embeddings: 32,
    rope_scaling: {
      type: "longrope",
      short_factor: [1, 1.1, 1.2, 1.3, 1.4, 1.5],
      long_factor: [1, 2, 3, 4, 5, 6],
    },
  },
} as const satisfies Readonly<Record<string, ConfigJson>>;

/** The names of the configurations. */
export type TinyName = keyof typeof TINY;

/** Makes normal random numbers of a seed, by Box and Muller. */
export function normalNumbers(seed: number): () => number {
  let state = seed >>> 0;
  const uniform = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** Makes a checkpoint with random weights, which are those of float32. `changed` replaces fields of its configuration. */
export function tinyCheckpoint(name: TinyName, seed: number, changed: ConfigJson = {}): Checkpoint {
  const config: ConfigJson = { ...TINY[name], ...changed };
  const normal = normalNumbers(seed), tensors: Record<string, ReferenceTensor> = {};
  const number = (field: string): number | undefined => {
    const value = config[field];
    return typeof value === "number" ? value : undefined;
  };
  const hidden = number("hidden_size") ?? 0, heads = number("num_attention_heads") ?? 0;
  const inner = number("intermediate_size") ?? 0, kv = number("num_key_value_heads") ?? heads;
  const dim = number("head_dim") ?? hidden / heads, type = String(config.model_type);
  const gemma = type.startsWith("gemma"), phi = type === "phi3";
  const put = (tensor: string, shape: readonly number[], mean: number, deviation: number) => {
    const size = shape.reduce((a, b) => a * b, 1);
    tensors[`model.${tensor}`] = {
      shape,
      data: Float32Array.from({ length: size }, () => mean + deviation * normal()),
    };
  };
  const norm = (tensor: string, size = hidden) => put(`${tensor}.weight`, [size], gemma ? 0 : 1, 0.2);
  const linear = (tensor: string, rows: number, columns: number) =>
    put(`${tensor}.weight`, [rows, columns], 0, 1.5 / Math.sqrt(columns));
  const vocabulary = number("vocab_size") ?? 0;
  put("embed_tokens.weight", [vocabulary, hidden], 0, gemma ? 1 / Math.sqrt(hidden) : 1);
  for (let layer = 0; layer < (number("num_hidden_layers") ?? 0); layer++) {
    const at = `layers.${layer}.`, attention = `${at}self_attn.`;
    norm(`${at}input_layernorm`);
    if (phi) linear(`${attention}qkv_proj`, (heads + 2 * kv) * dim, hidden);
    for (
      const [projection, count] of phi ? [] : [["q_proj", heads], ["k_proj", kv], ["v_proj", kv]] as const
    ) {
      linear(attention + projection, count * dim, hidden);
      if (type === "qwen2" || config.attention_bias === true) {
        put(`${attention}${projection}.bias`, [count * dim], 0, 0.5);
      }
    }
    if (type === "qwen3" || type === "gemma3_text") {
      norm(`${attention}q_norm`, dim);
      norm(`${attention}k_norm`, dim);
    }
    linear(`${attention}o_proj`, hidden, heads * dim);
    if (config.attention_bias === true) {
      put(`${attention}o_proj.bias`, [hidden], 0, 0.5);
    }
    norm(`${at}post_attention_layernorm`);
    if (type === "gemma2" || type === "gemma3_text") {
      norm(`${at}pre_feedforward_layernorm`);
      norm(`${at}post_feedforward_layernorm`);
    }
    if (phi) {
      linear(`${at}mlp.gate_up_proj`, 2 * inner, hidden);
    } else for (const part of ["gate_proj", "up_proj"]) linear(`${at}mlp.${part}`, inner, hidden);
    linear(`${at}mlp.down_proj`, hidden, inner);
  }
  norm("norm");
  const tied = config.tie_word_embeddings ?? gemma;
  if (tied) return { config, tensors };
  const head = Float32Array.from({ length: vocabulary * hidden }, () => normal() / Math.sqrt(hidden));
  return { config, tensors: { ...tensors, "lm_head.weight": { shape: [vocabulary, hidden], data: head } } };
}

/** Writes a checkpoint as a folder of Hugging Face's. */
export async function writeCheckpoint(
  folder: string,
  { config, tensors }: Checkpoint,
  { dtype = "F32", shards = 1 }: { readonly dtype?: TestTensor["dtype"]; readonly shards?: number } = {},
): Promise<void> {
  await Deno.writeTextFile(join(folder, "config.json"), JSON.stringify(config));
  const all = Object.entries(tensors).map(([name, t]) => [name, { ...t, dtype }] as const);
  await writeModel(folder, Object.fromEntries(all), shards);
}
