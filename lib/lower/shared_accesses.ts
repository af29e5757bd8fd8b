import type { Buffer, Expr } from "../ir/expr.ts";

/** Accesses of statements to shared memory: the indices of each buffer, by their keys. */
export class Touched {
  readonly reads: Places = new Map();
  readonly writes: Places = new Map();

  get isEmpty(): boolean {
    return this.reads.size === 0 && this.writes.size === 0;
  }

  /** Adds the accesses of `other`, in place for speed. Returns true if any is new. */
  add(other: Touched): boolean {
    const reads = addPlaces(this.reads, other.reads);
    return addPlaces(this.writes, other.writes) || reads;
  }

  copy(): Touched {
    const copy = new Touched();
    copy.add(this);
    return copy;
  }

  clear(): void {
    this.reads.clear();
    this.writes.clear();
  }
}
export type Places = Map<Buffer, Map<string, Expr>>;

function addPlaces(to: Places, from: Places): boolean {
  let grown = false;
  for (const [buffer, indices] of from) {
    for (const [key, index] of indices) grown = addPlace(to, buffer, key, index) || grown;
  }
  return grown;
}

export function addPlace(to: Places, buffer: Buffer, key: string, index: Expr): boolean {
  let known = to.get(buffer);
  if (!known) to.set(buffer, known = new Map());
  if (known.has(key)) return false;
  known.set(key, index);
  return true;
}
