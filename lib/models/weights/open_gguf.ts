import { shownValue } from "../../base/shown_value.ts";
import type { ModelConfig } from "../config/model_config.ts";
import { readConfig } from "../config/read_config.ts";
import { ModelError } from "../error.ts";
import { type GgufHeader, type GgufValue, readGgufHeader } from "./gguf_header.ts";
import { type Place, sourceOfPlaces } from "./source_of_places.ts";
import type { WeightSource } from "./weight_source.ts";

/** A GGUF file: everything is in it. */
export interface GgufModel {
  /** Its tensors. Rows of queries and keys are in the order that other formats have. */
  readonly weights: WeightSource;
  /** The model's configuration. */
  readonly config: ModelConfig;
}

/**
 * Opens a GGUF file.
 *
 * @throws {ModelError} for a file that can't be read or is no GGUF, an unknown architecture, and fields that no model has
 */
export async function openGguf(path: string): Promise<GgufModel> {
  const { metadata, places: stored, unreadable } = await readGgufHeader(path);
  const config = await configOf(metadata, stored, path);
  const places = config.architecture === "llama" ? withHeadsInOrder(stored, config) : stored;
  return { weights: sourceOfPlaces({ format: "gguf", where: path, places, unreadable }), config };
}

/** The fields of a model, by the end of their names, in Hugging Face's words. */
const FIELDS = {
  embedding_length: "hidden_size",
  feed_forward_length: "intermediate_size",
  block_count: "num_hidden_layers",
  "attention.head_count": "num_attention_heads",
  "attention.head_count_kv": "num_key_value_heads",
  "attention.key_length": "head_dim",
  "attention.layer_norm_rms_epsilon": "rms_norm_eps",
  "attention.sliding_window": "sliding_window",
  attn_logit_softcapping: "attn_logit_softcapping",
  final_logit_softcapping: "final_logit_softcapping",
  context_length: "max_position_embeddings",
  "rope.freq_base": "rope_theta",
  vocab_size: "vocab_size",
} as const;

/** Models whose scores are scaled by hidden size and heads, which no field says: Gemma 2 and 3 with 27B parameters. */
const SCALED_BY_HIDDEN = { gemma2: 46, gemma3: 62 } as const;

async function configOf(
  metadata: GgufHeader["metadata"],
  places: ReadonlyMap<string, Place>,
  path: string,
): Promise<ModelConfig> {
  const type = metadata.get("general.architecture");
  const number = (field: string): number | undefined => {
    const value = metadata.get(`${type}.${field}`);
    return typeof value === "number" || typeof value === "bigint" ? Number(value) : undefined;
  };
  const entries = Object.entries(FIELDS).flatMap(([field, name]) => {
    const value = number(field);
    return value === undefined ? [] : [[name, value] as const];
  });
  const json: Record<string, unknown> = { model_type: type, ...Object.fromEntries(entries) };
  const heads = number("attention.head_count") ?? 1, hidden = number("embedding_length") ?? 0;
  json.head_dim ??= Math.max(1, Math.floor(hidden / heads));
  json.vocab_size ??= lengthOf(metadata.get("tokenizer.ggml.tokens"));
  json.tie_word_embeddings = !places.has("output.weight");
  json.attention_bias = type !== "qwen2" && places.has("blk.0.attn_q.bias");
  const rotated = number("rope.dimension_count");
  if (rotated !== undefined) json.partial_rotary_factor = rotated / Number(json.head_dim);
  const byHidden = type === "gemma2" || type === "gemma3" ? SCALED_BY_HIDDEN[type] : undefined;
  if (byHidden !== undefined) {
    json.query_pre_attn_scalar = json.num_hidden_layers === byHidden ? hidden / heads : json.head_dim;
  }
  json.rope_scaling = await scalingOf(metadata, places, path, Number(json.max_position_embeddings));
  for (const token of ["bos", "eos"]) {
    const id = metadata.get(`tokenizer.ggml.${token}_token_id`);
    if (id !== undefined) json[`${token}_token_id`] = Number(id);
  }
  return readConfig(json, { file: path });
}

/** Gives the scaling of rotary embeddings, which may be a tensor of divisors. */
async function scalingOf(
  metadata: GgufHeader["metadata"],
  places: ReadonlyMap<string, Place>,
  path: string,
  context: number,
): Promise<unknown> {
  const field = (name: string): GgufValue | undefined =>
    metadata.get(`${metadata.get("general.architecture")}.rope.scaling.${name}`);
  const source = sourceOfPlaces({ format: "gguf", where: path, places, unreadable: new Map() });
  const list = async (name: string) => places.has(name) ? [...await source.read(name)] : undefined;
  const original = field("original_context_length"), factors = await list("rope_freqs.weight");
  if (factors) {
    return {
      type: "longrope",
      short_factor: factors,
      long_factor: factors,
      original_max_position_embeddings: context,
      attention_factor: 1,
    };
  }
  const long = await list("rope_factors_long.weight"), short = await list("rope_factors_short.weight");
  const numbers = {
    ...(original === undefined ? {} : { original_max_position_embeddings: Number(original) }),
    ...(field("factor") === undefined ? {} : { factor: Number(field("factor")) }),
    ...(field("attn_factor") === undefined ? {} : { attention_factor: Number(field("attn_factor")) }),
  };
  if (long && short) return { type: "longrope", short_factor: short, long_factor: long, ...numbers };
  const type = field("type");
  return type === undefined || type === "none" ? null : { type, ...numbers };
}

function lengthOf(tokens: GgufValue | undefined): number | undefined {
  return Array.isArray(tokens) ? tokens.length : undefined;
}

/** Marks queries and keys of a Llama, whose rows are stored for interleaved rotary embeddings. */
function withHeadsInOrder(
  places: ReadonlyMap<string, Place>,
  { headDim }: ModelConfig,
): ReadonlyMap<string, Place> {
  const marked = ([name, place]: [string, Place]): [string, Place] => {
    if (!/\.attn_[qk]\.(weight|bias)$/.test(name)) return [name, place];
    if ((place.info.shape[0] ?? 0) % headDim !== 0) {
      throw new ModelError(
        `expected rows of heads of ${headDim} in tensor ${name}, got ${
          shownValue(place.info.shape)
        }: ${place.path}`,
      );
    }
    return [name, { ...place, interleaved: headDim }];
  };
  return new Map([...places].map(marked));
}
