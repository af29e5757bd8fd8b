/** Conversations, in the names of OpenAI's API and of web-llm. */
import { checkOptions } from "../../base/check_options.ts";
import { defined } from "../../base/defined.ts";
import { begun, stampOf, type Usage, usageOf, wholeOf } from "./answer.ts";
import type { ChosenLogprob, Generator, TokenLogprob } from "./generator.ts";
import { CHAT_FIELDS, type ChatRequest, samplingOf } from "./request_fields.ts";

/** The logarithms of probability of a part of an answer. */
export interface ChatLogprobs {
  /** Of each token. */
  readonly content: readonly (TokenLogprob & { readonly top_logprobs: readonly TokenLogprob[] })[];
}

/** The answer to a conversation. */
export interface ChatCompletion {
  /** Unique. */
  readonly id: string;
  /** What it is. */
  readonly object: "chat.completion";
  /** Seconds since 1970. */
  readonly created: number;
  /** The model's name. */
  readonly model: string;
  /** One. */
  readonly choices: readonly [{
    /** Its place. */
    readonly index: 0;
    /** What the model says. */
    readonly message: { readonly role: "assistant"; readonly content: string };
    /** Where they were asked for. */
    readonly logprobs: ChatLogprobs | null;
    /** Why it ended. */
    readonly finish_reason: "stop" | "length";
  }];
  /** Its tokens. */
  readonly usage: Usage;
}

/** A part of an answer. */
export interface ChatCompletionChunk {
  /** The same for all parts of an answer. */
  readonly id: string;
  /** What it is. */
  readonly object: "chat.completion.chunk";
  /** Seconds since 1970. */
  readonly created: number;
  /** The model's name. */
  readonly model: string;
  /** One; none in the chunk with the usage. */
  readonly choices: readonly {
    /** Its place. */
    readonly index: 0;
    /** What is added. */
    readonly delta: { readonly role?: "assistant"; readonly content?: string };
    /** Where they were asked for. */
    readonly logprobs: ChatLogprobs | null;
    /** Why it ended, in the last one. */
    readonly finish_reason: "stop" | "length" | null;
  }[];
  /** In the last chunk, where the request asked for it. */
  readonly usage?: Usage;
}

/** `chat.completions` of a model. */
export class ChatCompletions {
  readonly #model: Generator;

  /** Answers with a model. */
  constructor(model: Generator) {
    this.#model = model;
  }

  /** Answers a conversation in parts, as they come. */
  create(
    request: ChatRequest & { readonly stream: true },
    options?: { readonly signal?: AbortSignal },
  ): Promise<AsyncIterable<ChatCompletionChunk>>;
  /** Answers a conversation. */
  create(
    request: ChatRequest & { readonly stream?: false },
    options?: { readonly signal?: AbortSignal },
  ): Promise<ChatCompletion>;
  /** Answers a conversation; in parts where `stream` is true. */
  create(
    request: ChatRequest,
    options?: { readonly signal?: AbortSignal },
  ): Promise<ChatCompletion | AsyncIterable<ChatCompletionChunk>>;
  /**
   * Answers a conversation.
   *
   * @throws {OptionError} for a field that doesn't exist or can't have its value
   * @throws {ContextError} for a conversation that the context can't hold
   */
  async create(
    request: ChatRequest,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<ChatCompletion | AsyncIterable<ChatCompletionChunk>> {
    checkOptions("chat.completions.create", request, CHAT_FIELDS);
    const model = this.#model,
      { messages, max_completion_tokens, logprobs = false, top_logprobs = 0 } = request;
    const pieces = model.pieces(model.promptOf(messages), {
      ...samplingOf(request),
      ...defined({ maxTokens: max_completion_tokens ?? request.max_tokens, signal }),
      ...(logprobs ? { logprobs: top_logprobs } : {}),
    });
    const stamp = { ...stampOf("chatcmpl"), model: model.id };
    if (request.stream) return chunksOf(await begun(pieces), request, stamp);
    const { text, logprobs: told, end } = await wholeOf(pieces);
    return {
      object: "chat.completion",
      ...stamp,
      choices: [{
        index: 0,
        message: { role: "assistant", content: text },
        logprobs: logprobs ? shown(told) : null,
        finish_reason: end.reason,
      }],
      usage: usageOf(end),
    };
  }
}

type Pieces = ReturnType<Generator["pieces"]>;
type Stamp = Pick<ChatCompletionChunk, "id" | "created" | "model">;

async function* chunksOf(
  pieces: Pieces,
  request: ChatRequest,
  stamp: Stamp,
): AsyncIterable<ChatCompletionChunk> {
  const chunk = (rest: Pick<ChatCompletionChunk, "choices" | "usage">): ChatCompletionChunk => ({
    object: "chat.completion.chunk",
    ...stamp,
    ...rest,
  });
  const choice = { index: 0, logprobs: null, finish_reason: null } as const;
  yield chunk({ choices: [{ ...choice, delta: { role: "assistant", content: "" } }] });
  for await (const piece of pieces) {
    if (piece.kind === "text") {
      const logprobs = request.logprobs ? shown(piece.logprobs ?? []) : null;
      yield chunk({ choices: [{ ...choice, delta: { content: piece.text }, logprobs }] });
      continue;
    }
    yield chunk({ choices: [{ ...choice, delta: {}, finish_reason: piece.end.reason }] });
    if (request.stream_options?.include_usage) yield chunk({ choices: [], usage: usageOf(piece.end) });
  }
}

function shown(logprobs: readonly ChosenLogprob[]): ChatLogprobs {
  return { content: logprobs.map(({ top, ...chosen }) => ({ ...chosen, top_logprobs: top })) };
}
