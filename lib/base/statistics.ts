/** Medians of samples, their confidence intervals, and ratios of paired samples. */
import { checkArgument, type Kind } from "./check_options.ts";
import { passing } from "./option_kinds.ts";

/** The kind of a list of samples; a sample that failed is NaN. */
export const samplesKind: Kind<readonly number[]> = passing(
  "a list of numbers",
  (x) => ArrayBuffer.isView(x) || (Array.isArray(x) && x.every((v) => typeof v === "number")),
);

/**
 * Median of the samples: the figure that is reported.
 *
 * @throws {OptionError} for an argument of a wrong kind
 */
export function median(samples: readonly number[]): number {
  checkArgument("records.median", "samples", samples, samplesKind);
  const s = samples.toSorted((a, b) => a - b);
  const mid = s.length >> 1;
  return s.length % 2 ? s[mid] ?? NaN : ((s[mid - 1] ?? NaN) + (s[mid] ?? NaN)) / 2;
}

/** Divides each sample by the one that was interleaved with it. */
export function ratiosTo(base: readonly number[], samples: readonly number[]): readonly number[] {
  return samples.slice(0, base.length).map((s, k) => s / (base[k] ?? NaN));
}

/** A confidence interval; its level is stated where it is used. */
export interface ConfidenceInterval {
  /** Its lower end. */
  readonly low: number;
  /** Its upper end. */
  readonly high: number;
}

/** The share of intervals that may miss. */
const MISSES = 0.05;

/**
 * Gives the 95% confidence interval of a median, by the sign test. It is the narrowest pair of order statistics, equally
 * far from both ends, that misses the true median in at most 5% of cases, for any distribution. Fewer than six samples
 * can't promise that; their interval goes from the least to the greatest sample.
 *
 * @throws {OptionError} for an argument of a wrong kind
 */
export function medianInterval(samples: readonly number[]): ConfidenceInterval {
  checkArgument("records.medianInterval", "samples", samples, samplesKind);
  const s = samples.toSorted((a, b) => a - b);
  const cut = cutOf(s.length);
  return { low: s[cut] ?? NaN, high: s[s.length - 1 - cut] ?? NaN };
}

/** Counts the samples, of `n`, that lie outside of their median's interval at each end. */
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

/** Gives the q-quantile of samples, interpolated; NaN for no samples. */
export function quantile(samples: readonly number[], q: number): number {
  const s = samples.toSorted((a, b) => a - b);
  const at = q * (s.length - 1);
  const low = s[Math.floor(at)] ?? NaN, high = s[Math.ceil(at)] ?? NaN;
  return low + (high - low) * (at - Math.floor(at));
}
