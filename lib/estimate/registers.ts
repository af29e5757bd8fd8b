import type { Buffer } from "../ir/expr.ts";
import { lifetimeElements, loopsInside, touched } from "./accesses.ts";
import type { StoreNest } from "./store_nests.ts";

/**
 * Counts the values that a thread holds in registers at a time: all elements of what it accumulates, and of what it only
 * reads the elements that one step of the accumulation needs. Compilers move loads close to their use.
 */
export function registersOf(leaves: readonly StoreNest[]): number {
  const isLocal = ({ scope }: Buffer) => scope === "local";
  const accumulated = new Set(
    leaves.filter((l) => l.accumulates && isLocal(l.store.buffer)).map((l) => l.store.buffer),
  );
  let held = 0, read = 0;
  for (const b of accumulated) held += lifetimeElements(b, leaves);
  for (const leaf of leaves) {
    if (!accumulated.has(leaf.store.buffer)) continue;
    const moving = loopsInside(leaf, leaves).filter((l) => (leaf.store.strides[l] ?? 0) !== 0);
    const needed = leaf.loads.filter((a) => isLocal(a.buffer) && !accumulated.has(a.buffer))
      .reduce((n, a) => n + touched(a, leaf, moving), 0);
    read = Math.max(read, needed);
  }
  return held + read;
}
