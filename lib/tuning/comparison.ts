import type { Table } from "npm:apache-arrow@21.2.0";
import type { Budget } from "../autotvm/budget.ts";
import type { Chart } from "../charts/chart.ts";
import type { TrialRecord } from "../records/record.ts";
import type { SummaryRow } from "../records/summary.ts";

/** What a comparison has, of one program or of several. */
export class Compared {
  /** Every trial of every program and method. */
  readonly records: readonly TrialRecord[];
  /** The records as an Arrow table. */
  readonly trials: Table;
  /** One row per program and method: the confirmed result, or NaN if no trial succeeded or its confirmation failed. */
  readonly rows: readonly SummaryRow[];
  /** The rows as an Arrow table. */
  readonly summary: Table;
  /** The budget of each search. */
  readonly budget: Budget;

  /** Takes the parts of a comparison. */
  constructor({ records, trials, rows, summary, budget }: Compared) {
    this.records = records;
    this.trials = trials;
    this.rows = rows;
    this.summary = summary;
    this.budget = budget;
  }
}

/** What `compare` returns for one program. */
export class Comparison extends Compared {
  /** The best result of each method over time, and the confirmed results. */
  readonly charts: { readonly bestSoFar: Chart; readonly confirmed: Chart };

  /** Takes the parts of a comparison. */
  constructor(of: Comparison) {
    super(of);
    this.charts = of.charts;
  }
}

/** What `compare` returns for several programs, or for several devices. */
export class Comparisons extends Compared {
  /** One per program or device, in order. */
  readonly each: readonly Comparison[];
  /** All programs in one picture, as multiples of DLight's speed. */
  readonly charts: { readonly overview: Chart };

  /** Takes the parts of several comparisons. */
  constructor(of: Comparisons) {
    super(of);
    this.each = of.each;
    this.charts = of.charts;
  }
}
