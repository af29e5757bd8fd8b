import type { Table } from "npm:apache-arrow@21.2.0";
import type { TrialRecord } from "../records/record.ts";

/** One task: a kernel at some shapes. Several members of the suite may share it. */
export interface SuiteRow {
  /** Names of the kernels that are this program, comma-separated. */
  readonly kernels: string;
  /** The rule that matches. */
  readonly rule: string;
  /** Values of the shape variables, as text. */
  readonly shapes: string;
  /** Mean number of its runs in the whole. */
  readonly weight: number;
  /** Its share of the time of the whole by the presets, of the tasks that have such times; NaN if it has none. */
  readonly share: number;
  /** Trials of its search. */
  readonly trials: number;
  /** Seconds of its search. */
  readonly seconds: number;
  /** Confirmed, milliseconds a run; NaN where none succeeded. Without a trial, the time that was known before. */
  readonly presetMs: number;
  /** Confirmed time of the winner, milliseconds; NaN if there is none. Without a trial, the preset's. */
  readonly bestMs: number;
  /** The speedup of the winner over the preset; NaN without a trial. */
  readonly speedup: number;
  /** The 95% confidence interval of the speedup. */
  readonly lowSpeedup: number;
  /** Upper end of the 95% confidence interval of the speedup. */
  readonly highSpeedup: number;
  /** The winner's configuration as JSON. */
  readonly config: string;
}

/** What `autotvm.tuneSuite` returns. */
export class SuiteLog {
  /** One row per task. */
  readonly rows: readonly SuiteRow[];
  /** The rows as an Arrow table. */
  readonly table: Table;
  /** Every trial of every task. */
  readonly records: readonly TrialRecord[];
  /** The winners, at most one per task. */
  readonly best: readonly TrialRecord[];
  /**
   * The speedup of the whole over the presets. It counts tasks with times only; a short budget may not reach all tasks.
   */
  readonly speedup: number;

  /** Takes the parts of a suite's result. */
  constructor(of: SuiteLog) {
    this.rows = of.rows;
    this.table = of.table;
    this.records = of.records;
    this.best = of.best;
    this.speedup = of.speedup;
  }
}
