import type { Table } from "npm:apache-arrow@21.2.0";
import type { Budget } from "../autotvm/budget.ts";
import type { Chart } from "../charts/chart.ts";
import type { TrialRecord } from "../records/record.ts";
import type { SummaryRow } from "../records/summary.ts";

/** What `compare` returns for one program. */
export class Comparison {
  /** Every trial of every method, as rows and as an Arrow table. */
  readonly records: readonly TrialRecord[];
  /** The records as an Arrow table. */
  readonly trials: Table;
  /** One row per method: the confirmed result, or NaN if no trial succeeded or its confirmation failed. */
  readonly rows: readonly SummaryRow[];
  /** The rows as an Arrow table. */
  readonly summary: Table;
  /** The budget of each search. */
  readonly budget: Budget;
  /** The best result of each method over time, and the confirmed results. */
  readonly charts: { readonly bestSoFar: Chart; readonly confirmed: Chart };

  /** Takes the parts of a comparison. */
  constructor(of: Comparison) {
    this.records = of.records;
    this.trials = of.trials;
    this.rows = of.rows;
    this.summary = of.summary;
    this.budget = of.budget;
    this.charts = of.charts;
  }
}

/** What `compare` returns for several programs. */
export class Comparisons {
  /** One per program, in order. */
  readonly each: readonly Comparison[];
  /** Every trial of every program, as rows and as an Arrow table. */
  readonly records: readonly TrialRecord[];
  /** The records as an Arrow table. */
  readonly trials: Table;
  /** One row per program and method. */
  readonly rows: readonly SummaryRow[];
  /** The rows as an Arrow table. */
  readonly summary: Table;
  /** The budget of each search. */
  readonly budget: Budget;
  /** All programs in one picture, as multiples of DLight's speed. */
  readonly charts: { readonly overview: Chart };

  /** Takes the parts of several comparisons. */
  constructor(of: Comparisons) {
    this.each = of.each;
    this.records = of.records;
    this.trials = of.trials;
    this.rows = of.rows;
    this.summary = of.summary;
    this.budget = of.budget;
    this.charts = of.charts;
  }
}
