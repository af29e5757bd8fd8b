/** Draws the time of a graph at each level. */
import type { Table } from "npm:apache-arrow@21.2.0";
import { checkOptions } from "../base/check_options.ts";
import { type LevelRow, levelRows } from "../records/graph_levels.ts";
import { Chart } from "./chart.ts";
import { levelColor } from "./methods.ts";
import { captioned, CHART_FIELDS, type ChartOptions, digits, emptyChart, frame, type Spec } from "./spec.ts";

const TITLE = "Time at each level";
/** What each level is, in a word. */
const WORDS = ["Fallback, unfused", "rules, fused", "records", "search"] as const;

/**
 * Draws the time of a graph at each level as bars, with the 95% confidence intervals of the medians, and how many times as
 * fast as the first level each is.
 *
 * `table` is `levels` of what `compare` of a graph returns.
 *
 * @throws {RecordError} if the table lacks a column, or a value is not of its column
 */
export function levels(table: Table, options: ChartOptions = {}): Chart {
  checkOptions("charts.levels", options, CHART_FIELDS);
  return new Chart(levelsSpec(levelRows(table), options));
}

/** Draws `levels` of the rows of its table. */
export function levelsSpec(rows: readonly LevelRow[], options: ChartOptions = {}): Spec {
  if (!rows.some((r) => r.medianMs > 0)) return emptyChart(options, TITLE, "no level was measured");
  const [first] = rows;
  const values = rows.map((r): LevelBar => {
    const { level } = r, beside = `${r.launches} kernels`;
    if (!(r.medianMs > 0)) {
      return { level, x: 0, text: r.status === "ok" ? "no result" : "wrong result", beside };
    }
    const gain = r === first || !(r.speedup > 0)
      ? ""
      : `, ${digits(r.speedup)} × (${digits(r.lowSpeedup)}–${digits(r.highSpeedup)})`;
    return {
      level,
      x: r.medianMs,
      low: r.lowMs,
      high: r.highMs,
      text: `${digits(r.medianMs)} ms${gain}`,
      beside,
    };
  });
  const note = first === undefined ? [] : [`×: times as fast as level ${first.level}, with the 95% interval`];
  return levelBars(values, "milliseconds of one run", captioned(options, TITLE, note));
}

/** A level's bar: its length, the ends of its interval, and the texts above it, from the left and from the right. */
export interface LevelBar {
  readonly level: number;
  readonly x: number;
  readonly low?: number;
  readonly high?: number;
  readonly text: string;
  readonly beside?: string;
}

/** Draws a bar for each level, with its interval and its texts. */
export function levelBars(bars: readonly LevelBar[], title: string, options: ChartOptions): Spec {
  const values = bars.map(({ level, ...bar }) => ({
    who: `${level}: ${WORDS[level] ?? "level"}`,
    color: levelColor(level),
    ...bar,
  }));
  const x = {
    field: "x",
    type: "quantitative",
    title,
    scale: { zero: true, nice: false },
    axis: { tickCount: 5 },
  };
  const y = {
    field: "who",
    type: "nominal",
    title: null,
    sort: values.map((v) => v.who),
    axis: { labelLimit: 150, labelFontSize: 12, domain: false, ticks: false, labelPadding: 8 },
  };
  return {
    ...frame(options),
    description: `${values.map((v) => `${v.who}: ${v.text}`).join("; ")}.`,
    width: 240,
    height: { step: 46 },
    data: { values },
    layer: [
      {
        mark: { type: "bar", height: 16, yOffset: 8 },
        encoding: { x, y, color: { field: "color", type: "nominal", scale: null } },
      },
      // The rim keeps the interval in sight on a dark bar.
      ...[{ strokeWidth: 5, color: "white", opacity: 0.8 }, { strokeWidth: 1.5 }].map((looks) => ({
        transform: [{ filter: "isValid(datum.low)" }],
        mark: { type: "rule", yOffset: 8, ...looks },
        encoding: { x: { ...x, field: "low" }, x2: { field: "high" }, y },
      })),
      {
        mark: { type: "text", align: "left", dx: 2, dy: -10, fontSize: 11 },
        encoding: { x: { value: 0 }, y, text: { field: "text" } },
      },
      ...(bars.every((b) => b.beside === undefined) ? [] : [{
        mark: { type: "text", align: "right", dy: -10, fontSize: 11, color: "#555555" },
        encoding: { x: { value: "width" }, y, text: { field: "beside" } },
      }]),
    ],
  };
}
