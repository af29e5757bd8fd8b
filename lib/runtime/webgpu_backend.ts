/** A WebGPU adapter as a device. The only file that touches `navigator.gpu`. */
import type { Executable, Launch } from "../codegen/executable.ts";
import { evaluate } from "../ir/json.ts";
import { profileOf, PROFILES } from "../target/profiles.ts";
import type { Target } from "../target/target.ts";
import type { Inputs, Shapes } from "./arguments.ts";
import type { TypedArray } from "./arrays.ts";
import type { Backend, Bound, Loaded, Spent } from "./backend.ts";
import { cpuTime } from "./cpu_time.ts";
import { CompileError, DeviceLostError, LaunchLimitError, RunError } from "./error.ts";
import { makeStorage, type Storage } from "./storage.ts";

const SUBGROUPS = "subgroups" as GPUFeatureName;
const FEATURES: readonly GPUFeatureName[] = ["timestamp-query", "shader-f16", SUBGROUPS];

/** Limits that are asked for at the adapter's own value. */
const LIMITS = [
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupSizeY",
  "maxComputeWorkgroupSizeZ",
  "maxComputeWorkgroupStorageSize",
  "maxStorageBufferBindingSize",
  "maxBufferSize",
  "maxStorageBuffersPerShaderStage",
  "maxSampledTexturesPerShaderStage",
  "maxStorageTexturesPerShaderStage",
  "maxTextureDimension2D",
  "maxComputeWorkgroupsPerDimension",
] as const;

/**
 * The adapter with its full limits, or undefined where there is none. With `subgroups` these are asked for though
 * the adapter does not list them, as Deno's never do.
 */
export async function openWebGpu(runtime: string, subgroups = false): Promise<Backend | undefined> {
  const adapter = await navigator.gpu?.requestAdapter();
  if (!adapter) return undefined;
  const requiredFeatures = FEATURES.filter((f) => adapter.features.has(f) || (subgroups && f === SUBGROUPS));
  const requiredLimits = Object.fromEntries(LIMITS.map((name) => [name, adapter.limits[name]]));
  let device: GPUDevice;
  try {
    device = await adapter.requestDevice({ requiredFeatures, requiredLimits });
  } catch (e) {
    // An adapter is good for one device, so there has to be another one.
    if (subgroups) return await openWebGpu(runtime);
    throw e;
  }
  const backend = new WebGpu(device, targetOfAdapter(adapter, requiredFeatures, runtime));
  return await backend.probed(adapter.info);
}

function targetOfAdapter(adapter: GPUAdapter, features: readonly GPUFeatureName[], runtime: string): Target {
  const { info, limits } = adapter;
  const profile = profileOf(info);
  const facts = PROFILES[profile];
  const timestamps = features.includes("timestamp-query");
  return {
    kind: "webgpu",
    profile,
    name: info.description || info.device || info.vendor || "unknown adapter",
    vendor: info.vendor,
    architecture: info.architecture,
    runtime,
    limits: {
      maxInvocations: limits.maxComputeInvocationsPerWorkgroup,
      maxWorkgroupSize: [
        limits.maxComputeWorkgroupSizeX,
        limits.maxComputeWorkgroupSizeY,
        limits.maxComputeWorkgroupSizeZ,
      ],
      maxSharedBytes: limits.maxComputeWorkgroupStorageSize,
      maxWorkgroups: limits.maxComputeWorkgroupsPerDimension,
      maxStorageBuffers: limits.maxStorageBuffersPerShaderStage,
      maxTextures: facts.textures === "storage"
        ? limits.maxStorageTexturesPerShaderStage
        : limits.maxSampledTexturesPerShaderStage,
      maxTextureSize: limits.maxTextureDimension2D,
      maxBindingBytes: Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize),
      maxLoopIterations: facts.maxLoopIterations,
    },
    f16: features.includes("shader-f16"),
    timestamps,
    clock: facts.clock === "timestamp" && !timestamps ? "wall" : facts.clock,
    textures: facts.textures,
  };
}

class WebGpu implements Backend {
  /** Pipelines by their source, and how many programs use each: a search makes thousands, and leaves them. */
  readonly #pipelines = new Map<string, { readonly pipeline: GPUComputePipeline; users: number }>();
  #lost: string | undefined;

  constructor(readonly device: GPUDevice, public target: Target) {
    device.lost.then((info) => this.#lost ??= info.message || info.reason || "lost");
    device.addEventListener("uncapturederror", (event) => event.preventDefault());
  }

  /** This backend, its target saying f16 and subgroups only if a kernel has used them: some runtimes fail silently. */
  async probed({ subgroupMinSize: minSize, subgroupMaxSize: maxSize }: GPUAdapterInfo): Promise<Backend> {
    if (this.target.f16) this.target = { ...this.target, f16: await this.#f16Computes() };
    if (!this.device.features.has(SUBGROUPS) || !(minSize > 1)) return this;
    for (const directive of [true, false]) {
      if (!await this.#subgroupsMeet(minSize, directive)) continue;
      this.target = { ...this.target, subgroups: { minSize, maxSize, directive } };
      break;
    }
    return this;
  }

  async #f16Computes(): Promise<boolean> {
    const source = "enable f16;\n@group(0) @binding(0) var<storage, read_write> y: array<f32>;\n" +
      "@compute @workgroup_size(1) fn main() { var h = f16(y[0]); h = h * 1.5h + 0.25h; y[0] = f32(h); }";
    const [y] = await this.#tried("probe_f16", source, [2]) ?? [];
    return y === 3.25;
  }

  /**
   * Whether clusters of the least size lie along x, which WebGPU leaves open: each thread asks its neighbours who they
   * are, in workgroups of one, two and three dimensions. (Where x is shorter than a subgroup, llvmpipe leaves lanes
   * empty, and others go on in the next row: clusters that divide x are safe from both.)
   */
  async #subgroupsMeet(minSize: number, directive: boolean): Promise<boolean> {
    for (const [x, y, z] of [[256, 1, 1], [16, 8, 1], [12, 4, 2]] as const) {
      const masks = [1, 2, 4, 8, 16, 32].filter((m) => 2 * m <= minSize && x % (2 * m) === 0);
      const meet = masks.map((m) => `if (subgroupShuffleXor(i, ${m}u) != (i ^ ${m}u)) { wrong++; }`).join(
        " ",
      );
      const source =
        `${directive ? "enable subgroups;\n" : ""}@group(0) @binding(0) var<storage, read_write> y: ` +
        `array<f32>;\n@compute @workgroup_size(${x}, ${y}, ${z}) fn main(@builtin(local_invocation_index) i: u32) ` +
        `{ var wrong = 0; ${meet} y[i] = f32(wrong); }`;
      const wrong = await this.#tried("probe_subgroups", source, Array<number>(x * y * z).fill(NaN));
      if (!wrong?.every((n) => n === 0)) return false;
    }
    return true;
  }

  /** What a kernel of one workgroup makes of `given`; undefined where the device does not take it. */
  async #tried(
    name: string,
    source: string,
    given: readonly number[],
  ): Promise<readonly number[] | undefined> {
    try {
      const pipeline = await this.pipeline({ name, source });
      const size = Math.ceil(given.length / 4) * 16;
      const buffer = this.device.createBuffer({
        size,
        usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
      });
      this.device.queue.writeBuffer(buffer, 0, new Float32Array(given));
      const group = this.device.createBindGroup({
        layout: pipeline.getBindGroupLayout(0),
        entries: [{ binding: 0, resource: { buffer } }],
      });
      await this.guarded(() =>
        this.submit((pass) => {
          pass.setPipeline(pipeline);
          pass.setBindGroup(0, group);
          pass.dispatchWorkgroups(1);
        })
      );
      const made = new Float32Array(await this.download(buffer, size));
      buffer.destroy();
      return [...made].slice(0, given.length);
    } catch (e) {
      if (e instanceof CompileError || e instanceof RunError) return undefined;
      throw e;
    }
  }

  #checkLost(): void {
    if (this.#lost === undefined) return;
    throw new DeviceLostError(`the device is lost (${this.#lost}): open a new one`);
  }

  /** Runs `f`, and throws what the device reports about it. */
  async guarded<T>(f: () => T | Promise<T>): Promise<T> {
    this.#checkLost();
    this.device.pushErrorScope("out-of-memory");
    this.device.pushErrorScope("validation");
    // The scopes are one stack for all: they are closed before anybody else's turn, when all calls are made.
    const close = () => Promise.all([this.device.popErrorScope(), this.device.popErrorScope()]);
    let value: T | Promise<T>;
    try {
      value = f();
    } catch (e) {
      await close();
      throw e;
    }
    const [done, errors] = await Promise.allSettled([value, close()]);
    this.#checkLost();
    const error = errors.status === "fulfilled" ? errors.value.find((e) => e !== null) : undefined;
    if (error) throw new RunError(error.message);
    if (done.status === "rejected") throw done.reason;
    return done.value;
  }

  async load(exe: Executable): Promise<Loaded> {
    this.#checkLost();
    if (exe.language !== "wgsl") {
      throw new CompileError(
        `cannot load ${exe.name} on WebGPU: it is compiled to ${exe.language}; compile it for device.target`,
      );
    }
    exe.launches.forEach((l) => checkLaunch(l, this.target));
    const pipelines: GPUComputePipeline[] = [];
    let held = 0;
    const release = () => {
      exe.launches.slice(0, held).forEach((l) => this.#release(l.source));
      held = 0;
    };
    try {
      for (const launch of exe.launches) held = pipelines.push(await this.pipeline(launch));
    } catch (e) {
      release();
      throw e;
    }
    return {
      bind: (inputs, shapes) => this.#bind(exe, pipelines, inputs, shapes),
      [Symbol.dispose]: release,
    };
  }

  #release(source: string): void {
    const known = this.#pipelines.get(source);
    if (known && --known.users === 0) this.#pipelines.delete(source);
  }

  /** The pipeline of a source; made once, and kept while a program uses it. */
  async pipeline(launch: Pick<Launch, "name" | "source">): Promise<GPUComputePipeline> {
    const known = this.#pipelines.get(launch.source);
    if (known) {
      known.users++;
      return known.pipeline;
    }
    let module: GPUShaderModule | undefined;
    try {
      const pipeline = await this.guarded(() => {
        module = this.device.createShaderModule({ code: launch.source });
        return this.device.createComputePipeline({ layout: "auto", compute: { module, entryPoint: "main" } });
      });
      this.#pipelines.set(launch.source, { pipeline, users: 1 });
      return pipeline;
    } catch (e) {
      if (e instanceof RunError) throw new CompileError(await explain(launch, module, e.message));
      throw e;
    }
  }

  submit(record: (pass: GPUComputePassEncoder) => void, timestamps?: GPUQuerySet): Promise<undefined> {
    const encoder = this.device.createCommandEncoder();
    const pass = encoder.beginComputePass(
      timestamps
        ? { timestampWrites: { querySet: timestamps, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 } }
        : {},
    );
    record(pass);
    pass.end();
    this.device.queue.submit([encoder.finish()]);
    return this.device.queue.onSubmittedWorkDone();
  }

  async download(buffer: GPUBuffer, size: number): Promise<ArrayBuffer> {
    const staging = this.device.createBuffer({
      size,
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    });
    const encoder = this.device.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer, 0, staging, 0, size);
    this.device.queue.submit([encoder.finish()]);
    await staging.mapAsync(GPUMapMode.READ);
    const bytes = staging.getMappedRange().slice(0);
    staging.destroy();
    return bytes;
  }

  async #bind(
    exe: Executable,
    pipelines: readonly GPUComputePipeline[],
    inputs: Inputs,
    shapes: Shapes,
  ): Promise<Bound> {
    const made = new DisposableStack();
    const place = async (): Promise<Bound> => {
      const { device, target } = this;
      const storages = new Map<string, Storage>(
        exe.buffers.map((b) => [b.name, made.use(makeStorage(device, b, shapes, target))]),
      );
      for (const [name, array] of Object.entries(inputs)) storages.get(name)?.upload(array);
      const steps = exe.launches.map((launch, k) => {
        const pipeline = pipelines[k] as GPUComputePipeline;
        const [grid, values] = gridOf(launch, shapes, target);
        const entries: GPUBindGroupEntry[] = launch.bindings.map((b, n) => ({
          binding: n,
          resource: (storages.get(b.name) as Storage).resource,
        }));
        if (values.length > 0) {
          const size = Math.ceil(values.length / 4) * 16;
          const buffer = device.createBuffer({
            size,
            usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
          });
          made.defer(() => buffer.destroy());
          device.queue.writeBuffer(buffer, 0, Int32Array.from(values));
          entries.push({ binding: launch.bindings.length, resource: { buffer } });
        }
        return {
          prepares: launch.prepares,
          pipeline,
          grid,
          group: device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }),
        };
      });
      const first = steps.filter((s) => s.prepares);
      if (first.length > 0) await this.submit((pass) => first.forEach((s) => dispatch(pass, s)));
      return new WebGpuBound(this, exe, storages, steps.filter((s) => !s.prepares), made);
    };
    try {
      return await this.guarded(place);
    } catch (e) {
      made.dispose();
      throw e;
    }
  }

  [Symbol.dispose](): void {
    this.#lost ??= "it was disposed";
    this.device.destroy();
  }
}

interface StepOnDevice {
  readonly prepares: boolean;
  readonly pipeline: GPUComputePipeline;
  readonly grid: readonly [number, number, number];
  readonly group: GPUBindGroup;
}

function dispatch(pass: GPUComputePassEncoder, { pipeline, grid, group }: StepOnDevice): void {
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(...grid);
}

class WebGpuBound implements Bound {
  readonly #queries: { readonly set: GPUQuerySet; readonly buffer: GPUBuffer } | undefined;

  constructor(
    readonly gpu: WebGpu,
    readonly exe: Executable,
    readonly storages: ReadonlyMap<string, Storage>,
    readonly steps: readonly StepOnDevice[],
    readonly made: DisposableStack,
  ) {
    const { device, target } = gpu;
    if (target.clock === "timestamp") {
      this.#queries = {
        set: made.adopt(device.createQuerySet({ type: "timestamp", count: 2 }), (set) => set.destroy()),
        buffer: made.adopt(
          device.createBuffer({
            size: 16,
            usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC,
          }),
          (buffer) => buffer.destroy(),
        ),
      };
    }
  }

  poison(): void {
    for (const b of this.exe.buffers) {
      if (b.role === "output" || b.role === "temp") this.storages.get(b.name)?.poison();
    }
  }

  async run(times: number): Promise<Spent> {
    const cpu = cpuTime(), wall = performance.now();
    await this.gpu.guarded(() =>
      this.gpu.submit((pass) => {
        for (let t = 0; t < times; t++) {
          for (const step of this.steps) dispatch(pass, step);
        }
      }, this.#queries?.set)
    );
    const spent = { wall: performance.now() - wall, cpu: cpuTime() - cpu };
    const queries = this.#queries;
    return queries ? { ...spent, timestamp: await this.gpu.guarded(() => this.#ticks(queries)) } : spent;
  }

  async #ticks({ set, buffer }: { readonly set: GPUQuerySet; readonly buffer: GPUBuffer }): Promise<number> {
    const encoder = this.gpu.device.createCommandEncoder();
    encoder.resolveQuerySet(set, 0, 2, buffer, 0);
    this.gpu.device.queue.submit([encoder.finish()]);
    const [begin = 0n, end = 0n] = new BigUint64Array(await this.gpu.download(buffer, 16));
    return Number(end - begin) / 1e6;
  }

  async read(): Promise<Record<string, TypedArray>> {
    const results: (readonly [string, TypedArray])[] = [];
    for (const b of this.exe.buffers) {
      const storage = this.storages.get(b.name);
      if (b.role === "output" && storage) {
        results.push([b.name, await this.gpu.guarded(() => storage.read((x, n) => this.gpu.download(x, n)))]);
      }
    }
    return Object.fromEntries(results);
  }

  [Symbol.dispose](): void {
    this.made.dispose();
  }
}

/** Workgroups of a launch, x folded into z where the device takes no more, and the values of its uniforms. */
function gridOf(
  launch: Launch,
  shapes: Shapes,
  target: Target,
): readonly [readonly [number, number, number], readonly number[]] {
  const [x, y, z] = launch.grid.map((g) => evaluate(g, shapes)) as [number, number, number];
  const values = launch.uniforms.map((name) => shapes[name] ?? 0);
  const most = target.limits.maxWorkgroups;
  const folds = launch.folded ? Math.ceil(x / most) : 1;
  const grid = launch.folded ? [Math.ceil(x / folds), y, folds] as const : [x, y, z] as const;
  if (grid.some((n) => n > most)) {
    throw new LaunchLimitError(
      `cannot launch ${launch.name} with ${x} x ${y} x ${z} workgroups: the device takes ${most} in a dimension`,
    );
  }
  const turns = launch.loops.reduce(
    (n, nest) => n + nest.reduce<number>((p, e) => p * evaluate(e, shapes), 1),
    0,
  );
  if (turns > target.limits.maxLoopIterations) {
    throw new LaunchLimitError(
      `cannot launch ${launch.name} with these shapes: an invocation takes ${turns} turns of its loops, and the ` +
        `driver ends it silently after ${target.limits.maxLoopIterations}; give an invocation less work`,
    );
  }
  return [grid, launch.folded ? [...values, x] : values];
}

/** Drivers accept too much workgroup memory and then hang: such a launch is refused here. */
function checkLaunch(launch: Launch, { limits }: Target): void {
  const [x, y, z] = launch.workgroupSize;
  if (x * y * z > limits.maxInvocations) {
    throw new LaunchLimitError(
      `cannot launch ${launch.name} with ${
        x * y * z
      } threads in a workgroup: the device takes ${limits.maxInvocations}`,
    );
  }
  if (launch.sharedBytes > limits.maxSharedBytes) {
    throw new LaunchLimitError(
      `cannot launch ${launch.name} with ${launch.sharedBytes} bytes of workgroup memory: the device has ${limits.maxSharedBytes}`,
    );
  }
}

/** The compiler's message with the line that it is about. */
async function explain(
  launch: Pick<Launch, "name" | "source">,
  module: GPUShaderModule | undefined,
  message: string,
): Promise<string> {
  const info = await module?.getCompilationInfo();
  const first = info?.messages.find((m) => m.type === "error");
  if (!first) return `cannot compile ${launch.name}: ${message}`;
  const line = launch.source.split("\n")[first.lineNum - 1] ?? "";
  return `cannot compile ${launch.name}: ${first.lineNum}:${first.linePos}: ${first.message}\n  | ${line}`;
}
