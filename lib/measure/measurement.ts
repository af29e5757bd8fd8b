import { median, ratiosTo } from "../base/statistics.ts";

/** The results of measuring one candidate. */

/** Where a candidate failed; never a score. */
export type Failure =
  | "instantiate" // the template or a schedule step refused it
  | "verify" // it exceeds a limit of the device
  | "lower" // lowering refused it
  | "compile" // the driver refused it
  | "run" // a validation or out-of-memory error while running
  | "wrongAnswer" // it ran, and its results differ from the reference
  | "timeout" // it did not end within the deadline
  | "outOfMemory" // the measuring process took more memory than it may
  | "deviceLost"; // the device or the measuring process went away

/** A candidate that is right, and its times. */
export interface Success {
  /** Marks a success. */
  readonly status: "ok";
  /**
   * Milliseconds of one run of the whole program, one entry per sample. All samples are kept, with one exception: samples
   * that made a candidate look faster than the incumbent are replaced by fresh ones, because they were selected by luck.
   */
  readonly samples: readonly number[];
  /** The incumbent that was interleaved with it: its known time, and its samples of this measurement. */
  readonly against?: { readonly ms: number; readonly samples: readonly number[] };
  /** The clock that `samples` were read from. */
  readonly clock: "timestamp" | "wall" | "cpu";
  /** Milliseconds from source to the end of the first run. */
  readonly compileMs: number;
  /** Largest |result - reference| / (|reference| + scale of the output), over all outputs. */
  readonly maxError: number;
  /**
   * Runs whose results were checked and right, timed or not. Ninety exclude an error in 5% of the runs with a
   * probability of 99%; a slow candidate has fewer. Absent where it was measured by an earlier version.
   */
  readonly checkedRuns?: number;
}

/** A candidate that failed. */
export interface Failed {
  /** Where it failed. */
  readonly status: Failure;
  /** Why, in words. */
  readonly message: string;
  /** Milliseconds from its source to the failure; NaN if it has no source. */
  readonly compileMs: number;
}

/** The result of one candidate: times, or a failure. */
export type Measurement = Success | Failed;

/**
 * Gives the milliseconds of a run: the median of the samples. With an interleaved incumbent it is the median ratio to it,
 * in which drift cancels, times the known time of the incumbent.
 */
export function msOf({ samples, against }: Pick<Success, "samples" | "against">): number {
  return against ? median(ratiosTo(against.samples, samples)) * against.ms : median(samples);
}

/**
 * Returns the largest share of wrong runs that this number of checked runs can miss, with a probability of 99% of
 * catching one: 5% for ninety.
 */
export function excludedRate(checkedRuns: number): number {
  return checkedRuns > 0 ? 1 - 0.01 ** (1 / checkedRuns) : 1;
}
