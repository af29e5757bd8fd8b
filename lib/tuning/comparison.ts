import type { Table } from "npm:apache-arrow@21.2.0";
import type { Budget } from "../autotvm/budget.ts";
import type { Chart } from "../charts/chart.ts";

/** What `compare` returns: every trial, one row a contestant, and two charts. */
export class Comparison {
  constructor(of: Comparison) {
    this.trials = of.trials;
    this.summary = of.summary;
    this.budget = of.budget;
    this.charts = of.charts;
  }

  /** Every trial of every contestant. */
  readonly trials: Table;
  /** One row a contestant: the confirmed result; NaN where none of its trials, or not its confirmation, succeeded. */
  readonly summary: Table;
  /** What each search might spend. */
  readonly budget: Budget;
  /** What each contestant reached over time, and the confirmed results. */
  readonly charts: { readonly bestSoFar: Chart; readonly confirmed: Chart };
}
