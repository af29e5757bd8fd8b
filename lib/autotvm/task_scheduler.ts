/** Chooses the search that gets the next slice of a shared budget. */

/** The progress of one search of several. */
export interface TaskState {
  /** Times that its program runs in the whole. */
  readonly weight: number;
  /** Milliseconds of the best after each trial, the latest last; empty before the first success. */
  readonly bestMs: readonly number[];
  /** The roofline bound of its program, milliseconds; 0 if unknown. */
  readonly leastMs: number;
  /** Seconds of the search so far. */
  readonly seconds: number;
}

/** Weight of the recent gain in the expected gain; the rest is optimism that fades. */
const RECENT = 0.2;
/** Trials that count as recent. */
const WINDOW = 8;

/**
 * Estimates the milliseconds of the whole that another second of a search saves. It is MetaSchedule's task gradient: α
 * times the recent gain per trial, plus 1 - α times the best time over the number of trials. Here it is per second
 * instead of per trial, and limited by the roofline.
 */
export function expectedGain({ weight, bestMs, leastMs, seconds }: TaskState): number {
  const trials = bestMs.length, best = bestMs.at(-1);
  if (best === undefined || seconds <= 0) return Infinity;
  const before = bestMs.at(-1 - WINDOW) ?? bestMs[0] ?? best;
  const recent = (before - best) / Math.min(WINDOW, trials);
  const perTrial = Math.min(RECENT * recent + (1 - RECENT) * best / trials, Math.max(0, best - leastMs));
  return weight * perTrial * trials / seconds;
}
