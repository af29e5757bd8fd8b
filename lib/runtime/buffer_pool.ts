import type { Shapes } from "./arguments.ts";

/** The most bytes, and the most buffer sets, that a pool keeps. */
const IDLE_BYTES = 1 << 26;
const MOST = 256;

/** A set of buffers for one run. */
export interface BufferSet extends Disposable {
  /** What it takes on the device. */
  readonly bytes: number;
}

/** A pool of idle buffer sets on a device, by program and shapes. The oldest are freed first. */
export class BufferPool<P extends BufferSet> implements Disposable {
  readonly #idle: { readonly owner: object; readonly key: string; readonly place: P }[] = [];
  #bytes = 0;

  /** Takes an idle set of the same owner and shapes, if there is one. */
  take(owner: object, shapes: Shapes): P | undefined {
    const key = keyOf(shapes);
    const at = this.#idle.findLastIndex((i) => i.owner === owner && i.key === key);
    return at < 0 ? undefined : this.#remove(at);
  }

  /** Puts a set back that is no longer in use. */
  give(owner: object, shapes: Shapes, place: P): void {
    this.#idle.push({ owner, key: keyOf(shapes), place });
    this.#bytes += place.bytes;
    // The last one stays, however large: the next run needs it.
    while (this.#idle.length > 1 && (this.#bytes > IDLE_BYTES || this.#idle.length > MOST)) {
      this.#remove(0)[Symbol.dispose]();
    }
  }

  /** Frees all sets of an owner. */
  clear(owner: object): void {
    for (let k = this.#idle.length - 1; k >= 0; k--) {
      if (this.#idle[k]?.owner === owner) this.#remove(k)[Symbol.dispose]();
    }
  }

  #remove(at: number): P {
    const place = this.#idle.splice(at, 1)[0]?.place as P;
    this.#bytes -= place.bytes;
    return place;
  }

  /** Frees all sets. */
  drain(): void {
    while (this.#idle.length > 0) this.#remove(0)[Symbol.dispose]();
  }

  /** Frees all sets. */
  [Symbol.dispose](): void {
    this.drain();
  }
}

function keyOf(shapes: Shapes): string {
  return JSON.stringify(Object.entries(shapes).toSorted(([a], [b]) => a < b ? -1 : 1));
}
