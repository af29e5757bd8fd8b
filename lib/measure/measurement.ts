import { median, ratiosTo } from "../base/statistics.ts";

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
  | "outOfMemory" // the measuring process took more memory than it may
  | "deviceLost"; // the device or the measuring process went away

/** A candidate that is right, and its times. */
export interface Success {
  /** Marks a success. */
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

/** A candidate that failed. */
export interface Failed {
  /** Where it failed. */
  readonly status: Failure;
  /** Why, in words. */
  readonly message: string;
  /** Milliseconds from its source to the failure; NaN if it has no source. */
  readonly compileMs: number;
}

/** What came of one candidate: times, or a failure. */
export type Measurement = Success | Failed;

/**
 * Milliseconds of a run: the median of the samples; where an incumbent was sampled in turn, the median ratio to
 * it, in which drift cancels, times what the incumbent was known to take.
 */
export function msOf({ samples, against }: Pick<Success, "samples" | "against">): number {
  return against ? median(ratiosTo(against.samples, samples)) * against.ms : median(samples);
}
