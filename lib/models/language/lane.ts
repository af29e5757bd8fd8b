/** A text that is being generated: its tokens so far, and its pieces for the reader. */
import type { ChosenLogprob, GenerateOptions, GenerationEnd, Piece } from "../openai/generator.ts";
import type { TextStream } from "../tokenizer/text_stream.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import type { Constraint } from "./constraint/constraint.ts";
import type { Sequence } from "./cache/page_table.ts";
import { logProbabilityOf } from "./log_probabilities.ts";
import type { Settings } from "./sampling/settings.ts";
import { StopTexts } from "./stop_texts.ts";

/** What a lane begins with. */
export interface LaneOptions {
  readonly prompt: readonly number[];
  readonly settings: Settings;
  readonly options: GenerateOptions;
  readonly tokenizer: Tokenizer;
  /** Tokens that end a text. */
  readonly ends: ReadonlySet<number>;
  /** What the text must be. */
  readonly constraint?: Constraint | undefined;
}

/** A text that is being generated. Its reader may be slower than the device: pieces wait for it. */
export class Lane {
  /** Its tokens. The cache holds all but the last. */
  readonly ids: number[];
  /** Its place in the cache, once it has one. */
  sequence: Sequence | undefined;
  #prefillMs = 0;
  #decodesFrom = 0;
  readonly #begun = performance.now();
  #firstAt: number | undefined;
  #lastAt = 0;
  #ended = false;
  readonly #text: TextStream;
  readonly #stops: StopTexts;
  readonly #pieces: Piece[] = [];
  #logprobs: ChosenLogprob[] = [];
  #failure: { readonly reason: unknown } | undefined;
  #wake = () => {};

  constructor(readonly given: LaneOptions) {
    this.ids = [...given.prompt];
    this.#text = given.tokenizer.stream();
    // The first token of an answer keeps its space: the prompt is before it.
    given.prompt.forEach((id) => this.#text.push(id));
    this.#stops = new StopTexts(given.options.stop ?? []);
  }

  get promptTokens(): number {
    return this.given.prompt.length;
  }

  get settings(): Settings {
    return this.given.settings;
  }

  get constraint(): Constraint | undefined {
    return this.given.constraint;
  }

  /** Whether nothing more comes. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Whether the logits of each token are asked for. */
  get wantsLogits(): boolean {
    return this.given.options.logprobs !== undefined;
  }

  /** Tokens that may still come. */
  get left(): number {
    return (this.given.options.maxTokens ?? Infinity) - (this.ids.length - this.promptTokens);
  }

  /** Notes that its prompt's chunks are computed, and the milliseconds that they took. */
  prefilled(ms: number): void {
    this.#prefillMs = ms;
    this.#decodesFrom = performance.now();
  }

  /** Takes a token, and says whether the text goes on. */
  accept(id: number, logits?: Float32Array): boolean {
    this.#firstAt ??= performance.now();
    this.#lastAt = performance.now();
    this.ids.push(id);
    const { options, tokenizer, ends } = this.given;
    if (ends.has(id)) return this.#finish("stop");
    if (logits) this.#logprobs.push(logProbabilityOf(id, logits, options.logprobs ?? 0, tokenizer));
    const { text, found } = this.#stops.push(this.#text.push(id));
    this.#emit(text);
    if (found) return this.#finish("stop", true);
    if (this.constraint && (!this.constraint.accept(id) || this.constraint.ended)) {
      return this.#finish("stop");
    }
    return this.left > 0 || this.#finish("length");
  }

  /** Ends the text where the context or the cache is full. */
  full(): void {
    this.#finish("length");
  }

  /** Ends the text with an error, or with the reason of a signal. */
  fail(reason: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#failure = { reason };
    this.#wake();
  }

  /** The pieces as they come. */
  async *pieces(): AsyncGenerator<Piece> {
    for (;;) {
      const next = this.#pieces.shift();
      if (next) yield next;
      else if (this.#failure) throw this.#failure.reason;
      else if (this.#ended) return;
      else await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  #emit(text: string): void {
    if (text === "" && this.#logprobs.length === 0) return;
    this.#pieces.push({ kind: "text", text, ...(this.wantsLogits && { logprobs: this.#logprobs }) });
    this.#logprobs = [];
    this.#wake();
  }

  #finish(reason: GenerationEnd["reason"], cut = false): false {
    if (!cut) this.#emit(this.#stops.push(this.#text.end()).text + this.#stops.end());
    const first = this.#firstAt ?? performance.now();
    const end: GenerationEnd = {
      reason,
      promptTokens: this.promptTokens,
      tokens: this.ids.length - this.promptTokens,
      firstSeconds: (first - this.#begun) / 1000,
      prefillSeconds: this.#prefillMs / 1000,
      decodeSeconds: Math.max(0, this.#lastAt - this.#decodesFrom) / 1000,
    };
    this.#pieces.push({ kind: "end", end });
    this.#ended = true;
    this.#wake();
    return false;
  }
}
