/** Converts the rows of a rerun to an Arrow table, and back. */
import type { Table } from "npm:apache-arrow@21.2.0";
import type { RerunRow } from "./rerun.ts";
import type { Column } from "./schema.ts";
import { rowsOf, tableOf } from "./table.ts";

/** The columns of a rerun's table. */
export const RERUN_COLUMNS = {
  task: "text",
  contestant: "text",
  rule: "text",
  thereMs: "float",
  thereLowMs: "float",
  thereHighMs: "float",
  thereTimes: "float",
  thereTimesLow: "float",
  thereTimesHigh: "float",
  hereMs: "float",
  hereLowMs: "float",
  hereHighMs: "float",
  hereTimes: "float",
  hereTimesLow: "float",
  hereTimesHigh: "float",
  status: "status",
  message: "text",
  trace: "text",
  maxError: "float",
  samples: "floats",
} as const satisfies Readonly<Record<keyof RerunRow, Column>>;

/**
 * Makes a table of a rerun, one row a schedule.
 *
 * @param devices the names of both devices; the schema's metadata hold them
 */
export function rerunTable(
  rows: readonly RerunRow[],
  devices: { readonly there: string; readonly here: string },
): Table {
  return tableOf(rows, RERUN_COLUMNS, devices);
}

/**
 * Reads the rows of a rerun's table.
 *
 * @throws {RecordError} if a column is missing, or a value is not of its column
 */
export function rerunRows(table: Table): readonly RerunRow[] {
  return rowsOf(table, RERUN_COLUMNS);
}
