import type { Table } from "npm:apache-arrow@21.2.0";
import type { TrialRecord } from "../records/record.ts";

/** What was tuned: a kernel at some shapes, however many members of the suite it is. */
export interface SuiteRow {
  /** Names of the kernels that are this program, comma-separated. */
  readonly kernels: string;
  /** The rule that matches. */
  readonly rule: string;
  /** Values of the shape variables, as text. */
  readonly shapes: string;
  /** Times that it runs in the whole, in the mean. */
  readonly weight: number;
  /** Trials of its search. */
  readonly trials: number;
  /** Seconds of its search. */
  readonly seconds: number;
  /** Confirmed, milliseconds a run; NaN where none succeeded. */
  readonly presetMs: number;
  /** Confirmed time of the winner, milliseconds; NaN if there is none. */
  readonly bestMs: number;
  /** How many times as fast the winner is as the preset. */
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
  /** One row a task. */
  readonly rows: readonly SuiteRow[];
  /** The rows as an Arrow table. */
  readonly table: Table;
  /** Every trial of every task. */
  readonly records: readonly TrialRecord[];
  /** The winners, one a task that has one. */
  readonly best: readonly TrialRecord[];
  /**
   * How many times as fast the whole is as by the presets, by the confirmed times: of the tasks that have them, which
   * after a short budget may not be all.
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
