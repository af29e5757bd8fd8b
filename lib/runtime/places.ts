import type { Shapes } from "./arguments.ts";

/** What nobody uses is kept up to so many bytes together. */
const IDLE_BYTES = 1 << 26;
const MOST = 16;

/** A place that a run may have for itself. */
interface Room extends Disposable {
  readonly bytes: number;
}

/** Places in which nothing runs at the moment, for the next run of the same shapes; the oldest go first. */
export class Places<P extends Room> implements Disposable {
  readonly #idle: { readonly key: string; readonly place: P }[] = [];
  #open = true;

  take(shapes: Shapes): P | undefined {
    const key = keyOf(shapes);
    const at = this.#idle.findLastIndex((i) => i.key === key);
    return at < 0 ? undefined : this.#idle.splice(at, 1)[0]?.place;
  }

  give(shapes: Shapes, place: P): void {
    this.#idle.push({ key: keyOf(shapes), place });
    let bytes = this.#idle.reduce((n, i) => n + i.place.bytes, 0);
    while (this.#idle.length > 0 && (!this.#open || bytes > IDLE_BYTES || this.#idle.length > MOST)) {
      const oldest = this.#idle.shift()?.place as P;
      bytes -= oldest.bytes;
      oldest[Symbol.dispose]();
    }
  }

  [Symbol.dispose](): void {
    this.#open = false;
    for (const { place } of this.#idle.splice(0)) place[Symbol.dispose]();
  }
}

function keyOf(shapes: Shapes): string {
  return JSON.stringify(Object.entries(shapes).toSorted(([a], [b]) => a < b ? -1 : 1));
}
