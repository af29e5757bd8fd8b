/** When enough has been sampled for what is to be decided. */
import { cutOf, median, medianInterval } from "../base/statistics.ts";

/** A first candidate's median is known well enough when its interval is so narrow, relative to it. */
const PRECISE = { samples: 3, width: 0.05 } as const;
/** Slower than the incumbent by so much in each of the first samples: nobody needs to know by how much exactly. */
const CLEARLY = { samples: 2, ratio: 1.1 } as const;
/** So near to the incumbent that it does not matter which is faster. */
const ALIKE = { samples: 4, width: 0.02 } as const;
/** From so many samples on an interval promises what it says. */
const PROMISES = 6;

/** Whether the median of some samples is known well enough to be the one that others are held against. */
export function isPrecise(samples: readonly number[]): boolean {
  const { low, high } = medianInterval(samples);
  return samples.length >= PRECISE.samples && high - low <= PRECISE.width * median(samples);
}

/**
 * Whether ratios to the incumbent, of which there may be `most`, say that a candidate is slower or faster, or that
 * it is so near that it is no matter; or whether no ratios to come could say any more that it is faster.
 */
export function isSettled(ratios: readonly number[], most: number): boolean {
  const n = ratios.length;
  const { low, high } = medianInterval(ratios);
  return ratios.filter((r) => r >= 1).length > cutOf(most) ||
    (n >= CLEARLY.samples && Math.min(...ratios) > CLEARLY.ratio) ||
    (n >= ALIKE.samples && high - low <= ALIKE.width) ||
    (n >= PROMISES && high < 1);
}

/** Whether ratios to the incumbent say that a candidate is faster. */
export function isFaster(ratios: readonly number[]): boolean {
  return ratios.length >= ALIKE.samples && medianInterval(ratios).high < 1;
}
