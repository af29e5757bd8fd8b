/** Shows the result of a search or a comparison in one cell: the verdict, the charts, the numbers. */
import type { Table } from "npm:apache-arrow@21.2.0";
import type { ConfidenceInterval } from "../base/statistics.ts";
import type { TrialRecord } from "../records/record.ts";
import { recordsToTable } from "../records/table.ts";
import { Chart } from "../charts/chart.ts";
import { bestSoFarSpec } from "../charts/best_so_far.ts";
import { labelOf } from "../charts/methods.ts";
import { counted } from "./lines.ts";
import { digits } from "../charts/spec.ts";
import { configText, sheet, sheetOf } from "./tables.ts";
import { verdicts } from "../charts/verdict.ts";
import type { View } from "./view.ts";
import { Words } from "./words.ts";
import type { Rerun } from "../tuning/rerun.ts";
import type { Comparisons } from "../tuning/comparison.ts";
import type { Race } from "../tuning/race.ts";

/** The part of a search's result that is shown. */
export interface Searched {
  /** All trials. */
  readonly records: readonly TrialRecord[];
  /** The best trial. */
  readonly best: TrialRecord;
  /** The finalists, with confirmed times in milliseconds and their 95% confidence intervals. */
  readonly confirmed: readonly {
    readonly record: TrialRecord;
    readonly ms: number;
    readonly interval: ConfidenceInterval;
  }[];
  /** Speedup over the preset, with its 95% confidence interval; missing if it is not known. */
  readonly speedup?: ConfidenceInterval & { readonly ratio: number };
}

/** Shows a search: its best in a sentence, a chart of its progress, and the finalists as they were measured again. */
export function searchParts({ records, best, confirmed, speedup }: Searched): readonly (Chart | View)[] {
  const failed = records.filter((r) => r.status !== "ok").length;
  const seconds = Math.max(0, ...records.map((r) => r.secondsSinceStart));
  const gain = speedup === undefined
    ? ""
    : `, ${digits(speedup.ratio)} times as fast as the preset (${digits(speedup.low)}–${
      digits(speedup.high)
    })`;
  const ms = confirmed.find((c) => c.record === best)?.ms ?? best.medianMs;
  return [
    new Words([
      `${best.task.split("(")[0]}, ${labelOf(best.contestant)}: ${
        counted(records.length, "trial")
      }, ${failed} failed, in ${seconds.toFixed(0)} s. The best takes ${digits(ms)} ms${gain}.`,
    ]),
    new Chart(bestSoFarSpec(records, { title: best.task })),
    confirmed.length > 0
      ? sheet(confirmed.map((c) => ({
        "trial": c.record.trial,
        "ms": c.ms,
        "95% interval": intervalText(c.interval),
        "configuration": configText(c.record.config),
      })))
      : sheetOf(recordsToTable(records)),
  ];
}

/** Shows the searches of a whole model: their total speedup, and one row a kernel. */
export function suiteParts(
  { table, records, speedup }: {
    readonly table: Table;
    readonly records: readonly TrialRecord[];
    readonly speedup: number;
  },
): readonly View[] {
  const gain = Number.isFinite(speedup)
    ? `; by the confirmed times the whole is ${digits(speedup)} times as fast as by the presets`
    : "";
  return [
    new Words([`${counted(table.numRows, "kernel")}, ${counted(records.length, "trial")}${gain}.`]),
    sheetOf(table),
  ];
}

/** Shows a comparison: the verdict, the charts, and one row a method. */
export function comparisonParts(
  { summary, charts }: {
    readonly summary: Table;
    readonly charts: { readonly bestSoFar: Chart; readonly confirmed: Chart };
  },
): readonly (Chart | View)[] {
  const said = verdicts(summary).map((v) => `${v.task.split("(")[0]}: ${v.text}`);
  return [
    ...(said.length > 0 ? [new Words(said)] : []),
    charts.bestSoFar,
    charts.confirmed,
    sheetOf(summary),
  ];
}

/** Shows several comparisons: the verdicts, one chart, and one row a program and method. */
export function comparisonsParts({ summary, charts }: Comparisons): readonly (Chart | View)[] {
  const said = verdicts(summary).map((v) => `${v.task.split("(")[0]}: ${v.text}`);
  return [...(said.length > 0 ? [new Words(said)] : []), charts.overview, sheetOf(summary)];
}

/** Shows a race: the chart, and one row a racer: its time, as a multiple of the first one's too, or why it failed. */
export function raceParts({ chart, rows, measurements }: Race): readonly (Chart | View)[] {
  const first = rows[0]?.medianMs ?? NaN;
  return [
    chart,
    sheet(rows.map((r) => {
      const m = measurements[r.contestant];
      return {
        "": r.contestant,
        "ms": r.medianMs,
        "95% interval": intervalText({ low: r.lowMs, high: r.highMs }),
        "GFLOP/s": r.gflops || NaN,
        "× the first": first / r.medianMs,
        "results": m?.status === "ok" ? "right" : m?.message ?? "none",
      };
    })),
  ];
}

/** Shows a rerun: the names of both devices, the table, the chart. */
export function rerunParts({ devices, table, chart }: Rerun): readonly (Chart | View)[] {
  const { there, here } = devices;
  return [new Words([`Rerun: there is ${there}, here is ${here}`]), sheetOf(table), chart];
}

function intervalText({ low, high }: ConfidenceInterval): string {
  return Number.isFinite(low) ? `${digits(low)}–${digits(high)}` : "–";
}
