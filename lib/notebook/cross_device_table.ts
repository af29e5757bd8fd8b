/** Shared schedules on two devices, as a readable table. */
import type { Table } from "npm:apache-arrow@21.2.0";
import { printableLine } from "../base/printable.ts";
import type { RerunRow } from "../records/rerun.ts";
import { rerunRows } from "../records/rerun_table.ts";
import { digits } from "../charts/spec.ts";
import { scheduleLabel } from "../charts/schedule_label.ts";

/** Most characters of the reason why a schedule does not run here. */
const WHY = 160;

const COLUMNS: Readonly<Record<string, (r: RerunRow, rows: readonly RerunRow[]) => string>> = {
  "operator": (r) => printableLine(r.task.slice(0, r.task.indexOf("(")), 40),
  "schedule": scheduleLabel,
  "there, ms": (r) => withInterval(r.thereMs, r.thereLowMs, r.thereHighMs),
  "here, ms": (r) => withInterval(r.hereMs, r.hereLowMs, r.hereHighMs),
  "× DLight there": (r) => withInterval(r.thereTimes, r.thereTimesLow, r.thereTimesHigh),
  "× DLight here": (r) => withInterval(r.hereTimes, r.hereTimesLow, r.hereTimesHigh),
  "results here": (r) => r.status === "ok" ? "right" : printableLine(`${r.status}: ${r.message}`, WHY),
};

/** Makes the cells of a rerun's table, one row a schedule. It has a column for the operator if there are several. */
export function rerunCells(table: Table): readonly (readonly string[])[] {
  const rows = rerunRows(table);
  const one = new Set(rows.map((r) => r.task)).size < 2;
  const shown = Object.entries(COLUMNS).filter(([name]) => !(one && name === "operator"));
  return [shown.map(([name]) => name), ...rows.map((r) => shown.map(([, cell]) => cell(r, rows)))];
}

function withInterval(x: number, low: number, high: number): string {
  if (!Number.isFinite(x)) return "–";
  return Number.isFinite(low) ? `${digits(x)} (${digits(low)}–${digits(high)})` : digits(x);
}
