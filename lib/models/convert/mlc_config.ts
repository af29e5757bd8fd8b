/** mlc-chat-config.json of a model: what `readConfig` and `readGeneration` read back. */
import { defined } from "../../base/defined.ts";
import type { GenerationDefaults } from "../config/generation.ts";
import { ARCHITECTURES } from "../config/architecture.ts";
import type { ArchitectureName, ModelConfig } from "../config/model_config.ts";
import type { RopeScaling } from "../config/rope.ts";
import type { Quantization } from "../parameters/quantization.ts";

type Json = Readonly<Record<string, unknown>>;

/** Conversations by MLC's names. A folder's own template comes first. */
const CONVERSATIONS: Readonly<Record<ArchitectureName, string>> = {
  llama: "llama-3",
  mistral: "mistral_default",
  qwen2: "chatml",
  qwen3: "chatml",
  gemma: "gemma_instruction",
  gemma2: "gemma_instruction",
  gemma3: "gemma3_instruction",
  phi3: "phi-3",
};

/** What is written besides the model's shape. */
export interface MlcConfigOptions {
  /** How matrices are stored. */
  readonly quantization: Quantization;
  /** How the model should be sampled. */
  readonly generation: GenerationDefaults;
  /** The names of the files of the tokenizer. */
  readonly tokenizerFiles: readonly string[];
  /** Whether the model has a template of conversations: only then one is named. */
  readonly chats: boolean;
}

/** Writes the configuration of a model as MLC does. */
export function mlcConfig(config: ModelConfig, options: MlcConfigOptions): Json {
  const { architecture, context, vocabularySize, bosToken, eosTokens } = config;
  const { quantization, generation, tokenizerFiles, chats } = options;
  const bos = generation.bosToken ?? bosToken, eos = generation.eosTokens ?? eosTokens;
  // A Llama of the second generation has 32,000 tokens.
  const conversation = architecture === "llama" && vocabularySize < 100_000
    ? "llama-2"
    : CONVERSATIONS[architecture];
  return {
    version: "0.1.0",
    model_type: ARCHITECTURES[architecture].modelTypes[0],
    quantization,
    model_config: shapeOf(config),
    vocab_size: vocabularySize,
    context_window_size: context,
    sliding_window_size: -1,
    prefill_chunk_size: Math.min(context, 2048),
    attention_sink_size: -1,
    tensor_parallel_shards: 1,
    ...defined({
      temperature: generation.temperature,
      top_p: generation.topP,
      top_k: generation.topK,
      min_p: generation.minP,
      presence_penalty: generation.presencePenalty,
      frequency_penalty: generation.frequencyPenalty,
      repetition_penalty: generation.repetitionPenalty,
      bos_token_id: bos,
      eos_token_id: eos.length === 0 ? undefined : eos,
    }),
    pad_token_id: 0,
    tokenizer_files: tokenizerFiles,
    ...(chats ? { conv_template: conversation } : {}),
  };
}

function shapeOf(config: ModelConfig): Json {
  const { rope, slidingRope, headDim, slidingWindow, slidingLayers, activation, queryScale, context } =
    config;
  const act = activation === "gelu_tanh" ? "gelu_pytorch_tanh" : activation;
  const scalar = queryScale ** -2, rounded = Math.round(scalar);
  const slides = slidingWindow !== undefined;
  return {
    hidden_size: config.hiddenSize,
    intermediate_size: config.intermediateSize,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    num_key_value_heads: config.kvHeads,
    head_dim: headDim,
    vocab_size: config.vocabularySize,
    rms_norm_eps: config.normEps,
    hidden_act: act,
    hidden_activation: act,
    tie_word_embeddings: config.tiedEmbeddings,
    attention_bias: config.outputBias,
    position_embedding_base: rope.theta,
    rope_scaling: scalingOf(rope.scaling),
    partial_rotary_factor: rope.dim / headDim,
    ...(slidingRope ? { rope_local_base_freq: slidingRope.theta } : {}),
    context_window_size: context,
    prefill_chunk_size: Math.min(context, 2048),
    sliding_window: slidingWindow ?? null,
    use_sliding_window: slides,
    ...(slides ? { layer_types: slidingLayers.map((s) => s ? "sliding_attention" : "full_attention") } : {}),
    query_pre_attn_scalar: Math.abs(scalar - rounded) < 1e-6 ? rounded : scalar,
    attn_logit_softcapping: config.attentionSoftCap ?? null,
    final_logit_softcapping: config.finalSoftCap ?? null,
  };
}

function scalingOf(scaling: RopeScaling): Json | null {
  switch (scaling.kind) {
    case "none":
      return null;
    case "linear":
      return { rope_type: "linear", factor: scaling.factor };
    case "llama3":
      return {
        rope_type: "llama3",
        factor: scaling.factor,
        low_freq_factor: scaling.lowFrequencyFactor,
        high_freq_factor: scaling.highFrequencyFactor,
        original_max_position_embeddings: scaling.originalContext,
      };
    case "yarn":
      return {
        rope_type: "yarn",
        factor: scaling.factor,
        beta_fast: scaling.betaFast,
        beta_slow: scaling.betaSlow,
        original_max_position_embeddings: scaling.originalContext,
        attention_factor: scaling.magnitude,
      };
    case "longrope":
      return {
        type: "longrope",
        rope_type: "longrope",
        short_factor: scaling.short,
        long_factor: scaling.long,
        original_max_position_embeddings: scaling.originalContext,
        attention_factor: scaling.magnitude,
      };
    default:
      return scaling satisfies never;
  }
}
