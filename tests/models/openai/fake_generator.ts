/** A generator without a model: it counts upward, a token for each number. */
import { TunebookError } from "../../../lib/base/error.ts";
import type { GenerateOptions, Generator, Message, Piece } from "../../../lib/models/openai/generator.ts";

/** What a test sees of its calls. */
export interface Seen {
  readonly prompts: (string | readonly number[])[];
  readonly options: GenerateOptions[];
  /** Calls whose iteration has begun and not ended. */
  open: number;
  /** Pieces that were taken. */
  taken: number;
}

class ContextError extends TunebookError {
  override readonly name: string = "ContextError";
}

/** Counts from 1 to `maxTokens`, at most 5 by default. `beforeEach` is waited for before each token. */
export function fakeGenerator(
  beforeEach: (signal: AbortSignal | undefined) => Promise<void> = async () => {},
): Generator & { readonly seen: Seen } {
  const seen: Seen = { prompts: [], options: [], open: 0, taken: 0 };
  return {
    seen,
    id: "counter",
    promptOf: (messages: readonly Message[]) => messages.map((m) => `<${m.role}>${m.content}`).join(""),
    async *pieces(prompt, options): AsyncIterable<Piece> {
      seen.prompts.push(prompt);
      seen.options.push(options);
      if (prompt.length > 1000) throw new ContextError("expected at most 1000 tokens, got more");
      seen.open++;
      try {
        const tokens = options.maxTokens ?? 5;
        for (let k = 1; k <= tokens; k++) {
          await beforeEach(options.signal);
          options.signal?.throwIfAborted();
          seen.taken++;
          const logprob = { token: `${k} `, bytes: [...new TextEncoder().encode(`${k} `)], logprob: -k };
          yield {
            kind: "text",
            text: `${k} `,
            ...(options.logprobs === undefined
              ? {}
              : { logprobs: [{ ...logprob, top: Array.from({ length: options.logprobs }, () => logprob) }] }),
          };
        }
        const reason = options.maxTokens === undefined ? "stop" : "length";
        const seconds = { firstSeconds: 0.5, prefillSeconds: 0.25, decodeSeconds: 2 };
        yield { kind: "end", end: { reason, promptTokens: prompt.length, tokens, ...seconds } };
      } finally {
        seen.open--;
      }
    },
  };
}
