/** Language models on devices. */
import { checkArgument, checkOptions, type Kind } from "../../base/check_options.ts";
import { anyOf, arrayOf, count, instanceOf, name, passing, text } from "../../base/option_kinds.ts";
import { Device } from "../../runtime/device.ts";
import { TuningDatabase } from "../../records/database.ts";
import type { MemoryUse } from "../../runtime/ledger.ts";
import type { GraphProgram } from "../../tuning/graph_program.ts";
import type { SuiteLog } from "../../tuning/suite_log.ts";
import type { TokenComparison } from "../../tuning/token_comparison.ts";
import type { ModelConfig } from "../config/model_config.ts";
import { ContextError } from "../context_error.ts";
import { ModelError } from "../error.ts";
import { type ModelFiles, openModel } from "../open_model.ts";
import type { GenerateOptions, GenerationEnd, Generator, Message, Piece } from "../openai/generator.ts";
import { ChatCompletions } from "../openai/chat_completions.ts";
import { Completions } from "../openai/completions.ts";
import { QUANTIZATIONS } from "../parameters/quantization.ts";
import { ChatTemplate } from "../tokenizer/chat_template.ts";
import { Tokenizer } from "../tokenizer/tokenizer.ts";
import { COMPARE, compareLevels, type CompareModelOptions } from "./compare_levels.ts";
import { Grammars } from "./constraint/grammars.ts";
import { spanOf } from "./decoding.ts";
import { Engine } from "./engine.ts";
import { GENERATE } from "./generate_fields.ts";
import { Lane } from "./lane.ts";
import { capacityOf, checkLevel, LOAD, type LoadOptions } from "./load_options.ts";
import { GREEDY } from "./sampling/choice.ts";
import { settingsOf } from "./sampling/settings.ts";
import { Scheduler } from "./scheduler.ts";
import { TUNE, type TuneModelOptions, tuneSteps } from "./tune_steps.ts";

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
  readonly #grammars: Grammars;
  /** The program of a token of a short text. */
  readonly #first: GraphProgram;
  #last: GenerationEnd | undefined;
  #disposed = false;

  private constructor(engine: Engine, opened: Opened, first: GraphProgram) {
    this.#engine = engine;
    this.#scheduler = new Scheduler(engine);
    this.#opened = opened;
    this.#first = first;
    const { tokenizer, files: { config, generation } } = opened;
    const ends = new Set(generation.eosTokens);
    this.#grammars = new Grammars({ tokenizer, size: config.vocabularySize, ends });
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
    checkLevel(options, path);
    const files = await openModel(path), { config } = files;
    const tokenizer = await Tokenizer.load(path), template = await ChatTemplate.load(path);
    const { quantization = files.quantization ?? "q4f16_1", progress, signal, prefillChunk = 128 } = options;
    const dtype = device.target.f16 ? QUANTIZATIONS[quantization].dtype : "f32";
    const { level = 1, database = TuningDatabase.memory(), budget } = options;
    const { context, pages } = capacityOf(config, dtype, options);
    const begins = { batch: 1, span: spanOf(1, context), choice: GREEDY } as const;
    const engine = await Engine.open(device, {
      config,
      weights: files.weights,
      quantization,
      context,
      pages,
      chunk: Math.min(prefillChunk, context),
      build: level < 2 ? { level } : { level: 2, database },
      // A search at level 3 comes before the kernels.
      ...(level < 3 && { first: begins }),
      progress,
      signal,
    });
    try {
      signal?.throwIfAborted();
      if (level === 3 && budget) {
        const search = { budget, database, ...(signal && { signal }) };
        await tuneSteps(engine, settingsOf({}, files.generation, 0), search);
        signal?.throwIfAborted();
      }
      const first = await engine.warm(begins);
      return new LanguageModel(engine, { files, tokenizer, template }, first);
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
      launches: this.#first.launches,
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
    const ids = this.#tokensOf(prompt);
    using constraint = await this.#grammars.begin(options.responseFormat);
    const lane = new Lane({
      prompt: ids,
      settings: settingsOf(options, files.generation, Math.floor(Math.random() * 2 ** 32)),
      options,
      tokenizer,
      ends: this.#grammars.vocabulary.ends,
      constraint,
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

  /** Says which functions a token of a short text calls, in order: the rule of each, or a record, and its kernels. */
  explain(): string {
    return this.#first.explain();
  }

  /**
   * Searches the functions of a text with one budget, by the time that each is expected to save: those of a chunk of a prompt,
   * and of a token in each range of positions that has kernels of its own. The winners are added to the database. Load
   * with it at level 2 to use them, in any context: where shapes differ, the nearest record is taken. Let no text be
   * generated meanwhile, as its time would be measured too.
   *
   * @throws {OptionError} for an option that doesn't exist or can't have its value
   */
  async tune(options: TuneModelOptions): Promise<SuiteLog> {
    checkOptions("model.tune", options, TUNE);
    this.#checkLoaded();
    return await tuneSteps(this.#engine, settingsOf({}, this.#opened.files.generation, 0), options);
  }

  /**
   * Compares levels by tokens per second: interleaved texts of the same prompt at each level, from the prompt to the last token,
   * with the most probable tokens. A level's tokens must be the first level's, or the logits of its first token must be
   * within rounding. The result says which functions made the difference. Let no other text be generated meanwhile.
   *
   * @throws {OptionError} for an option that doesn't exist or can't have its value
   * @throws {ModelError} for level 2 without a database, and level 3 without a budget or a database
   * @throws {InterruptedError} if it is stopped before every level was measured
   */
  async compare(options: CompareModelOptions = {}): Promise<TokenComparison> {
    checkOptions("model.compare", options, COMPARE);
    const ids = this.#tokensOf(options.prompt ?? "Once upon a time");
    const defaults = settingsOf({}, this.#opened.files.generation, 0);
    return await compareLevels(this.#engine, this.id, ids, { ...options, defaults });
  }

  #checkLoaded(): void {
    if (this.#disposed) throw new ModelError("expected a model, got one that is disposed; load it again");
  }

  /** The tokens of a prompt: at least one, and no more than the context has room for. */
  #tokensOf(prompt: string | readonly number[]): readonly number[] {
    this.#checkLoaded();
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
    this.#grammars[Symbol.dispose]();
    this.#scheduler.stop(reason, () => this.#engine[Symbol.dispose]());
  }
}
