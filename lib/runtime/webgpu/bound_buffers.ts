import type { BufferSpec, Launch } from "../../codegen/executable.ts";
import { type Inputs, isMade, type Shapes } from "../arguments.ts";
import type { TypedArray } from "../arrays.ts";
import type { Spent } from "../backend.ts";
import { stopwatch } from "../platform.ts";
import type { Gpu } from "./gpu.ts";
import { gridOf } from "./launch_limits.ts";
import { type CopySource, makeStorage, type Storage, uploadInto } from "./storage.ts";

/** A launch with its pipeline. */
export interface Compiled {
  /** The launch itself. */
  readonly launch: Launch;
  /** Its compiled pipeline. */
  readonly pipeline: GPUComputePipeline;
}

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

/** Buffers for arguments of certain shapes, and the launches bound to them. Its methods need `Gpu.guarded` around. */
export class BoundBuffers implements Disposable {
  readonly #made = new DisposableStack();
  readonly #own = new Map<string, Storage>();
  readonly #preparing: readonly Step[];
  readonly #running: readonly Step[];
  readonly #queries: Queries | undefined;

  /**
   * Makes buffers for arguments of these shapes, and binds launches to them.
   *
   * @throws {LaunchLimitError} for buffers or grids past the device's limits
   */
  constructor(
    readonly gpu: Gpu,
    /** The arguments and intermediates that get buffers here. */
    readonly buffers: readonly BufferSpec[],
    launches: readonly Compiled[],
    shapes: Shapes,
    /** Other storages that the launches read, which are not freed here. */
    held: ReadonlyMap<string, Storage>,
  ) {
    const { device, target } = gpu;
    try {
      for (const b of buffers) {
        this.#own.set(b.name, this.#made.use(makeStorage(device, b, shapes, target)));
      }
      const steps = launches.map((c) =>
        this.#step(c, shapes, (name) => held.get(name) ?? this.#own.get(name))
      );
      this.#preparing = steps.filter((s) => s.prepares);
      this.#running = steps.filter((s) => !s.prepares);
      if (target.clock === "timestamp") this.#queries = this.#made.use(makeQueries(device));
    } catch (e) {
      this.#made.dispose();
      throw e;
    }
  }

  #step({ launch, pipeline }: Compiled, shapes: Shapes, find: (name: string) => Storage | undefined): Step {
    const { device, target } = this.gpu;
    const [grid, values] = gridOf(launch, shapes, target);
    const entries: GPUBindGroupEntry[] = launch.bindings.map((b, n) => ({
      binding: n,
      resource: (find(b.name) as Storage).resource,
    }));
    if (values.length > 0) {
      const size = Math.ceil(values.length / 4) * 16;
      const buffer = device.createBuffer({ size, usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST });
      this.#made.defer(() => buffer.destroy());
      device.queue.writeBuffer(buffer, 0, Int32Array.from(values));
      entries.push({ binding: launch.bindings.length, resource: { buffer } });
    }
    const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
    return { prepares: launch.prepares, pipeline, grid, group };
  }

  /** Whether there is anything to prepare. */
  get prepares(): boolean {
    return this.#preparing.length > 0;
  }

  /** Bytes of its own buffers. */
  get bytes(): number {
    return this.#own.values().reduce((n, s) => n + s.bytes, 0);
  }

  /** Writes the inputs to their buffers. Returns the number of bytes. */
  upload(inputs: Inputs): number {
    return uploadInto(this.#own, inputs);
  }

  /** Fills results and intermediates with values that no right program writes. */
  poison(): void {
    for (const b of this.buffers) {
      if (b.role === "output" || b.role === "temp") this.#own.get(b.name)?.poison();
    }
  }

  /** The names of what a run updates in place. */
  get updated(): readonly string[] {
    return this.buffers.filter((b) => b.role === "inPlace").map((b) => b.name);
  }

  /** Runs all parts in one submission, and waits once. */
  async submit({ prepares = false, times = 0, reads = false }: Work): Promise<Done> {
    const spentSoFar = stopwatch();
    const queries = this.#queries;
    const outputs = reads ? this.buffers.filter(isMade) : [];
    const storages = outputs.map((b) => this.#own.get(b.name) as Storage);
    const sources = storages.flatMap((s) => s.source ?? []);
    const copies = await this.gpu.submit((encoder) => {
      const pass = encoder.beginComputePass(queries?.pass ?? {});
      if (prepares) { for (const step of this.#preparing) dispatch(pass, step); }
      for (let t = 0; t < times; t++) {
        for (const step of this.#running) dispatch(pass, step);
      }
      pass.end();
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

interface Step {
  readonly prepares: boolean;
  readonly pipeline: GPUComputePipeline;
  readonly grid: readonly [number, number, number];
  readonly group: GPUBindGroup;
}

function dispatch(pass: GPUComputePassEncoder, { pipeline, grid, group }: Step): void {
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(...grid);
}

/** The device's own clock around a pass. */
interface Queries extends Disposable {
  readonly pass: GPUComputePassDescriptor;
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
    pass: { timestampWrites: { querySet, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 } },
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
