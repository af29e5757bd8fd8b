/** Medians of samples, their confidence intervals, and ratios of paired samples. */

/** Median of the samples: the figure that is reported. */
export function median(samples: readonly number[]): number {
  const s = samples.toSorted((a, b) => a - b);
  const mid = s.length >> 1;
  return s.length % 2 ? s[mid] ?? NaN : ((s[mid - 1] ?? NaN) + (s[mid] ?? NaN)) / 2;
}

/** Each sample over the one that was taken in turn with it. */
export function ratiosTo(base: readonly number[], samples: readonly number[]): readonly number[] {
  return samples.slice(0, base.length).map((s, k) => s / (base[k] ?? NaN));
}

/** A confidence interval; its level is said where it is used. */
export interface ConfidenceInterval {
  /** Its lower end. */
  readonly low: number;
  /** Its upper end. */
  readonly high: number;
}

/** The share of intervals that may miss. */
const MISSES = 0.05;

/**
 * The confidence interval of a median: the narrowest pair of order statistics, as far from either end, that misses
 * the true median in at most 5% of cases whatever the distribution (the sign test's). Fewer than six samples
 * can't promise that; theirs is from least to most.
 */
export function medianInterval(samples: readonly number[]): ConfidenceInterval {
  const s = samples.toSorted((a, b) => a - b);
  const cut = cutOf(s.length);
  return { low: s[cut] ?? NaN, high: s[s.length - 1 - cut] ?? NaN };
}

/** How many of `n` samples lie outside of their median's interval at either end. */
export function cutOf(n: number): number {
  // The chance that at most k of n samples lie below the median is the sum of C(n, i) / 2^n over i ≤ k.
  let cut = 0, term = 0.5 ** n, below = term;
  for (let k = 1; 2 * k < n; k++) {
    term *= (n - k + 1) / k;
    below += term;
    if (2 * below > MISSES) break;
    cut = k;
  }
  return cut;
}

/** The q-quantile of samples, interpolated; NaN of none. */
export function quantile(samples: readonly number[], q: number): number {
  const s = samples.toSorted((a, b) => a - b);
  const at = q * (s.length - 1);
  const low = s[Math.floor(at)] ?? NaN, high = s[Math.ceil(at)] ?? NaN;
  return low + (high - low) * (at - Math.floor(at));
}
