/** Orders in which a space may be walked, independent of results. */
import type { ConfigSpace } from "../space/config_space.ts";
import { mix, type Rng } from "../base/random.ts";

/** Every index from 0. */
export function* ascending(size: number): Generator<number, void> {
  for (let i = 0; i < size; i++) yield i;
}

/** Gives every index once, in random order, in constant memory. */
export function* shuffled(size: number, rng: Rng): Generator<number, void> {
  const keys = Array.from({ length: 6 }, () => rng.int(2 ** 32) | 0);
  let half = 1;
  while (4 ** half < size) half++;
  const base = 2 ** half;
  // A Feistel network permutes 0 … 4^half-1. Repeating it until the value is below `size` permutes 0 … size-1.
  for (let i = 0; i < size; i++) {
    let x = i;
    do {
      let left = Math.floor(x / base), right = x % base;
      for (const key of keys) [left, right] = [right, (left + (mix(right ^ key) >>> 0)) % base];
      x = left * base + right;
    } while (x >= size);
    yield x;
  }
}

/**
 * Gives every index that accepted single steps of single knobs can reach from `centre`, nearest first, and then all
 * others.
 */
export function* outward(space: ConfigSpace, centre: number): Generator<number, void> {
  const seen = new Set([centre]);
  let ring = [centre];
  while (ring.length > 0) {
    const next: number[] = [];
    for (const index of ring) {
      yield index;
      for (const near of space.neighbours(index, 1)) {
        if (!seen.has(near)) {
          seen.add(near);
          next.push(near);
        }
      }
    }
    ring = next;
  }
  for (const index of ascending(space.size)) if (!seen.has(index)) yield index;
}

/** Walks of each length before the length grows by one. */
const WALKS_PER_LENGTH = 16;
/** The longest walk; beyond it the preset has little influence. */
const LONGEST_WALK = 12;

/** Gives the centre, then the ends of random walks of growing length from it. Indices may repeat. */
export function* widening(space: ConfigSpace, centre: number, rng: Rng): Generator<number, void> {
  yield centre;
  for (let length = 1; length <= LONGEST_WALK; length++) {
    for (let i = 0; i < WALKS_PER_LENGTH; i++) {
      let at = centre;
      for (let step = 0; step < length; step++) {
        const near = space.neighbours(at, 1);
        if (near.length === 0) return;
        at = rng.pick(near);
      }
      yield at;
    }
  }
}
