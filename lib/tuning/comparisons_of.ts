import type { Budget } from "../autotvm/budget.ts";
import { Chart } from "../charts/chart.ts";
import { overviewSpec } from "../charts/overview.ts";
import type { ChartOptions } from "../charts/spec.ts";
import type { SummaryRow } from "../records/summary.ts";
import { summaryTable } from "../records/summary_table.ts";
import { recordsToTable } from "../records/table.ts";
import { type Comparison, Comparisons } from "./comparison.ts";

/** Makes the result of several comparisons, with one chart of all rows. */
export function comparisonsOf(
  each: readonly Comparison[],
  rows: readonly SummaryRow[],
  budget: Budget | undefined,
  said: ChartOptions,
): Comparisons {
  return new Comparisons({
    each,
    records: each.flatMap((c) => c.records),
    rows,
    trials: recordsToTable(each.flatMap((c) => c.records)),
    summary: summaryTable(rows),
    budget: budget ?? {},
    charts: { overview: new Chart(overviewSpec(rows, said)) },
  });
}
