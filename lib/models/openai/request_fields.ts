/** The fields of requests in OpenAI's names. */
import type { Fields, Kind } from "../../base/check_options.ts";
import { defined } from "../../base/defined.ts";
import {
  anyOf,
  arrayOf,
  flag,
  integer,
  nested,
  number,
  oneOf,
  recordOf,
  required,
  text,
} from "../../base/option_kinds.ts";
import { type ResponseFormat, responseFormat } from "./response_format.ts";
import type { GenerateOptions, Message } from "./generator.ts";

/** What requests for conversations and for plain text have in common. */
export interface SamplingRequest {
  /** Sends chunks as they come. Default: false. */
  readonly stream?: boolean;
  /** `include_usage` adds a chunk with the number of tokens. */
  readonly stream_options?: { readonly include_usage?: boolean };
  /** The most tokens. */
  readonly max_tokens?: number;
  /** Divides the logits; 0 takes the likeliest token. */
  readonly temperature?: number;
  /** Samples among the likeliest tokens of this probability. */
  readonly top_p?: number;
  /** Samples among this many tokens; not a name of OpenAI's, but a common one. */
  readonly top_k?: number;
  /** Leaves out tokens below this share of the likeliest one's probability; likewise. */
  readonly min_p?: number;
  /** Lowers the logits of tokens that were generated before. */
  readonly presence_penalty?: number;
  /** Lowers them for each time. */
  readonly frequency_penalty?: number;
  /** Divides them; as web-llm has it. */
  readonly repetition_penalty?: number;
  /** Is added to logits, by token id. */
  readonly logit_bias?: Readonly<Record<string, number>>;
  /** Gives the same tokens each time. */
  readonly seed?: number;
  /** Texts before which the answer ends: one, or up to four. */
  readonly stop?: string | readonly string[];
  /** What the answer must be: `json_object`, `json_schema`, or `regex` with a pattern, which is not a type of OpenAI's. */
  readonly response_format?: ResponseFormat;
  /** The number of answers. Only 1. */
  readonly n?: 1;
  /** A client's name for its user. It changes nothing. */
  readonly user?: string;
}

/** The request of `chat.completions.create`. */
export interface ChatRequest extends SamplingRequest {
  /** The conversation so far. */
  readonly messages: readonly Message[];
  /** The most tokens; the later name of `max_tokens`. */
  readonly max_completion_tokens?: number;
  /** Tells the logarithm of each token's probability. Default: false. */
  readonly logprobs?: boolean;
  /** The number of likeliest tokens to tell beside each. Default: 0. */
  readonly top_logprobs?: number;
}

/** The request of `completions.create`. */
export interface CompletionRequest extends SamplingRequest {
  /** The text that is continued, or its token ids. */
  readonly prompt: string | readonly number[];
  /** The number of likeliest tokens to list at each place. Default: no logarithms at all. */
  readonly logprobs?: number;
}

const SAMPLING = {
  stream: flag,
  stream_options: nested({ include_usage: flag }),
  max_tokens: integer({ min: 1 }),
  temperature: number({ min: 0, max: 2 }),
  top_p: number({ above: 0, max: 1 }),
  top_k: integer({ min: 0 }),
  min_p: number({ min: 0, below: 1 }),
  presence_penalty: number({ min: -2, max: 2 }),
  frequency_penalty: number({ min: -2, max: 2 }),
  repetition_penalty: number({ above: 0 }),
  logit_bias: recordOf(number({ min: -100, max: 100 })),
  seed: integer(),
  stop: anyOf(text, arrayOf(text, { min: 1, max: 4 })),
  response_format: responseFormat,
  n: oneOf(1),
  user: text,
} satisfies Fields<SamplingRequest>;

const message: Kind<Message> = nested({
  role: required(oneOf("system", "user", "assistant")),
  content: required(text),
});

/** The kinds of {@linkcode ChatRequest}. */
export const CHAT_FIELDS = {
  ...SAMPLING,
  messages: required(arrayOf(message, { min: 1 })),
  max_completion_tokens: integer({ min: 1 }),
  logprobs: flag,
  top_logprobs: integer({ min: 0, max: 20 }),
} satisfies Fields<ChatRequest>;

/** The kinds of {@linkcode CompletionRequest}. */
export const COMPLETION_FIELDS = {
  ...SAMPLING,
  prompt: required(anyOf(text, arrayOf(integer({ min: 0 }), { min: 1 }))),
  logprobs: integer({ min: 0, max: 5 }),
} satisfies Fields<CompletionRequest>;

/** The request's part that says how to sample, in our names. */
export function samplingOf(r: SamplingRequest): GenerateOptions {
  return defined<GenerateOptions>({
    maxTokens: r.max_tokens,
    temperature: r.temperature,
    topP: r.top_p,
    topK: r.top_k,
    minP: r.min_p,
    presencePenalty: r.presence_penalty,
    frequencyPenalty: r.frequency_penalty,
    repetitionPenalty: r.repetition_penalty,
    logitBias: r.logit_bias,
    seed: r.seed,
    responseFormat: r.response_format,
    stop: typeof r.stop === "string" ? [r.stop] : r.stop,
  });
}
