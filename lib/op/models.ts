/** The shapes of models, from which their kernels are made. */
import type { Activation } from "./activation.ts";

/** The shape of a language model. */
export interface LanguageModel {
  /** Elements of a token's hidden state. */
  readonly hidden: number;
  /** Elements of the state inside of an MLP. */
  readonly intermediate: number;
  /** The number of layers. */
  readonly layers: number;
  /** Heads of queries. */
  readonly heads: number;
  /** Heads of keys and of values. */
  readonly kvHeads: number;
  /** Elements of a head. */
  readonly headDim: number;
  /** The number of tokens that there are. */
  readonly vocabulary: number;
  /** Queries, keys and values have a bias. */
  readonly qkvBias: boolean;
  /** The function of the MLP's gate. */
  readonly activation: Extract<Activation, "silu" | "gelu_tanh">;
  /** The base of the rotary angles. */
  readonly theta: number;
}

/** Language models, as their published configurations describe them. */
// deno-fmt-ignore
export const LANGUAGE_MODELS = {
  "Llama-3.2-1B": { hidden: 2048, intermediate: 8192, layers: 16, heads: 32, kvHeads: 8, headDim: 64, vocabulary: 128256, qkvBias: false, activation: "silu", theta: 500000 },
  "Llama-3-8B": { hidden: 4096, intermediate: 14336, layers: 32, heads: 32, kvHeads: 8, headDim: 128, vocabulary: 128256, qkvBias: false, activation: "silu", theta: 500000 },
  "TinyLlama-1.1B": { hidden: 2048, intermediate: 5632, layers: 22, heads: 32, kvHeads: 4, headDim: 64, vocabulary: 32000, qkvBias: false, activation: "silu", theta: 10000 },
  "Qwen2.5-0.5B": { hidden: 896, intermediate: 4864, layers: 24, heads: 14, kvHeads: 2, headDim: 64, vocabulary: 151936, qkvBias: true, activation: "silu", theta: 1000000 },
  "Qwen2.5-1.5B": { hidden: 1536, intermediate: 8960, layers: 28, heads: 12, kvHeads: 2, headDim: 128, vocabulary: 151936, qkvBias: true, activation: "silu", theta: 1000000 },
  "Gemma-2B": { hidden: 2048, intermediate: 16384, layers: 18, heads: 8, kvHeads: 1, headDim: 256, vocabulary: 256000, qkvBias: false, activation: "gelu_tanh", theta: 10000 },
  "Gemma-2-2B": { hidden: 2304, intermediate: 9216, layers: 26, heads: 8, kvHeads: 4, headDim: 256, vocabulary: 256000, qkvBias: false, activation: "gelu_tanh", theta: 10000 },
  "Gemma-3-1B": { hidden: 1152, intermediate: 6912, layers: 26, heads: 4, kvHeads: 1, headDim: 256, vocabulary: 262144, qkvBias: false, activation: "gelu_tanh", theta: 1000000 },
} as const satisfies Readonly<Record<string, LanguageModel>>;

/** The name of a language model. */
export type LanguageModelName = keyof typeof LANGUAGE_MODELS;

/** Output channels, number of blocks and stride of each stage of ResNet-18 (He et al., 2016, table 1). */
export const RESNET18 = [[64, 2, 1], [128, 2, 2], [256, 2, 2], [512, 2, 2]] as const;

/** Expansion, output channels, number of blocks and stride of each stage of MobileNetV2 (Sandler et al., 2018, table 2). */
export const MOBILENET_V2 = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;
