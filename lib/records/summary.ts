/** The outcome of a comparison: one row a contestant. */
import type { Table } from "apache-arrow";
import type { Column } from "./schema.ts";
import { rowsOf, tableOf } from "./table.ts";

export interface SummaryRow {
  readonly task: string;
  readonly contestant: string;
  readonly rule: string;
  readonly trials: number;
  readonly failed: number;
  /** Spent on the search. */
  readonly seconds: number;
  /** Confirmed: the median over interleaved rounds, and its 95% confidence interval. */
  readonly medianMs: number;
  readonly lowMs: number;
  readonly highMs: number;
  readonly gflops: number;
  readonly gbps: number;
  readonly speedupVsFallback: number;
  readonly speedupVsDlight: number;
  readonly config: string;
  readonly trace: string;
  readonly maxError: number;
  /** One a round. */
  readonly samples: readonly number[];
}

export const SUMMARY_COLUMNS = {
  task: "text",
  contestant: "text",
  rule: "text",
  trials: "int",
  failed: "int",
  seconds: "float",
  medianMs: "float",
  lowMs: "float",
  highMs: "float",
  gflops: "float",
  gbps: "float",
  speedupVsFallback: "float",
  speedupVsDlight: "float",
  config: "text",
  trace: "text",
  maxError: "float",
  samples: "floats",
} as const satisfies Readonly<Record<keyof SummaryRow, Column>>;

export function summaryTable(rows: readonly SummaryRow[]): Table {
  return tableOf(rows, SUMMARY_COLUMNS);
}

export function summaryRows(table: Table): readonly SummaryRow[] {
  return rowsOf(table, SUMMARY_COLUMNS) as unknown as readonly SummaryRow[];
}
