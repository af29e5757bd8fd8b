/** Llama-3.2-1B with random weights in q4f16_1, as MLC's files name and store them; nothing is on disk. */
import { mix } from "../../../lib/base/random.ts";
import type { TensorInfo, WeightArray, WeightSource } from "../../../lib/models/weights/weight_source.ts";

/** Llama-3.2-1B's config.json. */
export const LLAMA_1B = {
  model_type: "llama",
  hidden_size: 2048,
  intermediate_size: 8192,
  num_hidden_layers: 16,
  num_attention_heads: 32,
  num_key_value_heads: 8,
  head_dim: 64,
  vocab_size: 128256,
  max_position_embeddings: 131072,
  rms_norm_eps: 1e-5,
  rope_theta: 500000,
  hidden_act: "silu",
  tie_word_embeddings: true,
  rope_scaling: {
    rope_type: "llama3",
    factor: 32,
    low_freq_factor: 1,
    high_freq_factor: 4,
    original_max_position_embeddings: 8192,
  },
};

const PER_WORD = 8, PER_GROUP = 32;
/** The standard deviation of integers from -7 to 7, of which 0 is there twice as often. */
const DEVIATION = Math.sqrt(17.5);

/** Gives the weights of a model with some of the layers. Elements follow from their tensor's name and their place. */
export function randomLlama(layers: number): WeightSource {
  const c = LLAMA_1B, tensors = new Map<string, TensorInfo>();
  const put = (name: string, dtype: "u32" | "f16", shape: readonly number[]) => {
    const bytes = shape.reduce((n, d) => n * d, 1) * (dtype === "u32" ? 4 : 2);
    tensors.set(name, { shape, stored: dtype, dtype, bytes });
  };
  const matrix = (name: string, rows: number, columns: number) => {
    put(`${name}.q_weight`, "u32", [rows, columns / PER_WORD]);
    put(`${name}.q_scale`, "f16", [rows, columns / PER_GROUP]);
  };
  matrix("model.embed_tokens", c.vocab_size, c.hidden_size);
  for (let k = 0; k < layers; k++) {
    const at = `model.layers.${k}`;
    put(`${at}.input_layernorm.weight`, "f16", [c.hidden_size]);
    const heads = c.num_attention_heads + 2 * c.num_key_value_heads;
    matrix(`${at}.self_attn.qkv_proj`, heads * c.head_dim, c.hidden_size);
    matrix(`${at}.self_attn.o_proj`, c.hidden_size, c.num_attention_heads * c.head_dim);
    put(`${at}.post_attention_layernorm.weight`, "f16", [c.hidden_size]);
    matrix(`${at}.mlp.gate_up_proj`, 2 * c.intermediate_size, c.hidden_size);
    matrix(`${at}.mlp.down_proj`, c.hidden_size, c.intermediate_size);
  }
  put("model.norm.weight", "f16", [c.hidden_size]);
  return {
    format: "mlc",
    where: "random weights",
    tensors,
    unreadable: new Map(),
    bytes: tensors.values().reduce((n, t) => n + t.bytes, 0),
    read: (name, { rows } = {}) => {
      const { shape: [all = 0, width = 1], dtype } = tensors.get(name) as TensorInfo;
      const [begin, end] = rows ?? [0, all];
      return Promise.resolve(elementsOf(name, dtype, begin * width, end * width, width));
    },
  };
}

function elementsOf(
  name: string,
  dtype: TensorInfo["dtype"],
  begin: number,
  end: number,
  width: number,
): WeightArray {
  const seed = [...name].reduce((n, c) => mix(n ^ c.charCodeAt(0)), 17) >>> 0, length = end - begin;
  const bits = (k: number) => mix(seed + begin + k) >>> 0;
  if (dtype === "u32") {
    const words = new Uint32Array(length);
    for (let k = 0; k < length; k++) {
      const word = bits(k), full = word & (word >>> 1) & (word >>> 2) & (word >>> 3) & 0x11111111;
      // 15 becomes 7, which stands for 0: so the mean is 0, and tokens stay different.
      words[k] = word - 8 * full;
    }
    return words;
  }
  // Norms are about 1. Scales keep what a product gives about as large as what it takes.
  const middle = width > 1 ? 1 / (DEVIATION * Math.sqrt(width * PER_GROUP)) : 1;
  return Float16Array.from({ length }, (_, k) => middle * (0.5 + bits(k) / 2 ** 32));
}
