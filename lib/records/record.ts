import type { Failure } from "../measure/measurement.ts";

/** One trial: what was tried, on what, and what came of it. Times in milliseconds unless said otherwise. */
export interface TrialRecord {
  /** The program in one line. */
  readonly task: string;
  /** Of the program's text; traces fit only programs with the same one. */
  readonly fingerprint: string;
  /** The program as JSON. */
  readonly program: string;
  readonly adapter: string;
  /** The Target as JSON: limits, features, profile, runtime. */
  readonly target: string;
  readonly contestant: string;
  readonly rule: string;
  readonly tuner: string;
  readonly start: string;
  readonly seed: number;
  /** Number of the trial within its search, from 0. */
  readonly trial: number;
  /** The configuration as JSON. */
  readonly config: string;
  /** The trace as JSON; empty where the configuration has no schedule. */
  readonly trace: string;
  readonly status: "ok" | Failure;
  /** Why it failed; empty where it did not. */
  readonly message: string;
  readonly samples: readonly number[];
  /** What the incumbent that was sampled in turn with it was known to take; NaN where there was none. */
  readonly againstMs: number;
  /** The incumbent's samples, each taken just before the candidate's; none where there was no incumbent. */
  readonly againstSamples: readonly number[];
  readonly clock: string;
  /** The median sample, or the median ratio to the incumbent times `againstMs`; NaN where it failed. */
  readonly medianMs: number;
  readonly gflops: number;
  /** Each parameter once, over the median. */
  readonly gbps: number;
  /** Largest error against the reference. */
  readonly maxError: number;
  readonly compileMs: number;
  /** Seconds since the search began. */
  readonly secondsSinceStart: number;
  /** Milliseconds since 1970. */
  readonly time: number;
}
