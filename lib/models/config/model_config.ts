/** What a language model is, in one record for all architectures. */
import type { Rope } from "./rope.ts";

/** The architectures that language models can have. */
export type ArchitectureName =
  | "llama"
  | "mistral"
  | "qwen2"
  | "qwen3"
  | "gemma"
  | "gemma2"
  | "gemma3"
  | "phi3";

/** The function between the two products of a layer's feed-forward part; `gelu_tanh` is GELU by tanh. */
export type Activation = "silu" | "gelu" | "gelu_tanh";

/**
 * The shape of a language model: a decoder of `layers` layers, each attention and a gated feed-forward part. Names of
 * fields in files differ; {@linkcode readConfig} reads them into this.
 */
export interface ModelConfig {
  /** The architecture, which decides the names of the tensors in files. */
  readonly architecture: ArchitectureName;
  /** Elements of the vector that stands for a token between layers. */
  readonly hiddenSize: number;
  /** The number of layers. */
  readonly layers: number;
  /** The number of heads of queries. */
  readonly heads: number;
  /** The number of heads of keys and values: a divisor of `heads`. */
  readonly kvHeads: number;
  /** Elements of a head's vector. */
  readonly headDim: number;
  /** Elements between the two products of the feed-forward part. */
  readonly intermediateSize: number;
  /** The number of tokens in the vocabulary: rows of the embedding. */
  readonly vocabularySize: number;
  /** What RMS norms add to the mean square. */
  readonly normEps: number;
  /** What norms add to their weights as Hugging Face stores them. Loaded parameters have it added. */
  readonly normOffset: 0 | 1;
  /** How positions rotate queries and keys. */
  readonly rope: Rope;
  /** The same for layers with a sliding window, where they differ (Gemma 3). */
  readonly slidingRope?: Rope;
  /** The head's weights are those of the embedding. */
  readonly tiedEmbeddings: boolean;
  /**
   * Keys that a query of a sliding layer sees: its own and those of the `slidingWindow - 1` positions before. Left out
   * where no layer slides.
   */
  readonly slidingWindow?: number;
  /** For each layer whether it slides. */
  readonly slidingLayers: readonly boolean[];
  /** Products of queries, keys and values add a bias. */
  readonly attentionBias: boolean;
  /** The product after attention adds a bias. */
  readonly outputBias: boolean;
  /** RMS norms over each head of queries and keys, before they are rotated. */
  readonly queryKeyNorm: boolean;
  /** RMS norms after attention and after the feed-forward part too, before their residuals (Gemma 2 and 3). */
  readonly postNorms: boolean;
  /** Scores of attention become `cap·tanh(score / cap)` before the softmax. */
  readonly attentionSoftCap?: number;
  /** Logits become `cap·tanh(logit / cap)`. */
  readonly finalSoftCap?: number;
  /** The activation of the feed-forward part. */
  readonly activation: Activation;
  /** What embeddings are multiplied by. */
  readonly embeddingScale: number;
  /** What scores of attention are multiplied by: 1/√headDim for most. */
  readonly queryScale: number;
  /** The most positions that the model was made for. */
  readonly context: number;
  /** The token that begins a text, if there is one. */
  readonly bosToken?: number;
  /** Tokens that end a text. */
  readonly eosTokens: readonly number[];
}
