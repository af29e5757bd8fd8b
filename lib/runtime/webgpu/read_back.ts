import { nextTurn } from "../platform.ts";
import type { CopySource } from "./storage.ts";

/** Idle staging buffers are kept up to this total, bytes. */
const IDLE_BYTES = 1 << 26;
const LEAST_BYTES = 256;
const WORD = 4;

/**
 * Runtimes whose `mapAsync` blocks until the device is idle: the mapping exists when it returns, but the promise settles
 * at the next poll, 10 ms later. Elsewhere `getMappedRange` throws until then, as the standard says. A runtime might
 * also end the process, so the list has only runtimes that were tested.
 */
const MAPS_AT_ONCE = /^Deno 2\.[6-9]\./;

interface Staged {
  readonly staging: GPUBuffer;
  readonly bytes: number;
}

/** Brings results from a device, in staging buffers that are used again and again. */
export class ReadBack implements Disposable {
  readonly #atOnce: boolean;
  readonly #idle: GPUBuffer[] = [];
  #open = true;

  /** Reads back from `device`, as the host `runtime` needs it. */
  constructor(readonly device: GPUDevice, runtime: string) {
    this.#atOnce = MAPS_AT_ONCE.test(runtime);
  }

  /** Submits what is encoded, and after it copies of `sources`; waits once for all of it. */
  async submit(encoder: GPUCommandEncoder, sources: readonly CopySource[]): Promise<readonly ArrayBuffer[]> {
    const staged = sources.map((s): CopySource & Staged => ({ ...s, staging: this.#take(s.bytes) }));
    for (const { buffer, staging, bytes } of staged) {
      encoder.copyBufferToBuffer(buffer, 0, staging, 0, bytes);
    }
    // A submission without results waits for a word that is cleared.
    const all: readonly Staged[] = staged.length > 0 ? staged : [{ staging: this.#take(WORD), bytes: WORD }];
    if (staged.length === 0) encoder.clearBuffer(all[0]?.staging as GPUBuffer, 0, WORD);
    this.device.queue.submit([encoder.finish()]);
    try {
      const ranges = await this.#map(all);
      const copies = staged.map((_, k) => (ranges[k] as ArrayBuffer).slice(0));
      for (const { staging } of all) {
        staging.unmap();
        this.#give(staging);
      }
      return copies;
    } catch (e) {
      for (const { staging } of all) staging.destroy();
      throw e;
    }
  }

  async #map(staged: readonly Staged[]): Promise<readonly ArrayBuffer[]> {
    const ranges: ArrayBuffer[] = [];
    const take = () => {
      for (const s of staged.slice(ranges.length)) ranges.push(s.staging.getMappedRange(0, s.bytes));
      return ranges;
    };
    const mapped = Promise.all(staged.map((s) => s.staging.mapAsync(GPUMapMode.READ, 0, s.bytes)));
    if (this.#atOnce) {
      mapped.catch(() => {});
      try {
        take();
        // Runs one after the other still let timers and signals through.
        await nextTurn();
        return ranges;
      } catch (e) {
        if (!(e instanceof DOMException)) throw e;
      }
    }
    await mapped;
    return take();
  }

  /** Takes an idle buffer of at least `bytes` bytes, or makes one. */
  #take(size: number): GPUBuffer {
    const wanted = size > IDLE_BYTES ? size : 2 ** Math.ceil(Math.log2(Math.max(size, LEAST_BYTES)));
    const known = this.#idle.findIndex((b) => b.size === wanted);
    if (known >= 0) return this.#idle.splice(known, 1)[0] as GPUBuffer;
    const made = this.device.createBuffer({
      size: wanted,
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
      // A buffer that was never mapped has no mode of mapping yet, which reading at once needs.
      mappedAtCreation: this.#atOnce,
    });
    if (this.#atOnce) made.unmap();
    return made;
  }

  #give(staging: GPUBuffer): void {
    const idle = this.#idle.reduce((n, b) => n + b.size, staging.size);
    if (this.#open && idle <= IDLE_BYTES) this.#idle.push(staging);
    else staging.destroy();
  }

  /** Frees its staging buffers. */
  [Symbol.dispose](): void {
    this.#open = false;
    for (const b of this.#idle.splice(0)) b.destroy();
  }
}
