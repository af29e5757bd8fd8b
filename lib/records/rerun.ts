/** Shared schedules measured again on another device. */
import type { Table } from "npm:apache-arrow@21.2.0";
import type { Failure } from "../measure/measurement.ts";
import type { Column } from "./schema.ts";
import { rowsOf, tableOf } from "./table.ts";

/** One schedule, there and here: where it was shared from, and on this device. Times in milliseconds. */
export interface RerunRow {
  readonly task: string;
  /** Who found it; `OWN_PRESET` for what DLight takes on this device. */
  readonly contestant: string;
  readonly rule: string;
  readonly thereMs: number;
  /** The 95% confidence interval of the median; NaN where it was not confirmed. */
  readonly thereLowMs: number;
  readonly thereHighMs: number;
  /** How many times as fast as DLight's preset for that device, with its interval; NaN where that is not known. */
  readonly thereTimes: number;
  readonly thereTimesLow: number;
  readonly thereTimesHigh: number;
  readonly hereMs: number;
  readonly hereLowMs: number;
  readonly hereHighMs: number;
  /** How many times as fast as DLight's preset for this device. */
  readonly hereTimes: number;
  readonly hereTimesLow: number;
  readonly hereTimesHigh: number;
  /** What came of it here, and why it failed. */
  readonly status: "ok" | Failure;
  readonly message: string;
  readonly trace: string;
  readonly maxError: number;
  /** Here, one a round. */
  readonly samples: readonly number[];
}

/** The method of the row for this device's own preset. */
export const OWN_PRESET = "dlight here";

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

/** @param devices what the two are called */
export function rerunTable(
  rows: readonly RerunRow[],
  devices: { readonly there: string; readonly here: string },
): Table {
  return tableOf(rows, RERUN_COLUMNS, devices);
}

export function rerunRows(table: Table): readonly RerunRow[] {
  return rowsOf(table, RERUN_COLUMNS);
}
