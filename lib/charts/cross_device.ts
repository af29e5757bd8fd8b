/** Draws shared schedules on two devices. */
import type { Table } from "npm:apache-arrow@21.2.0";
import { printableLine } from "../base/printable.ts";
import type { RerunRow } from "../records/rerun.ts";
import { rerunRows } from "../records/rerun_table.ts";
import { CHART_FIELDS, type ChartOptions, frame, rowsAxis, type Spec, timesAxis } from "./spec.ts";
import { scheduleLabel } from "./schedule_label.ts";
import { Chart } from "./chart.ts";
import { checkOptions } from "../base/check_options.ts";

/** The marks of both devices: Okabe and Ito's vermilion and blue, each with its own shape. */
const MARKS = {
  there: { color: "#D55E00", shape: "diamond", dy: -5 },
  here: { color: "#0072B2", shape: "circle", dy: 5 },
} as const;
type Place = keyof typeof MARKS;

/**
 * Draws one row a schedule. Its two marks are its speedups over DLight's preset, on the device that shared it and on
 * this device, on a logarithmic axis with confidence intervals. A schedule that does not run here says why.
 *
 * @throws {RecordError} if the table is not of a rerun
 */
export function crossDevice(table: Table, options: ChartOptions = {}): Chart {
  checkOptions("charts.crossDevice", options, CHART_FIELDS);
  return new Chart(crossDeviceSpec(rerunRows(table), Object.fromEntries(table.schema.metadata), options));
}

/** Draws `crossDevice` of rows as a Vega-Lite specification. `devices` are the names for the legend. */
export function crossDeviceSpec(
  rows: readonly RerunRow[],
  devices: { readonly there?: string; readonly here?: string },
  options: ChartOptions = {},
): Spec {
  const several = new Set(rows.map((r) => r.task)).size > 1;
  const labels = new Map(rows.map((r) => {
    const operator = printableLine(r.task.slice(0, r.task.indexOf("(")), 40);
    const label = scheduleLabel(r, rows);
    return [r, several ? `${operator}: ${label}` : label];
  }));
  const who = {
    there: `there: ${printableLine(devices.there ?? "", 60)}`,
    here: `here: ${printableLine(devices.here ?? "", 60)}`,
  };
  const values = rows.flatMap((r) => {
    const schedule = labels.get(r);
    return [
      { schedule, place: "there", times: r.thereTimes, low: r.thereTimesLow, high: r.thereTimesHigh },
      { schedule, place: "here", times: r.hereTimes, low: r.hereTimesLow, high: r.hereTimesHigh },
    ].filter((v) => v.times > 0).map((v) => ({
      ...v,
      low: v.low > 0 ? v.low : v.times,
      high: v.high > 0 ? v.high : v.times,
      device: who[v.place as Place],
    }));
  });
  const bounds = values.flatMap((v) => [v.low, v.high]);
  const x = timesAxis("times", "times as fast as DLight's preset for the device", bounds);
  const y = rowsAxis("schedule", [...labels.values()], 320);
  const scaleOf = (key: "color" | "shape") => ({
    field: "device",
    type: "nominal",
    title: null,
    scale: { domain: [who.there, who.here], range: [MARKS.there[key], MARKS.here[key]] },
    legend: { columns: 1, symbolSize: 90, symbolOpacity: 1, symbolStrokeWidth: 0 },
  });
  const marks = (["there", "here"] as const).flatMap((place) => {
    const own = { values: values.filter((v) => v.place === place) };
    const { dy: yOffset } = MARKS[place];
    return [
      {
        data: own,
        mark: { type: "rule", strokeWidth: 1.5, yOffset },
        encoding: { x: { ...x, field: "low" }, x2: { field: "high" }, y, color: scaleOf("color") },
      },
      {
        data: own,
        mark: { type: "point", filled: true, size: 90, opacity: 1, yOffset },
        encoding: { x, y, color: scaleOf("color"), shape: scaleOf("shape") },
      },
    ];
  });
  const said = rows.map((r) => ({ schedule: labels.get(r), failed: r.status !== "ok", text: wordsOf(r) }));
  return {
    ...frame(options),
    width: 400,
    height: { step: 40 },
    data: { values: said },
    layer: [
      {
        data: { values: [{ one: 1 }] },
        mark: { type: "rule", strokeDash: [3, 3], color: "#333333" },
        encoding: { x: { ...x, field: "one" } },
      },
      ...marks,
      {
        mark: { type: "text", align: "left", dx: 14, fontSize: 12 },
        encoding: {
          x: { value: "width" },
          y,
          text: { field: "text" },
          color: { condition: { test: "datum.failed", value: "#D55E00" }, value: "#333333" },
        },
      },
    ],
  };
}

function wordsOf(r: RerunRow): string {
  if (r.status !== "ok") return `does not run here: ${printableLine(r.status)}`;
  const times = (x: number, where: Place) => x > 0 ? [`${x.toFixed(2)} × ${where}`] : [];
  return [...times(r.thereTimes, "there"), ...times(r.hereTimes, "here")].join(", ");
}
