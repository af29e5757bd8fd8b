import type { ConfigSpace } from "../space/config_space.ts";
import type { Rng } from "../space/rng.ts";

export interface AnnealOptions {
  readonly space: ConfigSpace;
  readonly rng: Rng;
  /** Where the chains begin, one each. */
  readonly starts: readonly number[];
  readonly steps: number;
  /** Higher is better; differences of about 1 are large. */
  readonly score: (index: number) => number;
}

export interface Annealed {
  /** Where the chains have ended, to go on from. */
  readonly ends: readonly number[];
  /** Every point that was visited, with its score. */
  readonly visited: ReadonlyMap<number, number>;
}

/**
 * Simulated annealing by chains side by side (AutoTVM's optimizer): the temperature falls from 1 to 0 in
 * even steps, a step down by d is taken with probability exp(-d / temperature). A move is a near step of
 * one knob, or, every other time, any value of one knob.
 */
export function anneal({ space, rng, starts, steps, score }: AnnealOptions): Annealed {
  const visited = new Map<number, number>();
  const look = (index: number): number => {
    let s = visited.get(index);
    if (s === undefined) visited.set(index, s = score(index));
    return s;
  };
  const ends = [...starts];
  for (const index of ends) look(index);
  for (let step = 0; step < steps; step++) {
    const temperature = 1 - step / steps;
    for (const [chain, at] of ends.entries()) {
      const to = move(space, rng, at);
      const gain = look(to) - look(at);
      if (gain >= 0 || rng.float() < Math.exp(gain / (temperature + 1e-5))) ends[chain] = to;
    }
  }
  return { ends, visited };
}

function move(space: ConfigSpace, rng: Rng, at: number): number {
  if (space.knobs.length === 0) return at;
  if (rng.int(2) === 0) {
    const near = space.neighbours(at, 1);
    if (near.length > 0) return rng.pick(near);
  }
  const digits = [...space.digits(at)];
  const knob = rng.int(digits.length);
  digits[knob] = rng.int(space.knobs[knob]?.candidates.length ?? 1);
  return space.indexOfDigits(digits);
}
