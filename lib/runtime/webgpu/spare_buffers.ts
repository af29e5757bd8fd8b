import type { Ledger } from "../ledger.ts";
import type { BufferStorage } from "./storage.ts";

/** The most bytes of spare buffers, and the most of them. */
const MOST_BYTES = 1 << 26;
const MOST = 256;

/** Buffers of tensors that are gone, for the next tensors of their size. The oldest are freed first. */
export class SpareBuffers implements Disposable {
  readonly #idle: { readonly buffer: GPUBuffer; readonly release: () => void }[] = [];
  #open = true;

  /** Counts what it keeps in `ledger`. */
  constructor(readonly ledger: Ledger) {}

  /** Takes a buffer of this size, if there is one. */
  take(size: number): GPUBuffer | undefined {
    const at = this.#idle.findLastIndex((i) => i.buffer.size === size);
    if (at < 0) return undefined;
    const [found] = this.#idle.splice(at, 1);
    found?.release();
    return found?.buffer;
  }

  /** Takes the buffer out of a storage that nothing uses any more. */
  give(storage: BufferStorage): void {
    const buffer = storage.release();
    if (!this.#open || buffer.size > MOST_BYTES) return buffer.destroy();
    this.#idle.push({ buffer, release: this.ledger.take("idle", buffer.size) });
    let bytes = this.#idle.reduce((n, i) => n + i.buffer.size, 0);
    while (bytes > MOST_BYTES || this.#idle.length > MOST) bytes -= this.#drop();
  }

  #drop(): number {
    const oldest = this.#idle.shift();
    oldest?.release();
    oldest?.buffer.destroy();
    return oldest?.buffer.size ?? 0;
  }

  /** Frees all that is idle. */
  clear(): void {
    while (this.#idle.length > 0) this.#drop();
  }

  /** Frees all, now and later. */
  [Symbol.dispose](): void {
    this.#open = false;
    this.clear();
  }
}
