/** Random numbers from a seed: the same seed gives the same sequence on every machine. */
import { uniformInt } from "npm:pure-rand@8.4.0/distribution/uniformInt";
import { xoroshiro128plus, xoroshiro128plusFromState } from "npm:pure-rand@8.4.0/generator/xoroshiro128plus";
import { TunebookError } from "./error.ts";

/** The state of a generator as JSON. */
export type RngState = readonly number[];

type Generator = ReturnType<typeof xoroshiro128plus>;

/** A generator of random numbers. {@linkcode Rng.of} makes one for a seed. */
export class Rng {
  readonly #generator: Generator;

  private constructor(generator: Generator) {
    this.#generator = generator;
  }

  /** A generator for an integer seed. */
  static of(seed: number): Rng {
    if (!Number.isSafeInteger(seed)) {
      throw new TunebookError(`expected seed to be an integer, got ${seed}`);
    }
    // Neighbouring seeds give xoroshiro nearly equal first numbers, so the seed is mixed first.
    const low = mix(seed | 0);
    return new Rng(xoroshiro128plus(mix(low ^ mix(Math.floor(seed / 2 ** 32) | 0))));
  }

  /** Restores the generator whose `state` was saved. */
  static from(state: RngState): Rng {
    if (state.length !== 4 || !state.every((word) => Number.isInteger(word))) {
      throw new TunebookError(
        `expected the state of a generator as four integers, got [${state.join(", ")}]`,
      );
    }
    return new Rng(xoroshiro128plusFromState(state));
  }

  /** An integer of `0 … n-1`; n is at most 2^53. */
  int(n: number): number {
    return uniformInt(this.#generator, 0, n - 1);
  }

  /** A number of [0, 1), in steps of 2^-53. */
  float(): number {
    const high = this.#generator.next() >>> 6, low = this.#generator.next() >>> 5;
    return (high * 2 ** 27 + low) / 2 ** 53;
  }

  /** One element of a list that has some. */
  pick<T>(list: readonly T[]): T {
    if (list.length === 0) throw new TunebookError("cannot pick from an empty list");
    return list[this.int(list.length)] as T;
  }

  /** The list in random order; the list itself stays as it is. */
  shuffle<T>(list: readonly T[]): T[] {
    const out = [...list];
    for (let i = out.length - 1; i > 0; i--) {
      const j = this.int(i + 1);
      [out[i], out[j]] = [out[j] as T, out[i] as T];
    }
    return out;
  }

  /** The state from which {@linkcode Rng.from} goes on. */
  toJSON(): RngState {
    return this.#generator.getState();
  }
}

/** A bijection of 32-bit integers that spreads each bit over all: MurmurHash3's finalizer. */
export function mix(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}
