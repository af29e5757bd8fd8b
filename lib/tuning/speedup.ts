/** How much faster one schedule is than another, by their common rounds. */
import { type ConfidenceInterval, median, medianInterval, ratiosTo } from "../base/statistics.ts";

/** A speedup, and its 95% confidence interval. */
export interface Speedup extends ConfidenceInterval {
  /** The median over the rounds. */
  readonly ratio: number;
}

/** The samples of a schedule, milliseconds: one per round. */
interface Sampled {
  readonly samples: readonly number[];
}

/** Gives the speedup of `a` over `b`, round by round, so that drift cancels. */
export function speedup(a: Sampled, b: Sampled): Speedup {
  const ratios = ratiosTo(a.samples, b.samples);
  return { ratio: median(ratios), ...medianInterval(ratios) };
}

/** Tells whether the two differ significantly; false for an A/A comparison. */
export function differs({ low, high }: ConfidenceInterval): boolean {
  return low > 1 || high < 1;
}
