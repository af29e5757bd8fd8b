/** Shared schedules on two devices, as the cells of a table. */
import { printableLine } from "../base/printable.ts";
import type { RerunRow } from "../records/rerun.ts";
import { scheduleLabel } from "./schedule_label.ts";
import { digits } from "./spec.ts";

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

/** Makes the cells, the names of the columns first. There is a column for the operator if there are several. */
export function rerunCells(rows: readonly RerunRow[]): readonly (readonly string[])[] {
  const one = new Set(rows.map((r) => r.task)).size < 2;
  const shown = Object.entries(COLUMNS).filter(([name]) => !(one && name === "operator"));
  return [shown.map(([name]) => name), ...rows.map((r) => shown.map(([, cell]) => cell(r, rows)))];
}

function withInterval(x: number, low: number, high: number): string {
  if (!Number.isFinite(x)) return "–";
  return Number.isFinite(low) ? `${digits(x)} (${digits(low)}–${digits(high)})` : digits(x);
}
