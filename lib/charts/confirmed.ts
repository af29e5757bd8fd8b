import type { Table } from "npm:apache-arrow@21.2.0";
import type { SummaryRow } from "../records/summary.ts";
import { summaryRows } from "../records/summary_table.ts";
import { CHART_FIELDS, type ChartOptions, digits, frame, type Spec, speedOf } from "./spec.ts";
import { colorOf, colorScale, isBuiltIn, isFixed, labelOf } from "./methods.ts";
import { Chart } from "./chart.ts";
import { checkOptions } from "../base/check_options.ts";

/**
 * Draws the confirmed results as bars, with the ratio to DLight. The lines are 95% confidence intervals of the medians over
 * the interleaved rounds of one confirmation: they do not cover another day, or another device.
 *
 * @throws {RecordError} for a table that is no summary
 */
export function confirmed(summary: Table, options: ChartOptions = {}): Chart {
  checkOptions("charts.confirmed", options, CHART_FIELDS);
  return new Chart(confirmedSpec(summaryRows(summary), options));
}

/** Draws `confirmed` of the rows of a summary. `processes` is the number of those that measured them, if it is known. */
export function confirmedSpec(
  rows: readonly SummaryRow[],
  options: ChartOptions = {},
  processes?: number,
): Spec {
  const speed = speedOf(rows);
  const work = (r: SummaryRow) => speed.of(r) * r.medianMs;
  const own = rows.find((r) => r.contestant === "dlight");
  const keepsOwn = (r: SummaryRow) =>
    isBuiltIn(r.contestant) && !isFixed(r.contestant) && r.rule === own?.rule && r.config === own.config;
  const values = rows.map((r) => {
    if (!Number.isFinite(r.medianMs)) return { who: labelOf(r.contestant), result: "no result", ratio: "" };
    return {
      who: labelOf(r.contestant),
      y: speed.of(r),
      low: work(r) / r.highMs,
      high: work(r) / r.lowMs,
      result: `${digits(speed.of(r))} ${speed.unit}`,
      ratio: keepsOwn(r)
        ? "= DLight's own schedule"
        : Number.isFinite(r.speedupVsDlight)
        ? `${r.speedupVsDlight.toFixed(2)} × DLight`
        : "",
    };
  });
  const rule = values[rows.findIndex((r) => r.contestant === "dlight")]?.y;
  const x = {
    field: "y",
    type: "quantitative",
    title: `confirmed, ${speed.unit}`,
    scale: { zero: true, nice: false },
    axis: { tickCount: 6 },
  };
  const y = {
    field: "who",
    type: "nominal",
    title: null,
    sort: values.map((v) => v.who),
    axis: { labelLimit: 220, labelFontSize: 12, domain: false, ticks: false, labelPadding: 8 },
  };
  const column = (dx: number, field: string) => ({
    mark: { type: "text", align: "left", dx, fontSize: 12 },
    encoding: { x: { value: "width" }, y, text: { field } },
  });
  return {
    ...frame(options),
    description: values.map((v) => `${v.who}: ${[v.result, v.ratio].filter(Boolean).join(", ")}`).join("; ") +
      `. The lines are 95% intervals within ${withinOf(processes)}.`,
    width: 400,
    height: { step: 34 },
    data: { values },
    layer: [
      {
        mark: { type: "bar", height: 20 },
        encoding: {
          x,
          y,
          // Where all names are the user's own, colours would say nothing.
          color: rows.some((r) => isBuiltIn(r.contestant))
            ? {
              field: "who",
              type: "nominal",
              legend: null,
              scale: colorScale(rows.map((r) => r.contestant)),
            }
            : { value: colorOf("dlight") },
        },
      },
      // The rim keeps the interval in sight on a dark bar, in print without colours as well.
      ...[{ strokeWidth: 5, color: "white", opacity: 0.8 }, { strokeWidth: 1.5 }].map((looks) => ({
        mark: { type: "rule", ...looks },
        encoding: { x: { ...x, field: "low" }, x2: { field: "high" }, y },
      })),
      ...(rule === undefined ? [] : [{
        data: { values: [{ rule }] },
        mark: { type: "rule", strokeDash: [3, 3], color: "#333333" },
        encoding: { x: { ...x, field: "rule" } },
      }]),
      column(14, "result"),
      column(114, "ratio"),
    ],
  };
}

/** What an interval covers, in words. */
function withinOf(processes: number | undefined): string {
  if (processes === undefined) return "one confirmation";
  return processes === 1 ? "one process" : `${processes} processes`;
}

/** The operators' names; with their shapes where a name comes twice. */
export function operatorNames(rows: readonly SummaryRow[]): ReadonlyMap<string, string> {
  const short = (task: string) => task.split("(")[0]?.trim() as string;
  const tasks = [...new Set(rows.map((r) => r.task))];
  return new Map(
    tasks.map((t) => [t, tasks.filter((u) => short(u) === short(t)).length > 1 ? t : short(t)]),
  );
}
