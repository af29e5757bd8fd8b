/** What both kinds of answers have in common: an end, usage, and how a stream of pieces becomes one answer or chunks. */
import type { ChosenLogprob, GenerationEnd, Piece } from "./generator.ts";

/** Tokens of a request and of its answer; `extra` as web-llm has it. */
export interface Usage {
  /** Tokens of the prompt. */
  readonly prompt_tokens: number;
  /** Tokens of the answer. */
  readonly completion_tokens: number;
  /** Both. */
  readonly total_tokens: number;
  /** How fast it was. */
  readonly extra: {
    /** Tokens of the prompt a second. */
    readonly prefill_tokens_per_s: number;
    /** Tokens of the answer a second, after the prompt's chunks. */
    readonly decode_tokens_per_s: number;
    /** Seconds from the request to the first token. */
    readonly time_to_first_token_s: number;
  };
}

/** The tokens of an answer and their speed. */
export function usageOf(end: GenerationEnd): Usage {
  const rate = (tokens: number, seconds: number) => seconds > 0 ? tokens / seconds : 0;
  return {
    prompt_tokens: end.promptTokens,
    completion_tokens: end.tokens,
    total_tokens: end.promptTokens + end.tokens,
    extra: {
      prefill_tokens_per_s: rate(end.promptTokens, end.prefillSeconds),
      decode_tokens_per_s: rate(end.tokens, end.decodeSeconds),
      time_to_first_token_s: end.firstSeconds,
    },
  };
}

/** All pieces of an answer. */
export interface Whole {
  /** Its text. */
  readonly text: string;
  /** Of each token, where they were asked for. */
  readonly logprobs: readonly ChosenLogprob[];
  /** How it ended. */
  readonly end: GenerationEnd;
}

/** Waits for all pieces. */
export async function wholeOf(pieces: AsyncIterable<Piece>): Promise<Whole> {
  const texts: string[] = [], logprobs: ChosenLogprob[] = [];
  for await (const piece of pieces) {
    if (piece.kind === "end") return { text: texts.join(""), logprobs, end: piece.end };
    texts.push(piece.text);
    logprobs.push(...piece.logprobs ?? []);
  }
  throw new Error("the pieces had no end");
}

/**
 * Takes the first piece, so that a request which can't be run fails before its answer begins; then gives all pieces, the
 * first included.
 */
export async function begun(pieces: AsyncIterable<Piece>): Promise<AsyncIterable<Piece>> {
  const iterator = pieces[Symbol.asyncIterator]();
  const first = await iterator.next();
  return (async function* () {
    try {
      for (let next = first; !next.done; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  })();
}

/** What identifies an answer: a new id, and the time in seconds. */
export function stampOf(prefix: string): { readonly id: string; readonly created: number } {
  return {
    id: `${prefix}-${crypto.randomUUID().replaceAll("-", "")}`,
    created: Math.floor(Date.now() / 1000),
  };
}
