import type { Shapes } from "./arguments.ts";

/** What nobody uses is kept up to so many bytes together, and so many places. */
const IDLE_BYTES = 1 << 26;
const MOST = 256;

/** A place that a run may have for itself. */
interface Room extends Disposable {
  readonly bytes: number;
}

/**
 * A device's places in which nothing runs at the moment, for the next run by the same owner with the same shapes. The
 * oldest go first.
 */
export class BufferPool<P extends Room> implements Disposable {
  readonly #idle: { readonly owner: object; readonly key: string; readonly place: P }[] = [];
  #bytes = 0;

  take(owner: object, shapes: Shapes): P | undefined {
    const key = keyOf(shapes);
    const at = this.#idle.findLastIndex((i) => i.owner === owner && i.key === key);
    return at < 0 ? undefined : this.#remove(at);
  }

  give(owner: object, shapes: Shapes, place: P): void {
    this.#idle.push({ owner, key: keyOf(shapes), place });
    this.#bytes += place.bytes;
    while (this.#bytes > IDLE_BYTES || this.#idle.length > MOST) this.#remove(0)[Symbol.dispose]();
  }

  /** Lets go of what an owner has left. */
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

  [Symbol.dispose](): void {
    while (this.#idle.length > 0) this.#remove(0)[Symbol.dispose]();
  }
}

function keyOf(shapes: Shapes): string {
  return JSON.stringify(Object.entries(shapes).toSorted(([a], [b]) => a < b ? -1 : 1));
}
