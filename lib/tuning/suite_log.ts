import type { Table } from "npm:apache-arrow@21.2.0";
import type { TrialRecord } from "../records/record.ts";

/** What was tuned: a kernel at some shapes, however many members of the suite it is. */
export interface SuiteRow {
  readonly kernels: string;
  readonly rule: string;
  readonly shapes: string;
  /** Times that it runs in the whole, in the mean. */
  readonly weight: number;
  readonly trials: number;
  readonly seconds: number;
  /** Confirmed, milliseconds a run; NaN where none succeeded. */
  readonly presetMs: number;
  readonly bestMs: number;
  readonly speedup: number;
  /** The 95% confidence interval of the speedup. */
  readonly lowSpeedup: number;
  readonly highSpeedup: number;
  readonly config: string;
}

/** What `autotvm.tuneSuite` returns. */
export class SuiteLog {
  readonly rows: readonly SuiteRow[];
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

  constructor(of: SuiteLog) {
    this.rows = of.rows;
    this.table = of.table;
    this.records = of.records;
    this.best = of.best;
    this.speedup = of.speedup;
  }
}
