/** What the API of OpenAI's names needs of a language model. */
import type { ResponseFormat } from "./response_format.ts";

/** One message of a conversation. */
export interface Message {
  /** The speaker. */
  readonly role: "system" | "user" | "assistant";
  /** What is said. */
  readonly content: string;
}

/** How text is generated. Defaults are those of the model's folder. */
export interface GenerateOptions {
  /** The most tokens. Default: until the model ends, or the context is full. */
  readonly maxTokens?: number;
  /** Divides the logits; 0 takes the likeliest token each time. */
  readonly temperature?: number;
  /** Samples among the likeliest tokens that have this much probability together, in (0, 1]. */
  readonly topP?: number;
  /** Samples among this many of the likeliest tokens; 0: among all. */
  readonly topK?: number;
  /** Leaves out tokens that have less than this share of the likeliest one's probability, in [0, 1). */
  readonly minP?: number;
  /** Is subtracted from the logit of each token that was generated before. */
  readonly presencePenalty?: number;
  /** Is subtracted from a token's logit for each time that it was generated. */
  readonly frequencyPenalty?: number;
  /** Divides positive logits of tokens that occurred before, and multiplies negative ones. 1: none. */
  readonly repetitionPenalty?: number;
  /** Is added to logits, by token id. */
  readonly logitBias?: Readonly<Record<number, number>>;
  /** Gives the same tokens each time on one device. Default: a random one. */
  readonly seed?: number;
  /** Texts before which the answer ends. */
  readonly stop?: readonly string[];
  /** The number of likeliest tokens that come with each token, and with their logarithms of probability. Default: none. */
  readonly logprobs?: number;
  /**
   * What the text must be: JSON, JSON of a schema, or what a regular expression matches. Only tokens that lead there are
   * chosen. `maxTokens` may cut the text. Default: any text.
   */
  readonly responseFormat?: ResponseFormat;
  /** Ends it. */
  readonly signal?: AbortSignal;
}

/** A token with the logarithm of its probability. */
export interface TokenLogprob {
  /** Its text. */
  readonly token: string;
  /** Its bytes: a token may hold a part of a character. */
  readonly bytes: readonly number[];
  /** The natural logarithm of its probability, before temperature and limits. */
  readonly logprob: number;
}

/** The logarithm of a chosen token's probability, beside the likeliest ones. */
export interface ChosenLogprob extends TokenLogprob {
  /** The likeliest tokens at its place, in order. */
  readonly top: readonly TokenLogprob[];
}

/** A part of what is generated. */
export type Piece =
  /** Text in whole characters. */
  | { readonly kind: "text"; readonly text: string; readonly logprobs?: readonly ChosenLogprob[] }
  /** The last piece. */
  | { readonly kind: "end"; readonly end: GenerationEnd };

/** How a text ended, and what it took. */
export interface GenerationEnd {
  /** `stop`: the model's own end, or a stop text. `length`: the most tokens, or the context. */
  readonly reason: "stop" | "length";
  /** Tokens of the prompt. */
  readonly promptTokens: number;
  /** Tokens that were generated. */
  readonly tokens: number;
  /** Seconds from the call to the first token. */
  readonly firstSeconds: number;
  /** Seconds of the prompt's chunks. */
  readonly prefillSeconds: number;
  /** Seconds from the end of the prompt's chunks to the last token. Several tokens come with each read-back. */
  readonly decodeSeconds: number;
}

/** A model that generates text. */
export interface Generator {
  /** Its name. */
  readonly id: string;
  /** Writes a conversation as the model's template has it, up to where the answer begins. */
  promptOf(messages: readonly Message[]): string;
  /**
   * Generates the continuation of a prompt: text, or token ids. The last piece is the end.
   *
   * @throws {ContextError} before the first piece, for a prompt that the context can't hold
   */
  pieces(prompt: string | readonly number[], options: GenerateOptions): AsyncIterable<Piece>;
}
