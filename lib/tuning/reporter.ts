/** The interface through which a search reports its progress. */
import type { Failure } from "../measure/measurement.ts";

/** The state of a search. */
export interface Progress {
  /** The program's name. */
  readonly task: string;
  /** Its place among the programs of the call, from 1, and their number. Default: there is one. */
  readonly place?: readonly [number, number];
  /** The method's name. */
  readonly method: string;
  /** Trials so far, failed ones included. */
  readonly trials: number;
  /** Failed trials so far. */
  readonly failed: number;
  /** Number of failures by the stage where they failed. */
  readonly failures?: Readonly<Partial<Record<Failure, number>>>;
  /** Arithmetic of the best checked result so far, GFLOP/s. */
  readonly bestGflops?: number;
  /** Memory traffic of the best checked result, GB/s. */
  readonly bestGbps?: number;
  /** Time of the best checked result, milliseconds. */
  readonly bestMs?: number;
  /** Seconds since the search began. */
  readonly secondsSpent: number;
  /** The budget. */
  readonly secondsTotal?: number;
  /** The budget in trials. */
  readonly trialsTotal?: number;
  /** Seconds of all searches of the call: those that are spent, and the budgets. Default: there is one search. */
  readonly whole?: { readonly spent: number; readonly total: number };
  /**
   * The stage after the search, or that it was stopped. Default: the search continues. `stopping`: it was stopped, and the
   * best is measured once more; a second interrupt skips that. `starting`: nothing is measured yet.
   */
  readonly stage?: "starting" | "confirming" | "stopping" | "stopped" | "done";
}

/** Shows the state of searches; `createReporter` makes one for notebooks and terminals. */
export interface Reporter {
  /** Shows a new state. */
  update(progress: Progress): void | Promise<void>;
  /** Shows the last state; to be awaited before the cell or the program ends. */
  done(): Promise<void>;
}
