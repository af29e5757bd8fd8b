/** The architectures of language models: a row of data each. */
import type { Activation, ArchitectureName } from "./model_config.ts";
import type { RawConfig } from "./raw_config.ts";

/** Which layers have a sliding window, where a file doesn't list them. */
export type SlidingLayers =
  /** All of them. */
  | "all"
  /** Every second one, from the first. */
  | "alternate"
  /** All but every sixth, or every `sliding_window_pattern`-th. */
  | "pattern"
  /** Those from `max_window_layers` on, if `use_sliding_window` says that any does. */
  | "above"
  | "none";

/** What distinguishes an architecture from the others. */
export interface Architecture {
  /** `model_type` in config.json and in mlc-chat-config.json, and `general.architecture` in GGUF. */
  readonly modelTypes: readonly string[];
  /** The names of its classes, under `architectures` in config.json. */
  readonly classes: readonly string[];
  /** The values of fields that files may leave out, as Hugging Face's classes have them. */
  readonly defaults: RawConfig;
  /** The products that add a bias: `asked` where the file's `attention_bias` says so, for all four. */
  readonly biases: "qkv" | "asked" | "none";
  /** See {@linkcode ModelConfig.queryKeyNorm}. */
  readonly queryKeyNorm: boolean;
  /** See {@linkcode ModelConfig.postNorms}. */
  readonly postNorms: boolean;
  /** See {@linkcode ModelConfig.normOffset}. */
  readonly normOffset: 0 | 1;
  /** Embeddings are multiplied by √hiddenSize. */
  readonly scaledEmbedding: boolean;
  /** Which layers have a sliding window. */
  readonly slides: SlidingLayers;
  /** The activation, where it isn't what the file says. */
  readonly activation?: Activation;
}

const PLAIN = {
  biases: "none",
  queryKeyNorm: false,
  postNorms: false,
  normOffset: 0,
  scaledEmbedding: false,
  slides: "none",
} as const;

const GEMMA = {
  ...PLAIN,
  normOffset: 1,
  scaledEmbedding: true,
  activation: "gelu_tanh",
  classes: [],
} as const satisfies Partial<Architecture>;

/** All architectures. */
export const ARCHITECTURES: Readonly<Record<ArchitectureName, Architecture>> = {
  llama: {
    ...PLAIN,
    modelTypes: ["llama"],
    classes: ["LlamaForCausalLM"],
    defaults: { hidden_act: "silu", rms_norm_eps: 1e-6, rope_theta: 10_000, tie_word_embeddings: false },
    biases: "asked",
  },
  mistral: {
    ...PLAIN,
    modelTypes: ["mistral"],
    classes: ["MistralForCausalLM"],
    defaults: {
      hidden_act: "silu",
      rms_norm_eps: 1e-6,
      rope_theta: 10_000,
      tie_word_embeddings: false,
      max_position_embeddings: 131_072,
    },
    slides: "all",
  },
  qwen2: {
    ...PLAIN,
    modelTypes: ["qwen2"],
    classes: ["Qwen2ForCausalLM"],
    defaults: {
      hidden_act: "silu",
      rms_norm_eps: 1e-6,
      rope_theta: 10_000,
      tie_word_embeddings: false,
      use_sliding_window: false,
      max_window_layers: 28,
    },
    biases: "qkv",
    slides: "above",
  },
  qwen3: {
    ...PLAIN,
    modelTypes: ["qwen3"],
    classes: ["Qwen3ForCausalLM"],
    defaults: {
      hidden_act: "silu",
      rms_norm_eps: 1e-6,
      rope_theta: 10_000,
      tie_word_embeddings: false,
      use_sliding_window: false,
      max_window_layers: 28,
    },
    biases: "asked",
    queryKeyNorm: true,
    slides: "above",
  },
  gemma: {
    ...GEMMA,
    modelTypes: ["gemma"],
    classes: ["GemmaForCausalLM"],
    defaults: { rms_norm_eps: 1e-6, rope_theta: 10_000, tie_word_embeddings: true, head_dim: 256 },
  },
  gemma2: {
    ...GEMMA,
    modelTypes: ["gemma2"],
    classes: ["Gemma2ForCausalLM"],
    defaults: {
      rms_norm_eps: 1e-6,
      rope_theta: 10_000,
      tie_word_embeddings: true,
      head_dim: 256,
      query_pre_attn_scalar: 256,
      sliding_window: 4096,
      attn_logit_softcapping: 50,
      final_logit_softcapping: 30,
    },
    postNorms: true,
    slides: "alternate",
  },
  gemma3: {
    ...GEMMA,
    modelTypes: ["gemma3", "gemma3_text"],
    classes: ["Gemma3ForCausalLM", "Gemma3ForConditionalGeneration"],
    defaults: {
      num_attention_heads: 8,
      num_key_value_heads: 4,
      head_dim: 256,
      vocab_size: 262_208,
      max_position_embeddings: 131_072,
      rms_norm_eps: 1e-6,
      rope_theta: 1_000_000,
      rope_local_base_freq: 10_000,
      tie_word_embeddings: true,
      query_pre_attn_scalar: 256,
      sliding_window: 4096,
      sliding_window_pattern: 6,
    },
    queryKeyNorm: true,
    postNorms: true,
    slides: "pattern",
  },
  phi3: {
    ...PLAIN,
    modelTypes: ["phi3"],
    classes: ["Phi3ForCausalLM"],
    defaults: { hidden_act: "silu", rms_norm_eps: 1e-5, rope_theta: 10_000, tie_word_embeddings: false },
    slides: "all",
  },
};

/** The names of all architectures. */
export const ARCHITECTURE_NAMES = Object.keys(ARCHITECTURES) as readonly ArchitectureName[];
