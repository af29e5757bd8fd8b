import type { ConfigSpace } from "../space/config_space.ts";
import type { Rng } from "../base/random.ts";

export interface AnnealOptions {
  readonly space: ConfigSpace;
  readonly rng: Rng;
  /** The points at which the chains begin, one per chain. */
  readonly starts: readonly number[];
  readonly steps: number;
  /** Higher is better; differences of about 1 are large. */
  readonly score: (index: number) => number;
  /** Probability that a move is a near step of one knob, not a random value of it. Default 0.5. */
  readonly near?: number;
  /** Ends it once the best `points` points have not changed for `steps` steps (AutoTVM: 64 and 50). */
  readonly settled?: { readonly points: number; readonly steps: number };
}

export interface Annealed {
  /** The points at which the chains ended; a next call can start there. */
  readonly ends: readonly number[];
  /** Every point that was visited, with its score. */
  readonly visited: ReadonlyMap<number, number>;
}

/**
 * Runs simulated annealing in parallel chains (AutoTVM's optimizer). The temperature falls from 1 to 0 in equal steps. A
 * move that lowers the score by d is accepted with probability exp(-d / temperature).
 */
export function anneal(
  { space, rng, starts, steps, score, near = 0.5, settled }: AnnealOptions,
): Annealed {
  const visited = new Map<number, number>();
  const best: number[] = [];
  let changed = 0, now = 0;
  const look = (index: number): number => {
    let s = visited.get(index);
    if (s === undefined) {
      visited.set(index, s = score(index));
      if (settled && enters(best, s, settled.points)) changed = now;
    }
    return s;
  };
  const ends = [...starts];
  for (const index of ends) look(index);
  for (let step = 0; step < steps; step++) {
    if (settled && step - changed >= settled.steps) break;
    now = step;
    const temperature = 1 - step / steps;
    for (const [chain, at] of ends.entries()) {
      const to = move(space, rng, at, near);
      const gain = look(to) - look(at);
      if (gain >= 0 || rng.float() < Math.exp(gain / (temperature + 1e-5))) ends[chain] = to;
    }
  }
  return { ends, visited };
}

/** Puts a score among the best `points`, ascending, if it belongs there. */
function enters(best: number[], score: number, points: number): boolean {
  if (best.length >= points && score <= (best[0] ?? 0)) return false;
  const at = best.findIndex((s) => s > score);
  best.splice(at < 0 ? best.length : at, 0, score);
  if (best.length > points) best.shift();
  return true;
}

/** Values that constraints may refuse before a move is given up. */
const ATTEMPTS = 8;

function move(space: ConfigSpace, rng: Rng, at: number, near: number): number {
  if (space.knobs.length === 0) return at;
  if (rng.float() < near) {
    const steps = space.neighbours(at, 1);
    if (steps.length > 0) return rng.pick(steps);
  }
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const digits = [...space.digits(at)];
    const knob = rng.int(digits.length);
    digits[knob] = rng.int(space.knobs[knob]?.candidates.length ?? 1);
    const to = space.indexOfDigits(digits);
    if (space.accepts(to)) return to;
  }
  return at;
}
