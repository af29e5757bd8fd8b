/** The interface through which a search reports its progress. */
import type { Failure } from "../measure/measurement.ts";

export interface Progress {
  readonly task: string;
  readonly method: string;
  readonly trials: number;
  readonly failed: number;
  /** How many of them failed where. */
  readonly failures?: Readonly<Partial<Record<Failure, number>>>;
  /** Of the best checked result so far. */
  readonly bestGflops?: number;
  readonly bestGbps?: number;
  readonly bestMs?: number;
  readonly secondsSpent: number;
  /** The budget. */
  readonly secondsTotal?: number;
  readonly trialsTotal?: number;
  /** What comes after the search, or that it was stopped; default: it goes on. */
  readonly stage?: "confirming" | "stopped" | "done";
}

export interface Reporter {
  update(progress: Progress): void | Promise<void>;
  /** Shows the last state; to be awaited before the cell or the program ends. */
  done(): Promise<void>;
}
