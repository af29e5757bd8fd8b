/** What came of one candidate. */

/** Where a candidate failed; never a score. */
export type Failure =
  | "instantiate" // the template or a schedule step refused it
  | "verify" // a limit of the device stands against it
  | "lower" // lowering refused it
  | "compile" // the driver refused it
  | "run" // a validation or out-of-memory error while running
  | "wrongAnswer" // it ran, and the results are not the reference's
  | "timeout" // it did not end within the deadline
  | "deviceLost"; // the device or the measuring process went away

export interface Success {
  readonly status: "ok";
  /**
   * Milliseconds of one run of the whole program, one entry a sample. All are kept, but those that made a
   * candidate look faster than the incumbent: chosen by their luck, they say nothing, and new ones were taken.
   */
  readonly samples: readonly number[];
  /** The incumbent that was sampled in turn with it: what it was known to take, and its samples in this turn. */
  readonly against?: { readonly ms: number; readonly samples: readonly number[] };
  /** The clock that `samples` were read from. */
  readonly clock: "timestamp" | "wall" | "cpu";
  /** Milliseconds from source to the end of the first run. */
  readonly compileMs: number;
  /** Largest |result - reference| / (|reference| + scale of the output), over all outputs. */
  readonly maxError: number;
}

export interface Failed {
  readonly status: Failure;
  readonly message: string;
  readonly compileMs: number;
}

export type Measurement = Success | Failed;

/** Median of the samples: the figure that is reported. */
export function median(samples: readonly number[]): number {
  const s = samples.toSorted((a, b) => a - b);
  const mid = s.length >> 1;
  return s.length % 2 ? s[mid] ?? NaN : ((s[mid - 1] ?? NaN) + (s[mid] ?? NaN)) / 2;
}

/**
 * Milliseconds of a run: the median of the samples; where an incumbent was sampled in turn, the median ratio to
 * it, in which drift cancels, times what the incumbent was known to take.
 */
export function msOf({ samples, against }: Pick<Success, "samples" | "against">): number {
  return against ? median(ratiosTo(against.samples, samples)) * against.ms : median(samples);
}

/** Each sample over the one that was taken in turn with it. */
export function ratiosTo(base: readonly number[], samples: readonly number[]): readonly number[] {
  return samples.slice(0, base.length).map((s, k) => s / (base[k] ?? NaN));
}

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** The share of intervals that may miss. */
const MISSES = 0.05;

/**
 * The confidence interval of a median: the narrowest pair of order statistics, as far from either end, that misses
 * the true median in at most 5% of cases whatever the distribution (the sign test's). Fewer than six samples
 * can't promise that; theirs is from least to most.
 */
export function medianInterval(samples: readonly number[]): Interval {
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
