/** Converts the rows of a summary to an Arrow table, and back. */
import type { Table } from "npm:apache-arrow@21.2.0";
import type { Column } from "./schema.ts";
import type { SummaryRow } from "./summary.ts";
import { rowsOf, tableOf } from "./table.ts";

/** The columns of a summary's table. */
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

/** Makes a table of summary rows. */
export function summaryTable(rows: readonly SummaryRow[]): Table {
  return tableOf(rows, SUMMARY_COLUMNS);
}

/**
 * Reads the rows of a summary's table.
 *
 * @throws {RecordError} if a column is missing, or a value is not of its column
 */
export function summaryRows(table: Table): readonly SummaryRow[] {
  return rowsOf(table, SUMMARY_COLUMNS);
}
