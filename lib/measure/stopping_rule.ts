/** Decides when there are enough samples. */
import { cutOf, median, medianInterval } from "../base/statistics.ts";

/** The relative width of an interval at which the median of a first candidate is accurate enough. */
const PRECISE = { samples: 3, width: 0.05 } as const;
/** A candidate that is slower by this ratio in each of the first samples needs no further samples. */
const CLEARLY = { samples: 2, ratio: 1.1 } as const;
/** A ratio to the incumbent at which a difference does not matter. */
const ALIKE = { samples: 4, width: 0.02 } as const;
/** Least number of samples for a valid confidence interval. */
const PROMISES = 6;

/** Tells whether the median of some samples is accurate enough for an incumbent. */
export function isPrecise(samples: readonly number[]): boolean {
  const { low, high } = medianInterval(samples);
  return samples.length >= PRECISE.samples && high - low <= PRECISE.width * median(samples);
}

/**
 * Tells whether the ratios to the incumbent (`most` at the end) decide the comparison. They do if the candidate is
 * slower, faster or close enough, or if further ratios can no longer show that it is faster.
 */
export function isSettled(ratios: readonly number[], most: number): boolean {
  const n = ratios.length;
  const { low, high } = medianInterval(ratios);
  return ratios.filter((r) => r >= 1).length > cutOf(most) ||
    (n >= CLEARLY.samples && Math.min(...ratios) > CLEARLY.ratio) ||
    (n >= ALIKE.samples && high - low <= ALIKE.width) ||
    (n >= PROMISES && high < 1);
}

/** Tells whether ratios to the incumbent show that a candidate is faster. */
export function isFaster(ratios: readonly number[]): boolean {
  return ratios.length >= ALIKE.samples && medianInterval(ratios).high < 1;
}
