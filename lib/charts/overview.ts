import type { Table } from "npm:apache-arrow@21.2.0";
import type { SummaryRow } from "../records/summary.ts";
import { summaryRows } from "../records/summary_table.ts";
import { colorScale, labelOf } from "./methods.ts";
import { CHART_FIELDS, type ChartOptions, frame, rowsAxis, type Spec, timesAxis } from "./spec.ts";
import { findingOf, verdictsOf } from "./verdict.ts";
import { operatorNames } from "./confirmed.ts";
import { Chart } from "./chart.ts";
import { checkOptions } from "../base/check_options.ts";

/**
 * Draws several comparisons in one chart: one row an operator, and one dot a method, at its speedup over DLight. The
 * axis is logarithmic, so that twice and half as fast lie equally far from 1.
 *
 * @throws {RecordError} if the table is not a summary
 */
export function overview(summary: Table, options: ChartOptions = {}): Chart {
  checkOptions("charts.overview", options, CHART_FIELDS);
  return new Chart(overviewSpec(summaryRows(summary), options));
}

/** Draws `overview` of the rows of a summary as a Vega-Lite specification. */
export function overviewSpec(all: readonly SummaryRow[], options: ChartOptions = {}): Spec {
  const rows = all.filter((r) => r.speedupVsDlight > 0);
  const named = operatorNames(rows);
  const values = rows.map((r) => ({
    operator: named.get(r.task),
    who: labelOf(r.contestant),
    ratio: r.speedupVsDlight,
    low: r.speedupVsDlight * r.medianMs / r.highMs,
    high: r.speedupVsDlight * r.medianMs / r.lowMs,
  }));
  const said = verdictsOf(all).map((v) => ({ operator: named.get(v.task), text: v.short }));
  const bounds = values.flatMap((v) => [v.low, v.high, 1]);
  const x = timesAxis("ratio", "times as fast as DLight", bounds);
  const y = rowsAxis("operator", [...named.values()], 320);
  const color = {
    field: "who",
    type: "nominal",
    title: null,
    scale: colorScale(rows.map((r) => r.contestant)),
  };
  return {
    ...frame(options),
    description: [findingOf(all), ...said.map((v) => `${v.operator}: ${v.text}.`)].join(" ").trim(),
    width: 400,
    height: { step: 40 },
    data: { values },
    layer: [
      {
        data: { values: [{ one: 1 }] },
        mark: { type: "rule", strokeDash: [3, 3], color: "#333333" },
        encoding: { x: { ...x, field: "one" } },
      },
      {
        mark: { type: "rule", strokeWidth: 1.5 },
        encoding: { x: { ...x, field: "low" }, x2: { field: "high" }, y, color },
      },
      { mark: { type: "point", filled: true, size: 110, opacity: 0.9 }, encoding: { x, y, color } },
      {
        data: { values: said },
        mark: { type: "text", align: "left", dx: 14, fontSize: 12 },
        encoding: { x: { value: "width" }, y, text: { field: "text" } },
      },
    ],
  };
}
