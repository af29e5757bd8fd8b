/** Draws the quality of results against the time to find them. */
import { rowsKind } from "../records/kinds.ts";
import type { Table } from "npm:apache-arrow@21.2.0";
import type { Column } from "../records/schema.ts";
import { rowsOf, tableOf } from "../records/table.ts";
import { shownName } from "./methods.ts";
import { type Box, labelLayers, type Pixel, placeLabels } from "./place_labels.ts";
import {
  captioned,
  CHART_FIELDS,
  type ChartOptions,
  emptyChart,
  frame,
  roundValues,
  type Spec,
} from "./spec.ts";
import { Chart } from "./chart.ts";
import { checkArgument, checkOptions } from "../base/check_options.ts";
import { text } from "../base/option_kinds.ts";

/** One way to get a result, for example a tuner with its budget, or a level of `build`. */
export interface WayRow {
  /** The name of the way. */
  readonly name: string;
  /** Seconds of tuning or compiling. */
  readonly seconds: number;
  /** The quality of its result; higher is better. */
  readonly quality: number;
}

const COLUMNS = {
  name: "text",
  seconds: "float",
  quality: "float",
} as const satisfies Readonly<Record<keyof WayRow, Column>>;

const ROWS = rowsKind("a row with name, seconds and quality", COLUMNS);

/**
 * Makes a table of ways for `pareto`.
 *
 * @throws {OptionError} for an argument of a wrong kind
 */
export function wayTable(rows: readonly WayRow[]): Table {
  checkArgument("charts.wayTable", "rows", rows, ROWS);
  return tableOf(rows, COLUMNS);
}

const WIDTH = 520, HEIGHT = 300, BESIDE = 90;
const TITLE = "Quality against tuning time";
/** Least ratio of the longest to the shortest time that makes the axis logarithmic. */
const LOG_FROM = 16;
/** Least time on a logarithmic axis, seconds: a way without any time is drawn there. */
const INSTANT = 1e-6;

const FIELDS = { ...CHART_FIELDS, quality: text };

/**
 * Draws one named point a way, with the quality upwards and the seconds to the right. The step line is the Pareto front:
 * the best quality within a time. Ways on the front are filled. Every other way is dominated: another one is at least as
 * good in at most its time. `quality` is the title of the vertical axis.
 *
 * @throws {RecordError} if the table lacks a column of `WayRow`
 */
export function pareto(table: Table, options: ChartOptions & { readonly quality?: string } = {}): Chart {
  checkOptions("charts.pareto", options, FIELDS);
  return new Chart(paretoSpec(table, options));
}

/** Draws `pareto` as a Vega-Lite specification. */
export function paretoSpec(table: Table, options: ChartOptions & { readonly quality?: string } = {}): Spec {
  const { quality = "quality" } = options;
  const rows = rowsOf(table, COLUMNS);
  const known = rows.filter((r) =>
    r.seconds >= 0 && Number.isFinite(r.seconds) && Number.isFinite(r.quality)
  );
  if (known.length === 0) return emptyChart(options, TITLE, "no way gave a result");
  const without = rows.length - known.length;
  // A logarithmic axis has no zero.
  const secondsOf = (r: WayRow) => Math.max(INSTANT, r.seconds);
  const times = known.map(secondsOf);
  const log = Math.max(...times) > LOG_FROM * Math.min(...times);
  const least = log ? Math.min(...times) / 2 : 0;
  const end = log ? Math.max(...times) * 2 : Math.max(...times) * 1.1;
  const [bottom, top] = rangeOf(known.map((r) => r.quality));
  const front = frontOf(known);
  const points = known.map((r) => ({
    name: shownName(r.name, 40),
    x: secondsOf(r),
    y: r.quality,
    front: front.includes(r),
    // Points on the front get their labels first, as labels may not overlap.
  })).sort((a, b) => Number(b.front) - Number(a.front));
  const steps = points.filter((p) => p.front).toSorted((a, b) => a.x - b.x || a.y - b.y);
  const last = steps.at(-1) as typeof steps[0];
  const line = [...steps, { ...last, x: end }];
  const pixelOf = (p: { readonly x: number; readonly y: number }) => ({
    x: WIDTH * (log ? Math.log(p.x / least) / Math.log(end / least) : p.x / end),
    y: HEIGHT * (1 - (p.y - bottom) / (top - bottom)),
  });
  const labels = placeLabels(points.map((p) => ({ ...pixelOf(p), text: p.name })), {
    // Labels may use the space to the right of the plot.
    width: WIDTH + BESIDE,
    height: HEIGHT,
    taken: boxesOf(line.map(pixelOf)),
  });
  const x = {
    field: "x",
    type: "quantitative",
    title: `seconds of tuning${log ? " (log scale)" : ""}`,
    scale: log ? { type: "log", domain: [least, end], nice: false } : { domain: [0, end], nice: false },
    axis: { grid: false, format: "~g", ...(log ? { values: roundValues(least, end) } : { tickCount: 6 }) },
  };
  const y = {
    field: "y",
    type: "quantitative",
    title: quality,
    scale: { domain: [bottom, top], nice: false, zero: false },
    axis: { tickCount: 6, domain: false, ticks: false },
  };
  const notes = [
    ...(without > 0 ? [`${without} without a result`] : []),
    ...(labels.length < points.length
      ? [`${points.length - labels.length} too close to others to be named`]
      : []),
  ];
  const mark = { type: "point", size: 80, opacity: 1, strokeWidth: 1.5 };
  return {
    ...frame(captioned(options, TITLE, notes)),
    width: WIDTH,
    height: HEIGHT,
    layer: [
      {
        data: { values: line.map(({ x, y }) => ({ x, y })) },
        mark: { type: "line", interpolate: "step-after", color: "#0072B2", strokeWidth: 2 },
        encoding: { x, y },
      },
      {
        data: { values: points.filter((p) => !p.front) },
        mark: { ...mark, filled: false, fill: "white", stroke: "#555555" },
        encoding: { x, y },
      },
      {
        data: { values: steps },
        mark: { ...mark, filled: true, color: "#0072B2" },
        encoding: { x, y },
      },
      ...labelLayers(labels),
    ],
  };
}

/** Finds the Pareto front: the ways that no other way dominates. */
function frontOf(rows: readonly WayRow[]): readonly WayRow[] {
  return rows.filter((r) =>
    !rows.some((s) =>
      s.seconds <= r.seconds && s.quality >= r.quality && (s.seconds < r.seconds || s.quality > r.quality)
    )
  );
}

/** Computes the boxes that a step line covers. */
function boxesOf(line: readonly Pixel[]): readonly Box[] {
  return line.slice(1).flatMap((to, k) => {
    const from = line[k] as Pixel;
    return [
      { left: from.x, right: to.x, top: from.y - 1, bottom: from.y + 1 },
      { left: to.x - 1, right: to.x + 1, top: Math.min(from.y, to.y), bottom: Math.max(from.y, to.y) },
    ];
  });
}

/** Computes the range of an axis, with some room above and below. It starts at zero if zero is near. */
function rangeOf(values: readonly number[]): readonly [number, number] {
  const low = Math.min(...values), high = Math.max(...values);
  const room = (high - low || Math.abs(high) || 1) * 0.12;
  return [low >= 0 && low < 0.6 * high ? -0.07 * high : low - room, high + room];
}
