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
  /** Milliseconds of one run of the whole program, one entry a sample, all kept. */
  readonly samples: readonly number[];
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

/** The q-quantile of samples, interpolated; NaN of none. */
export function quantile(samples: readonly number[], q: number): number {
  const s = samples.toSorted((a, b) => a - b);
  const at = q * (s.length - 1);
  const low = s[Math.floor(at)] ?? NaN, high = s[Math.ceil(at)] ?? NaN;
  return low + (high - low) * (at - Math.floor(at));
}
