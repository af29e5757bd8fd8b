/** Which of several searches should have the next turn. */

/** How far one search of several is. */
export interface TaskState {
  /** Times that its program runs in the whole. */
  readonly weight: number;
  /** Milliseconds of the best after each trial, the latest last; empty before the first success. */
  readonly bestMs: readonly number[];
  /** What its program takes at least, milliseconds: the roofline; 0 where it is not known. */
  readonly leastMs: number;
  /** Seconds of the search so far. */
  readonly seconds: number;
}

/** Share of what a search has gained lately in what it is expected to gain; the rest is optimism that fades. */
const RECENT = 0.2;
/** Trials that count as lately. */
const WINDOW = 8;

/**
 * Milliseconds of the whole that another second of a search is expected to save: MetaSchedule's task gradient
 * (α times the latest gain a trial, and 1 - α times the best over the number of trials, as each trial is one
 * more draw from what is left), but per second instead of per trial, and no more than the roofline leaves.
 */
export function expectedGain({ weight, bestMs, leastMs, seconds }: TaskState): number {
  const trials = bestMs.length, best = bestMs.at(-1);
  if (best === undefined || seconds <= 0) return Infinity;
  const before = bestMs.at(-1 - WINDOW) ?? bestMs[0] ?? best;
  const recent = (before - best) / Math.min(WINDOW, trials);
  const perTrial = Math.min(RECENT * recent + (1 - RECENT) * best / trials, Math.max(0, best - leastMs));
  return weight * perTrial * trials / seconds;
}
