import { type BufferSpec, isGiven, isMade } from "../../codegen/executable.ts";
import type { Shapes } from "../arguments.ts";
import type { TypedArray } from "../arrays.ts";
import type { Arrays, Spent } from "../backend.ts";
import type { MemoryKind } from "../ledger.ts";
import { stopwatch } from "../platform.ts";
import type { Gpu } from "./gpu.ts";
import { BoundLaunch, type Compiled } from "./bound_launch.ts";
import { Passes } from "./passes.ts";
import { type CopySource, makeStorage, type Storage } from "./storage.ts";

/** The parts of one submission, in this order. */
export interface Work {
  /** The launches that prepare. */
  readonly prepares?: boolean;
  /** The number of times that all other launches run. */
  readonly times?: number;
  /** Copies of the results. */
  readonly reads?: boolean;
}

/** The outcome of a submission. */
export interface Done {
  /** Its time on each clock. */
  readonly spent: Spent;
  /** By parameter name; empty where they were not asked for. */
  readonly results: Record<string, TypedArray>;
}

/** What runs: its launches, buffers that each run has, and those that all share. */
export interface Parts {
  /** The buffers of a run. */
  readonly own: readonly BufferSpec[];
  /** The launches. */
  readonly launches: readonly Compiled[];
  /** Storages that are there for all runs. */
  readonly held: ReadonlyMap<string, Storage>;
}

/** The storages of tensors that take the place of a run's own, by the parameter's name. */
export type Tensors = ReadonlyMap<string, Storage>;

const NONE: Tensors = new Map();

/**
 * Buffers for arguments of certain shapes, and the launches bound to them. A parameter gets a buffer here once it is needed:
 * one whose tensor is given with each run has none. Its methods need `Gpu.guarded` around.
 */
export class BoundBuffers implements Disposable {
  readonly #made = new DisposableStack();
  readonly #own = new Map<string, Storage>();
  readonly #specs: ReadonlyMap<string, BufferSpec>;
  readonly #launches: readonly BoundLaunch[];
  readonly #queries: Queries | undefined;

  /**
   * Makes buffers for the intermediates of these shapes, and binds launches to them.
   *
   * @throws {LaunchLimitError} for buffers or grids past the device's limits
   * @throws {RuntimeError} for more bytes than the device's memory limit
   */
  constructor(
    readonly gpu: Gpu,
    /** The arguments and intermediates that get buffers here. */
    readonly buffers: readonly BufferSpec[],
    launches: readonly Compiled[],
    readonly shapes: Shapes,
    /** Other storages that the launches read, which are not freed here. */
    readonly held: ReadonlyMap<string, Storage>,
    /** What its bytes count as. */
    readonly kind: MemoryKind,
  ) {
    this.#specs = new Map(buffers.map((b) => [b.name, b]));
    try {
      for (const b of buffers) if (!isGiven(b) && !isMade(b)) this.#storage(b.name);
      this.#launches = launches.map((c) => this.#made.use(new BoundLaunch(gpu, c, shapes)));
      if (gpu.target.clock === "timestamp") this.#queries = this.#made.use(makeQueries(gpu.device));
    } catch (e) {
      this.#made.dispose();
      throw e;
    }
  }

  /** The buffer of an argument or intermediate; it is made now if it is not there. */
  #storage(name: string): Storage {
    const known = this.#own.get(name);
    if (known) return known;
    const spec = this.#specs.get(name) as BufferSpec;
    const storage = this.#made.use(makeStorage(this.gpu, spec, this.shapes, this.kind));
    this.#own.set(name, storage);
    return storage;
  }

  #finder(tensors: Tensors): (name: string) => Storage {
    return (name) => tensors.get(name) ?? this.held.get(name) ?? this.#storage(name);
  }

  /**
   * Makes all buffers that are not there yet, but for those of tensors.
   *
   * @throws {LaunchLimitError | RuntimeError} as its constructor does
   */
  makeAll(tensors: Tensors): void {
    for (const { name } of this.buffers) if (!tensors.has(name)) this.#storage(name);
  }

  /** Whether there is anything to prepare. */
  get prepares(): boolean {
    return this.#launches.some((l) => l.prepares);
  }

  /** Bytes of its own buffers. */
  get bytes(): number {
    return this.#own.values().reduce((n, s) => n + s.bytes, 0);
  }

  /** Writes inputs that have buffers here. Returns the number of bytes. */
  upload(inputs: Arrays): number {
    let bytes = 0;
    for (const [name, array] of Object.entries(inputs)) {
      if (!this.#specs.has(name)) continue;
      const storage = this.#storage(name);
      storage.upload(array);
      bytes += storage.bytes;
    }
    return bytes;
  }

  /** Fills results and intermediates with values that no right program writes. */
  poison(): void {
    for (const b of this.buffers) {
      if (b.role === "output" || b.role === "temp") this.#storage(b.name).poison();
    }
  }

  /** Whether copies lie between launches. */
  get #copies(): boolean {
    return this.#launches.some((l) => l.copies);
  }

  #encode(passes: Passes, { prepares = false, times = 0 }: Work, tensors: Tensors): void {
    const find = this.#finder(tensors);
    if (prepares) { for (const l of this.#launches) if (l.prepares) l.dispatch(passes, find); }
    for (let t = 0; t < times; t++) {
      for (const l of this.#launches) if (!l.prepares) l.dispatch(passes, find);
    }
    passes.end();
  }

  /** Runs all parts in one submission, and does not wait for it. */
  send(work: Work, tensors: Tensors): void {
    this.gpu.send((encoder) => this.#encode(new Passes(encoder, this.#copies), work, tensors));
  }

  /** Runs all parts in one submission, and waits once. Of the results, those in tensors are not copied. */
  async submit(work: Work, tensors: Tensors = NONE): Promise<Done> {
    const spentSoFar = stopwatch();
    const queries = this.#queries;
    const outputs = work.reads ? this.buffers.filter((b) => isMade(b) && !tensors.has(b.name)) : [];
    const storages = outputs.map((b) => this.#storage(b.name));
    const sources = storages.flatMap((s) => s.source ?? []);
    const copies = await this.gpu.submit((encoder) => {
      this.#encode(new Passes(encoder, this.#copies, queries?.querySet), work, tensors);
      queries?.resolve(encoder);
    }, queries ? [...sources, queries.source] : sources);
    const spent = spentSoFar();
    const results = outputs.map((
      b,
      k,
    ) => [b.name, (storages[k] as Storage).decode(copies[k] as ArrayBuffer)]);
    return {
      spent: queries ? { ...spent, timestamp: queries.msOf(copies.at(-1) as ArrayBuffer) } : spent,
      results: Object.fromEntries(results),
    };
  }

  /** Frees the buffers. */
  [Symbol.dispose](): void {
    this.#made.dispose();
  }
}

/** The device's own clock around a pass. */
interface Queries extends Disposable {
  readonly querySet: GPUQuerySet;
  readonly source: CopySource;
  resolve(encoder: GPUCommandEncoder): void;
  msOf(copy: ArrayBuffer): number;
}

function makeQueries(device: GPUDevice): Queries {
  const querySet = device.createQuerySet({ type: "timestamp", count: 2 });
  const buffer = device.createBuffer({
    size: 16,
    usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC,
  });
  return {
    querySet,
    source: { buffer, bytes: 16 },
    resolve: (encoder) => encoder.resolveQuerySet(querySet, 0, 2, buffer, 0),
    msOf(copy) {
      const [begin = 0n, end = 0n] = new BigUint64Array(copy);
      return Number(end - begin) / 1e6;
    },
    [Symbol.dispose]() {
      querySet.destroy();
      buffer.destroy();
    },
  };
}
