import type { Failure } from "../measure/measurement.ts";

/** One trial: its program, device, schedule and result. Times are milliseconds unless a field says otherwise. */
export interface TrialRecord {
  /** The program in one line, with the values of its shape variables. */
  readonly task: string;
  /** The fingerprint of the program's text. A trace fits only programs with the same fingerprint. */
  readonly fingerprint: string;
  /** The program as JSON. */
  readonly program: string;
  /** The name of the device. */
  readonly adapter: string;
  /** The Target as JSON: limits, features, profile, runtime. */
  readonly target: string;
  /** The method, for example `dlight` or `autotvm+dlight`. */
  readonly contestant: string;
  /** The rule that made the space. */
  readonly rule: string;
  /** The tuner that searched it; `none` for a rule without a search. */
  readonly tuner: string;
  /** The start of the search: `preset` or `scratch`. */
  readonly start: string;
  /** The seed of the search and of the inputs, a 32-bit integer. */
  readonly seed: number;
  /** Number of the trial within its search, from 0. */
  readonly trial: number;
  /** The configuration as JSON. */
  readonly config: string;
  /** The trace as JSON; empty if the configuration has no schedule. */
  readonly trace: string;
  /** `ok`, or where the trial failed. */
  readonly status: "ok" | Failure;
  /** Why it failed; empty if it did not. */
  readonly message: string;
  /** The samples of one run of the whole program; empty if the trial failed. */
  readonly samples: readonly number[];
  /** Known time of the incumbent that was interleaved with it; NaN without an incumbent. */
  readonly againstMs: number;
  /** The incumbent's samples, each taken just before the candidate's; empty without an incumbent. */
  readonly againstSamples: readonly number[];
  /** The clock of the samples: `timestamp`, `wall` or `cpu`. */
  readonly clock: string;
  /** The median sample, or the median ratio to the incumbent times `againstMs`; NaN if the trial failed. */
  readonly medianMs: number;
  /** GFLOP/s at the median; 0 for a program without arithmetic, NaN if the trial failed. */
  readonly gflops: number;
  /** GB/s at the median, each parameter counted once; NaN if the trial failed. */
  readonly gbps: number;
  /** Largest error against the reference, relative to the output's scale; NaN if there was no result to check. */
  readonly maxError: number;
  /** From the source to the end of the first run; NaN without a source. */
  readonly compileMs: number;
  /** The worker of a fleet that measured it; empty where it was the machine of the search. */
  readonly worker: string;
  /** Requests that the search had in flight at one time; 1 on one machine. */
  readonly inFlight: number;
  /** Seconds since the search began. */
  readonly secondsSinceStart: number;
  /** Milliseconds since 1970. */
  readonly time: number;
}
