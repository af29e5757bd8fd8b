import type { Shapes } from "../arguments.ts";
import type { Launch, TextureCopy } from "../../codegen/executable.ts";
import { evaluate } from "../../ir/json.ts";
import type { Gpu } from "./gpu.ts";
import { gridOf } from "./launch_limits.ts";
import type { Passes } from "./passes.ts";
import type { CopySource, Storage } from "./storage.ts";

/** The most bind groups of one launch. A run whose tensors are others each time makes them again. */
const MOST_GROUPS = 8;

/** A launch with its pipeline. */
export interface Compiled {
  /** The launch itself. */
  readonly launch: Launch;
  /** Its compiled pipeline. */
  readonly pipeline: GPUComputePipeline;
}

/** A launch for certain shapes. Its bind groups are made once for each choice of storages. */
export class BoundLaunch implements Disposable {
  readonly #compiled: Compiled;
  readonly #grid: readonly [number, number, number];
  readonly #uniforms: GPUBuffer | undefined;
  readonly #copies: readonly (TextureCopy & { readonly count: number })[];
  readonly #groups = new Map<string, GPUBindGroup>();

  /** @throws {LaunchLimitError} for a grid past the device's limits */
  constructor(readonly gpu: Gpu, compiled: Compiled, shapes: Shapes) {
    const { device, target } = gpu;
    const [grid, values] = gridOf(compiled.launch, shapes, target);
    this.#compiled = compiled;
    this.#grid = grid;
    this.#copies = (compiled.launch.copies ?? []).map((c) => ({ ...c, count: evaluate(c.texels, shapes) }));
    if (values.length === 0) return;
    const size = Math.ceil(values.length / 4) * 16;
    this.#uniforms = device.createBuffer({ size, usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST });
    device.queue.writeBuffer(this.#uniforms, 0, Int32Array.from(values));
  }

  /** Whether it runs when the inputs are bound or prepared. */
  get prepares(): boolean {
    return this.#compiled.launch.prepares;
  }

  /** Whether copies go before it. */
  get copies(): boolean {
    return this.#copies.length > 0;
  }

  /** Adds it to passes, on the storages that `find` gives by name. Its copies to textures end a pass. */
  dispatch(passes: Passes, find: (name: string) => Storage): void {
    for (const { from, slot, to, count } of this.#copies) {
      const { source, part } = find(from), { buffer } = source as CopySource;
      const offset = slot === undefined ? 0 : part?.(slot).offset ?? 0;
      find(to).fill?.(passes.between(), buffer, offset, count);
    }
    const { pass } = passes;
    pass.setPipeline(this.#compiled.pipeline);
    pass.setBindGroup(0, this.#groupOf(this.#compiled.launch.bindings.map((b) => find(b.name))));
    pass.dispatchWorkgroups(...this.#grid);
  }

  #groupOf(storages: readonly Storage[]): GPUBindGroup {
    const key = storages.map((s) => s.id).join();
    const known = this.#groups.get(key);
    if (known) {
      // The order is that of their last use.
      if (this.#groups.size > 1) {
        this.#groups.delete(key);
        this.#groups.set(key, known);
      }
      return known;
    }
    const { bindings } = this.#compiled.launch;
    const entries: GPUBindGroupEntry[] = storages.map(({ resource, part }, binding) => {
      const slot = bindings[binding]?.slot;
      return { binding, resource: slot === undefined || !part ? resource : part(slot) };
    });
    const buffer = this.#uniforms;
    if (buffer) entries.push({ binding: entries.length, resource: { buffer } });
    const made = this.gpu.device.createBindGroup({
      layout: this.#compiled.pipeline.getBindGroupLayout(0),
      entries,
    });
    this.#groups.set(key, made);
    const [oldest] = this.#groups.keys();
    if (this.#groups.size > MOST_GROUPS && oldest !== undefined) this.#groups.delete(oldest);
    return made;
  }

  /** Frees its uniforms. */
  [Symbol.dispose](): void {
    this.#uniforms?.destroy();
    this.#groups.clear();
  }
}
