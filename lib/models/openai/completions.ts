/** Plain text that is continued, in the names of OpenAI's API. */
import { checkOptions } from "../../base/check_options.ts";
import { defined } from "../../base/defined.ts";
import { begun, stampOf, type Usage, usageOf, wholeOf } from "./answer.ts";
import type { ChosenLogprob, Generator } from "./generator.ts";
import { COMPLETION_FIELDS, type CompletionRequest, samplingOf } from "./request_fields.ts";

/** The logarithms of probability of a part of an answer. */
export interface CompletionLogprobs {
  /** The text of each token. */
  readonly tokens: readonly string[];
  /** Of each token. */
  readonly token_logprobs: readonly number[];
  /** Of the likeliest tokens at each place, by their text. */
  readonly top_logprobs: readonly Readonly<Record<string, number>>[];
}

/** The continuation of a text, or a part of it. */
export interface Completion {
  /** Unique; the same for all parts. */
  readonly id: string;
  /** What it is. */
  readonly object: "text_completion";
  /** Seconds since 1970. */
  readonly created: number;
  /** The model's name. */
  readonly model: string;
  /** One; none in the part with the usage of a stream. */
  readonly choices: readonly {
    /** Its place. */
    readonly index: 0;
    /** The text after the prompt. */
    readonly text: string;
    /** Where they were asked for. */
    readonly logprobs: CompletionLogprobs | null;
    /** Why it ended; null in a part that isn't the last. */
    readonly finish_reason: "stop" | "length" | null;
  }[];
  /** Its tokens; of a stream in the last part, where the request asked for it. */
  readonly usage?: Usage;
}

/** `completions` of a model. */
export class Completions {
  readonly #model: Generator;

  /** Continues text with a model. */
  constructor(model: Generator) {
    this.#model = model;
  }

  /** Continues a text in parts, as they come. */
  create(
    request: CompletionRequest & { readonly stream: true },
    options?: { readonly signal?: AbortSignal },
  ): Promise<AsyncIterable<Completion>>;
  /** Continues a text. */
  create(
    request: CompletionRequest & { readonly stream?: false },
    options?: { readonly signal?: AbortSignal },
  ): Promise<Completion>;
  /** Continues a text; in parts where `stream` is true. */
  create(
    request: CompletionRequest,
    options?: { readonly signal?: AbortSignal },
  ): Promise<Completion | AsyncIterable<Completion>>;
  /**
   * Continues a text.
   *
   * @throws {OptionError} for a field that doesn't exist or can't have its value
   * @throws {ContextError} for a prompt that the context can't hold
   */
  async create(
    request: CompletionRequest,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<Completion | AsyncIterable<Completion>> {
    checkOptions("completions.create", request, COMPLETION_FIELDS);
    const model = this.#model, { logprobs } = request;
    const pieces = model.pieces(request.prompt, { ...samplingOf(request), ...defined({ logprobs, signal }) });
    const stamp = { object: "text_completion", ...stampOf("cmpl"), model: model.id } as const;
    if (request.stream) return partsOf(await begun(pieces), request, stamp);
    const { text, logprobs: told, end } = await wholeOf(pieces);
    const shownLogprobs = logprobs === undefined ? null : shown(told);
    return {
      ...stamp,
      choices: [{ index: 0, text, logprobs: shownLogprobs, finish_reason: end.reason }],
      usage: usageOf(end),
    };
  }
}

type Stamp = Pick<Completion, "id" | "object" | "created" | "model">;

async function* partsOf(
  pieces: ReturnType<Generator["pieces"]>,
  { logprobs, stream_options }: CompletionRequest,
  stamp: Stamp,
): AsyncIterable<Completion> {
  for await (const piece of pieces) {
    if (piece.kind === "text") {
      const told = logprobs === undefined ? null : shown(piece.logprobs ?? []);
      yield { ...stamp, choices: [{ index: 0, text: piece.text, logprobs: told, finish_reason: null }] };
      continue;
    }
    yield { ...stamp, choices: [{ index: 0, text: "", logprobs: null, finish_reason: piece.end.reason }] };
    if (stream_options?.include_usage) yield { ...stamp, choices: [], usage: usageOf(piece.end) };
  }
}

function shown(logprobs: readonly ChosenLogprob[]): CompletionLogprobs {
  return {
    tokens: logprobs.map((l) => l.token),
    token_logprobs: logprobs.map((l) => l.logprob),
    top_logprobs: logprobs.map((l) => Object.fromEntries(l.top.map((t) => [t.token, t.logprob]))),
  };
}
