/** Language models on devices. */
import { byteCount, bytesOf } from "../../base/byte_count.ts";
import { checkArgument, checkOptions, type Fields, type Kind } from "../../base/check_options.ts";
import {
  aFunction,
  anyOf,
  arrayOf,
  count,
  instanceOf,
  integer,
  name,
  number,
  oneOf,
  passing,
  positive,
  recordOf,
  text,
} from "../../base/option_kinds.ts";
import { Device } from "../../runtime/device.ts";
import type { MemoryUse } from "../../runtime/ledger.ts";
import type { ModelConfig } from "../config/model_config.ts";
import { ContextError } from "../context_error.ts";
import { ModelError } from "../error.ts";
import { type ModelFiles, openModel } from "../open_model.ts";
import type { GenerateOptions, GenerationEnd, Generator, Message, Piece } from "../openai/generator.ts";
import { ChatCompletions } from "../openai/chat_completions.ts";
import { Completions } from "../openai/completions.ts";
import type { LoadProgress } from "../parameters/load_parameters.ts";
import { type Quantization, QUANTIZATION_NAMES, QUANTIZATIONS } from "../parameters/quantization.ts";
import { ChatTemplate } from "../tokenizer/chat_template.ts";
import { Tokenizer } from "../tokenizer/tokenizer.ts";
import { spanOf } from "./decoding.ts";
import { Engine } from "./engine.ts";
import { Lane } from "./lane.ts";
import { GREEDY } from "./sampling/choice.ts";
import { settingsOf } from "./sampling/settings.ts";
import { Scheduler } from "./scheduler.ts";
import { PAGE_SIZE } from "./step_graph.ts";

/** The options of {@linkcode LanguageModel.load}. */
export interface LoadOptions {
  /** How matrices are stored on the device. Default: as the folder stores them, where that is quantized, else q4f16_1. */
  readonly quantization?: Quantization;
  /** The most tokens of a text, prompt included. Default: the model's, or what `cache` holds if that is less. */
  readonly context?: number;
  /** The most that keys and values may take: bytes, or text as `"512 MiB"`. Default: 1 GiB. */
  readonly cache?: number | string;
  /** Texts of the whole context that the cache holds, if it may. Default: 1. */
  readonly sequences?: number;
  /** The most tokens of a prompt that are computed together. Default: 128. */
  readonly prefillChunk?: number;
  /** Is called when a parameter has been loaded. */
  readonly progress?: (progress: LoadProgress) => void;
  /** Ends the loading with the signal's reason. */
  readonly signal?: AbortSignal;
}
const LOAD = {
  quantization: oneOf(...QUANTIZATION_NAMES),
  context: positive,
  cache: byteCount,
  sequences: positive,
  prefillChunk: positive,
  progress: aFunction<(progress: LoadProgress) => void>(),
  signal: instanceOf(AbortSignal),
} satisfies Fields<LoadOptions>;

const GENERATE = {
  maxTokens: positive,
  temperature: number({ min: 0 }),
  topP: number({ above: 0, max: 1 }),
  topK: count,
  minP: number({ min: 0, max: 1 }),
  presencePenalty: number(),
  frequencyPenalty: number(),
  repetitionPenalty: number({ above: 0 }),
  logitBias: recordOf(number()),
  seed: integer(),
  stop: arrayOf(text),
  logprobs: count,
  signal: instanceOf(AbortSignal),
} satisfies Fields<GenerateOptions>;

const promptKind: Kind<string | readonly number[]> = anyOf(text, arrayOf(count));
const deviceKind: Kind<Device> = instanceOf(Device, "a device, as Device.open makes one");
const messagesKind: Kind<readonly Message[]> = passing<readonly Message[]>(
  "a list of messages",
  Array.isArray,
);

/** What a language model took and takes. Of the text that ended last, where there is one. */
export interface LanguageModelStats extends Partial<GenerationEnd> {
  /** Tokens of the prompt that were computed in a second. */
  readonly prefillTokensPerSecond?: number;
  /** Tokens that were generated in a second, after the prompt's chunks. */
  readonly decodeTokensPerSecond?: number;
  /** Kernels that a token launches, where the most probable one is taken. */
  readonly launches: number;
  /** The bytes that are taken on the device, by what they are for. */
  readonly bytes: MemoryUse;
}

/** A model as it was opened, before it has parameters on a device. */
interface Opened {
  readonly files: ModelFiles;
  readonly tokenizer: Tokenizer;
  readonly template: ChatTemplate | undefined;
}

const DEFAULT_CACHE = 2 ** 30;

/**
 * A language model on a device. Calls share it: texts that are generated at the same time are decoded together. Dispose it, or
 * declare it with `using`.
 */
export class LanguageModel implements Generator, Disposable {
  /** `chat.completions.create`, in the names of OpenAI's API and of web-llm. */
  readonly chat: { readonly completions: ChatCompletions } = { completions: new ChatCompletions(this) };
  /** `completions.create`: texts, likewise. */
  readonly completions: Completions = new Completions(this);
  readonly #engine: Engine;
  readonly #scheduler: Scheduler;
  readonly #opened: Opened;
  readonly #launches: number;
  #last: GenerationEnd | undefined;
  #disposed = false;

  private constructor(engine: Engine, opened: Opened, launches: number) {
    this.#engine = engine;
    this.#scheduler = new Scheduler(engine);
    this.#opened = opened;
    this.#launches = launches;
  }

  /**
   * Loads a language model onto a device: Hugging Face's folders, MLC's, and GGUF files.
   * Memory on the host stays at one parameter and some pieces of files.
   *
   * @param path the folder, or a file whose name ends with .gguf
   * @throws {OptionError} for an option that doesn't exist or can't have its value
   * @throws {ModelError} for an unknown architecture, a missing tensor and a short file; it names the file and the tensor
   * @throws {RuntimeError} where the device can't hold the model
   */
  static async load(path: string, device: Device, options: LoadOptions = {}): Promise<LanguageModel> {
    checkArgument("LanguageModel.load", "path", path, name);
    checkArgument("LanguageModel.load", "device", device, deviceKind);
    checkOptions("LanguageModel.load", options, LOAD);
    const files = await openModel(path), { config } = files;
    const tokenizer = await Tokenizer.load(path), template = await ChatTemplate.load(path);
    const { quantization = files.quantization ?? "q4f16_1", progress, signal, prefillChunk = 128 } = options;
    const dtype = device.target.f16 ? QUANTIZATIONS[quantization].dtype : "f32";
    const { context, pages } = capacityOf(config, dtype, options);
    const engine = await Engine.open(device, {
      config,
      weights: files.weights,
      quantization,
      context,
      pages,
      chunk: prefillChunk,
      progress,
      signal,
    });
    try {
      signal?.throwIfAborted();
      const launches = await engine.warm({ batch: 1, span: spanOf(1, context), choice: GREEDY });
      return new LanguageModel(engine, { files, tokenizer, template }, launches);
    } catch (e) {
      engine[Symbol.dispose]();
      throw e;
    }
  }

  /** Its name: that of its folder or file. */
  get id(): string {
    return this.#opened.files.path.replace(/[/\\]+$/, "").replace(/^.*[/\\]/, "") || "model";
  }

  /** What shapes the model. */
  get config(): ModelConfig {
    return this.#opened.files.config;
  }

  /** The most tokens of a text, prompt included. */
  get context(): number {
    return this.#engine.options.context;
  }

  /** Text to tokens and back. */
  get tokenizer(): Tokenizer {
    return this.#opened.tokenizer;
  }

  /** What the text that ended last took, and what the model takes. */
  get stats(): LanguageModelStats {
    const last = this.#last, rate = (tokens: number, seconds: number) => seconds > 0 ? tokens / seconds : 0;
    return {
      ...last,
      ...(last && {
        prefillTokensPerSecond: rate(last.promptTokens, last.prefillSeconds),
        decodeTokensPerSecond: rate(last.tokens, last.decodeSeconds),
      }),
      launches: this.#launches,
      bytes: this.#engine.device.memory,
    };
  }

  /** Whether it has a template for conversations. */
  get chats(): boolean {
    return this.#opened.template !== undefined;
  }

  /**
   * Writes a conversation as the model's template has it, up to where the answer begins.
   *
   * @throws {ModelError} for a model without a template, and a conversation that it refuses
   */
  promptOf(messages: readonly Message[]): string {
    checkArgument("model.promptOf", "messages", messages, messagesKind);
    const { template, files } = this.#opened;
    if (template) return template.render(messages);
    throw new ModelError(
      `expected a chat template in ${files.path}, got none; give the prompt as text, to generate`,
    );
  }

  /**
   * Generates the continuation of a prompt: text, in whole characters.
   *
   * @param prompt a text, or token ids
   * @throws {OptionError} for an option that doesn't exist or can't have its value
   * @throws {ContextError} for a prompt that the context can't hold
   * @throws {RuntimeError} for what the device reports; a lost device is a DeviceLostError
   */
  async *generate(prompt: string | readonly number[], options: GenerateOptions = {}): AsyncGenerator<string> {
    for await (const piece of this.pieces(prompt, options)) {
      if (piece.kind === "text" && piece.text !== "") yield piece.text;
    }
  }

  /**
   * Generates as {@linkcode generate} does, in pieces: text, with logarithms of probabilities if they are asked for, and
   * the end. A text goes on where its pieces wait to be read. The signal ends it, or the end of the loop that reads it.
   */
  pieces(prompt: string | readonly number[], options: GenerateOptions = {}): AsyncIterable<Piece> {
    checkArgument("model.generate", "prompt", prompt, promptKind);
    checkOptions("model.generate", options, GENERATE);
    return this.#pieces(prompt, options);
  }

  async *#pieces(prompt: string | readonly number[], options: GenerateOptions): AsyncGenerator<Piece> {
    const { tokenizer, files } = this.#opened;
    const lane = new Lane({
      prompt: this.#tokensOf(prompt),
      settings: settingsOf(options, files.generation, Math.floor(Math.random() * 2 ** 32)),
      options,
      tokenizer,
      ends: new Set(files.generation.eosTokens),
    });
    this.#scheduler.add(lane);
    try {
      for await (const piece of lane.pieces()) {
        if (piece.kind === "end") this.#last = piece.end;
        yield piece;
      }
    } finally {
      lane.fail(new DOMException("the reader of the text has left", "AbortError"));
    }
  }

  /** The tokens of a prompt: at least one, and no more than the context has room for. */
  #tokensOf(prompt: string | readonly number[]): readonly number[] {
    if (this.#disposed) throw new ModelError("expected a model, got one that is disposed; load it again");
    const { tokenizer, files } = this.#opened,
      { bosToken } = files.generation,
      { vocabularySize } = this.config;
    const begins = typeof prompt === "string" && bosToken !== undefined &&
      prompt.startsWith(tokenizer.decode([bosToken], { special: true }));
    const ids = typeof prompt === "string"
      ? [...tokenizer.encode(prompt, { special: !begins })]
      : [...prompt];
    if (ids.length === 0 && bosToken !== undefined) ids.push(bosToken);
    if (ids.length === 0) throw new ModelError("expected a prompt of at least one token, got none");
    const odd = ids.find((id) => id >= vocabularySize);
    if (odd !== undefined) throw new ModelError(`expected tokens below ${vocabularySize}, got ${odd}`);
    if (ids.length <= this.context) return ids;
    throw new ContextError(
      `expected a prompt of at most ${this.context} tokens, got ${ids.length}; load with a larger context`,
    );
  }

  /** Frees the model. Texts that are being generated end with an error. */
  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    const reason = new ModelError("expected a model, got one that was disposed");
    this.#scheduler.stop(reason, () => this.#engine[Symbol.dispose]());
  }
}

/** The most positions of a text, and the pages of the cache. */
function capacityOf(
  config: ModelConfig,
  dtype: "f32" | "f16",
  { context = config.context, cache = DEFAULT_CACHE, sequences = 1 }: LoadOptions,
): { readonly context: number; readonly pages: number } {
  const page = Engine.pageBytes(config, dtype), budget = bytesOf(cache), most = Math.floor(budget / page);
  if (most < 1) {
    throw new ModelError(
      `expected a cache of at least ${page} bytes, a page of ${PAGE_SIZE} tokens, got ${budget}`,
    );
  }
  const longest = Math.min(context, most * PAGE_SIZE);
  // A page more for each lets a text be forked in the middle of a page.
  return { context: longest, pages: Math.min(most, (Math.ceil(longest / PAGE_SIZE) + 1) * sequences) };
}
