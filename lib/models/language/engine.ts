/** A language model on a device: its parameters, its cache, and the programs of its steps. */
import type { Device } from "../../runtime/device.ts";
import type { DeviceTensor } from "../../runtime/device_tensor.ts";
import type { Shapes } from "../../ir/shapes.ts";
import type { Graph } from "../../relax/graph.ts";
import { buildGraph, type GraphBuildOptions, loadGraph } from "../../tuning/build_graph.ts";
import type { GraphProgram } from "../../tuning/graph_program.ts";
import type { ModelConfig } from "../config/model_config.ts";
import { ropeFrequencies } from "../config/rope.ts";
import { loadParameters, type LoadProgress } from "../parameters/load_parameters.ts";
import { type Quantization, QUANTIZATIONS } from "../parameters/quantization.ts";
import type { WeightSource } from "../weights/weight_source.ts";
import { copyGraph } from "./cache/copy_program.ts";
import { type PageCopy, PageTable, type Sequence } from "./cache/page_table.ts";
import { ropeTable } from "./rotated.ts";
import type { Choice } from "./sampling/choice.ts";
import { PAGE_SIZE, stepGraph, WHOLE } from "./step_graph.ts";
import { weightName } from "./weight_values.ts";

/** What an engine is made of. */
export interface EngineOptions {
  readonly config: ModelConfig;
  readonly weights: WeightSource;
  readonly quantization: Quantization;
  /** The most positions of a text. */
  readonly context: number;
  /** Pages of the cache. */
  readonly pages: number;
  /** The most tokens of a prompt that are computed together. */
  readonly chunk: number;
  /** How its programs are built. */
  readonly build?: Pick<GraphBuildOptions, "level" | "database">;
  /** The decode whose kernels, and the prefill's, are compiled while the parameters are loaded. Default: none. */
  readonly first?: DecodeKind;
  readonly progress?: ((progress: LoadProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The most sequences that are decoded together. */
export const MOST_ROWS = 64;

/** What a decode is compiled for. */
export interface DecodeKind {
  readonly batch: 1 | "b";
  readonly span: number;
  readonly choice: Choice;
}

/** The graph of a step, and the most that its sizes may be. */
export interface Step {
  readonly graph: Graph;
  readonly bounds: Shapes;
}

/** Parameters, cache and programs of a model on a device. Dispose it. */
export class Engine implements Disposable {
  /** Which pages hold which sequence. */
  readonly table: PageTable;
  readonly #held: DisposableStack;
  readonly #weights: Map<string, DeviceTensor>;
  /** Ends when the parameters are there. */
  readonly #filled: PromiseWithResolvers<void> = Promise.withResolvers<void>();
  readonly #caches: Readonly<Record<string, DeviceTensor>>;
  readonly #programs = new Map<string, Promise<GraphProgram>>();

  private constructor(
    readonly device: Device,
    readonly options: EngineOptions,
    readonly dtype: "f32" | "f16",
    held: DisposableStack,
    shared?: Engine,
  ) {
    const { config, pages, context } = options, { layers, kvHeads, headDim, slidingWindow } = config;
    this.#held = held;
    this.#weights = shared ? shared.#weights : new Map();
    if (shared) {
      this.#caches = shared.#caches;
      this.table = shared.table;
      this.#filled.resolve();
      return;
    }
    // Programs that wait hear of an error; without them it is that of `open` alone.
    this.#filled.promise.catch(() => {});
    this.#caches = Object.fromEntries(Array.from({ length: layers }, (_, k) => [
      `cache${k}`,
      held.use(device.zeros([pages, 2, kvHeads, PAGE_SIZE, headDim], dtype)),
    ]));
    const slides = slidingWindow !== undefined && config.slidingLayers.every((s) => s);
    this.table = new PageTable({
      pages,
      pageSize: PAGE_SIZE,
      context,
      ...(slides && { window: slidingWindow }),
    });
  }

  /** Makes room for a model's cache, and loads its parameters, one by one. */
  static async open(device: Device, options: EngineOptions): Promise<Engine> {
    const dtype = device.target.f16 ? QUANTIZATIONS[options.quantization].dtype : "f32";
    const held = new DisposableStack();
    let engine: Engine | undefined;
    try {
      engine = new Engine(device, options, dtype, held);
      // An error comes again where the program is asked for.
      if (options.first) engine.warm(options.first).catch(() => {});
      await engine.#fill();
      engine.#filled.resolve();
      return engine;
    } catch (e) {
      if (engine) engine.#filled.reject(e);
      held.dispose();
      throw e;
    }
  }

  async #fill(): Promise<void> {
    const { device, dtype } = this,
      { config, quantization, context, progress, signal, weights } = this.options;
    const put = (name: string, data: Parameters<Device["tensor"]>[0], shape: readonly number[]) => {
      this.#weights.set(name, this.#held.use(device.tensor(data, shape)));
    };
    const loading = loadParameters(weights, config, {
      quantization,
      dtype,
      ...(progress && { progress }),
      ...(signal && { signal }),
    });
    for await (const { arrays } of loading) {
      for (const { name, data, shape } of arrays) put(weightName(name), data, shape);
    }
    const ropes = { rope: config.rope, ...(config.slidingRope && { sliding_rope: config.slidingRope }) };
    for (const [name, rope] of Object.entries(ropes)) {
      put(name, ropeTable(ropeFrequencies(rope, context), context), [context, rope.dim]);
    }
  }

  /** The same parameters and the same cache, with programs of another level. Dispose it before this one. */
  at(build: NonNullable<EngineOptions["build"]>): Engine {
    const options = { ...this.options, build };
    return new Engine(this.device, options, this.dtype, new DisposableStack(), this);
  }

  /** Bytes of a page of the cache, in all layers. */
  static pageBytes({ layers, kvHeads, headDim }: ModelConfig, dtype: "f32" | "f16"): number {
    return layers * 2 * kvHeads * PAGE_SIZE * headDim * (dtype === "f16" ? 2 : 4);
  }

  /** Compiles what a first text needs, and gives the program of its tokens. */
  async warm(kind: DecodeKind): Promise<GraphProgram> {
    const [{ program }] = await Promise.all([this.decoder(kind), this.#prefill()]);
    return program;
  }

  /** Computes tokens at the end of a sequence, which the cache holds from then on. Ends between chunks when it is aborted. */
  async prefill(sequence: Sequence, ids: readonly number[], signal?: AbortSignal): Promise<void> {
    const program = ids.length > 0 ? await this.#prefill() : undefined;
    for (let at = 0; program && at < ids.length; at += this.options.chunk) {
      signal?.throwIfAborted();
      const part = ids.slice(at, at + this.options.chunk), from = this.table.lengthOf(sequence);
      await this.reserve(sequence, part.length);
      const made = await program.submit({
        ids: Int32Array.from(part),
        positions: Int32Array.from(part, (_, k) => from + k),
        table: Int32Array.from(this.table.pagesOf(sequence)),
        ...this.#caches,
      }, { pages: this.options.pages });
      using logits = made.logits as DeviceTensor;
      // Waits, so that an interrupt is heard after a chunk.
      if (signal && at + part.length < ids.length) await logits.read();
      this.table.slide(sequence);
    }
  }

  /** Makes room for tokens at the end of a sequence; pages that another sequence has too are copied. */
  async reserve(sequence: Sequence, tokens: number): Promise<void> {
    for (const copy of this.table.append(sequence, tokens)) await this.#copy(copy);
  }

  async #copy({ from, to }: PageCopy): Promise<void> {
    const { config, pages } = this.options;
    const program = await this.#program(
      "copy",
      () => buildGraph(copyGraph(config, this.dtype), this.device, { bounds: { pages } }),
    );
    const { copied } = await program.submit({ copy: Int32Array.of(from, to), ...this.#caches });
    copied?.[Symbol.dispose]();
  }

  /** The step that computes a chunk of a prompt. */
  prefillStep(): Step {
    const { config, quantization, context, chunk, pages } = this.options;
    const graph = stepGraph(config, { kind: "prefill", quantization, context, dtype: this.dtype });
    return { graph, bounds: { pages, n: chunk, blocks: this.mostBlocks } };
  }

  /** The step that decodes a token of each sequence. */
  decodeStep(kind: DecodeKind): Step {
    const { config, quantization, context, pages } = this.options, { batch, span } = kind;
    const graph = stepGraph(config, { kind: "decode", quantization, context, dtype: this.dtype, ...kind });
    const blocks = span > WHOLE && { blocks: this.mostBlocks };
    return { graph, bounds: { pages, ...(batch === "b" && { b: MOST_ROWS }), ...blocks } };
  }

  #prefill(): Promise<GraphProgram> {
    return this.#program("prefill", () => this.#build(this.prefillStep()));
  }

  /** Gives the program that decodes: a step for each run. Its inputs are those of the graph, but for weights and cache. */
  async decoder(
    kind: DecodeKind,
  ): Promise<{ readonly program: GraphProgram; readonly caches: Readonly<Record<string, DeviceTensor>> }> {
    const program = await this.#program(JSON.stringify(kind), () => this.#build(this.decodeStep(kind)));
    return { program, caches: this.#caches };
  }

  /** The pages of a text as long as the context. */
  get mostBlocks(): number {
    return Math.ceil(this.options.context / PAGE_SIZE);
  }

  #program(key: string, make: () => Promise<GraphProgram>): Promise<GraphProgram> {
    const known = this.#programs.get(key) ?? make().then((program) => this.#owned(program));
    this.#programs.set(key, known);
    // What failed is tried again, as after a signal.
    known.catch(() => this.#programs.delete(key));
    return known;
  }

  async #build({ graph, bounds }: Step): Promise<GraphProgram> {
    using loaded = await loadGraph(graph, this.device, { bounds, ...this.options.build });
    await this.#filled.promise;
    const weights = Object.fromEntries(
      graph.weights.map(({ name }) => [name, this.#weights.get(name) as DeviceTensor]),
    );
    return await loaded.with(weights);
  }

  /** Frees a program with the engine, or at once where that is gone. */
  #owned(program: GraphProgram): GraphProgram {
    if (this.#held.disposed) program[Symbol.dispose]();
    else this.#held.use(program);
    return program;
  }

  /** Frees the parameters, the cache and the programs. */
  [Symbol.dispose](): void {
    this.#held.dispose();
  }
}
