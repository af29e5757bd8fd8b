/** The fields of a language model's config.json, as Hugging Face names them. */
import {
  finite,
  jsonAnyOf,
  jsonFlag,
  type JsonKinds,
  jsonText,
  listOf,
  optional,
} from "../../base/read_json.ts";
import { integerBetween, positiveNumber } from "./json_kinds.ts";

/** The most layers that a file can ask for. */
export const MOST_LAYERS = 1024;

/** The fields of config.json that shape a model. MLC's `model_config` has most of them, some under names of its own. */
export interface RawConfig {
  readonly model_type?: string | undefined;
  readonly architectures?: readonly string[] | undefined;
  readonly hidden_size?: number | undefined;
  readonly intermediate_size?: number | undefined;
  readonly num_hidden_layers?: number | undefined;
  readonly num_attention_heads?: number | undefined;
  readonly num_key_value_heads?: number | undefined;
  readonly head_dim?: number | undefined;
  readonly vocab_size?: number | undefined;
  readonly max_position_embeddings?: number | undefined;
  readonly original_max_position_embeddings?: number | undefined;
  readonly rms_norm_eps?: number | undefined;
  readonly rope_theta?: number | undefined;
  readonly rope_local_base_freq?: number | undefined;
  readonly partial_rotary_factor?: number | undefined;
  readonly hidden_act?: string | undefined;
  readonly hidden_activation?: string | undefined;
  readonly tie_word_embeddings?: boolean | undefined;
  readonly attention_bias?: boolean | undefined;
  readonly mlp_bias?: boolean | undefined;
  readonly use_sliding_window?: boolean | undefined;
  readonly sliding_window?: number | undefined;
  readonly sliding_window_pattern?: number | undefined;
  readonly max_window_layers?: number | undefined;
  readonly layer_types?: readonly string[] | undefined;
  readonly query_pre_attn_scalar?: number | undefined;
  readonly attn_logit_softcapping?: number | undefined;
  readonly final_logit_softcapping?: number | undefined;
  readonly bos_token_id?: number | undefined;
  readonly eos_token_id?: number | readonly number[] | undefined;
}

const size = optional(integerBetween(1, 2 ** 20));
const token = integerBetween(0, 2 ** 24);
/** One token, or a list of them. */
export const tokensJson = jsonAnyOf<number | readonly number[]>(token, listOf(token, 64));

/** The kinds of the fields, each bounded by what no model exceeds. */
export const RAW_CONFIG: JsonKinds<RawConfig> = {
  model_type: optional(jsonText),
  architectures: optional(listOf(jsonText, 16)),
  hidden_size: optional(integerBetween(1, 2 ** 17)),
  intermediate_size: size,
  num_hidden_layers: optional(integerBetween(1, MOST_LAYERS)),
  num_attention_heads: optional(integerBetween(1, 1024)),
  num_key_value_heads: optional(integerBetween(1, 1024)),
  head_dim: optional(integerBetween(1, 1024)),
  vocab_size: optional(integerBetween(1, 2 ** 22)),
  max_position_embeddings: optional(integerBetween(1, 2 ** 30)),
  original_max_position_embeddings: optional(integerBetween(1, 2 ** 30)),
  rms_norm_eps: optional(positiveNumber),
  rope_theta: optional(positiveNumber),
  rope_local_base_freq: optional(positiveNumber),
  partial_rotary_factor: optional(positiveNumber),
  hidden_act: optional(jsonText),
  hidden_activation: optional(jsonText),
  tie_word_embeddings: optional(jsonFlag),
  attention_bias: optional(jsonFlag),
  mlp_bias: optional(jsonFlag),
  use_sliding_window: optional(jsonFlag),
  sliding_window: optional(finite),
  sliding_window_pattern: optional(integerBetween(1, MOST_LAYERS)),
  max_window_layers: optional(integerBetween(0, MOST_LAYERS)),
  layer_types: optional(listOf(jsonText, MOST_LAYERS)),
  query_pre_attn_scalar: optional(positiveNumber),
  attn_logit_softcapping: optional(positiveNumber),
  final_logit_softcapping: optional(positiveNumber),
  bos_token_id: optional(token),
  eos_token_id: optional(tokensJson),
};
