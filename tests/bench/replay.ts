/** A search replayed on a space whose every point was measured before: the same answers in a thousandth of the time. */
import type { Tuner, TunerOptions } from "../../lib/autotvm/tuner.ts";
import type { ConfigSpace } from "../../lib/space/config_space.ts";

/** A device that answers from memory. */
export interface Replay {
  readonly name: string;
  readonly space: ConfigSpace;
  /** The best score of all. */
  readonly best: number;
  /** Higher is better; undefined where the candidate failed. */
  score(index: number): number | undefined;
  /** What a model may know of the point; undefined where the template rejects it. */
  features(index: number): Float64Array | undefined;
}

/** The best score so far after each trial, as a share of the space's best. */
export type Curve = readonly number[];

/** One search of `trials` points, asked for as `tune` does. */
export function searchOn(
  { space, best, score, features }: Replay,
  make: (options: TunerOptions) => Tuner,
  { seed, start, trials, batch = 8, aim = Infinity }: {
    readonly seed: number;
    readonly start: TunerOptions["start"];
    readonly trials: number;
    readonly batch?: number;
    /** Ends it once this share of the best is reached. */
    readonly aim?: number;
  },
): Curve {
  const tuner = make({ space, seed, start, trials, features });
  const curve: number[] = [];
  let share = 0;
  while (curve.length < trials && share < aim) {
    const asked = tuner.ask(Math.min(batch, trials - curve.length));
    if (asked.length === 0) break;
    for (const index of asked) {
      const answer = score(index);
      tuner.tell([{ index, score: answer }]);
      curve.push(share = Math.max(share, (answer ?? 0) / best));
    }
  }
  return curve;
}

/** Trials until this share was reached; Infinity where it was not. */
export function trialsTo(curve: Curve, share: number): number {
  const at = curve.findIndex((s) => s >= share);
  return at < 0 ? Infinity : at + 1;
}
