/** How good a result is against the time that it took to find. */
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
import { checkOptions } from "../base/check_options.ts";
import { text } from "../base/option_kinds.ts";

/** One way to come to a result, for example a tuner with its budget, or a level of `build`. */
export interface WayRow {
  readonly name: string;
  /** Of tuning or compiling. */
  readonly seconds: number;
  /** How good its result is: more is better. */
  readonly quality: number;
}

const COLUMNS = {
  name: "text",
  seconds: "float",
  quality: "float",
} as const satisfies Readonly<Record<keyof WayRow, Column>>;

/** Ways as a table for `paretoSpec`. */
export function wayTable(rows: readonly WayRow[]): Table {
  return tableOf(rows, COLUMNS);
}

const WIDTH = 520, HEIGHT = 300, BESIDE = 90;
const TITLE = "Quality against tuning time";
/** From this ratio of times on, a linear axis would press the short ones together. */
const LOG_FROM = 16;
/** Seconds that are taken for none. */
const INSTANT = 1e-6;

const FIELDS = { ...CHART_FIELDS, quality: text };

/**
 * A point a way, with its name, quality upwards and seconds to the right; the step line is the front: what is to be
 * had by a time. Ways on it are filled; for each other one, another is as good in less time. `quality` names what is
 * measured.
 *
 * @throws {RecordError} for another table
 */
export function pareto(table: Table, options: ChartOptions & { readonly quality?: string } = {}): Chart {
  checkOptions("charts.pareto", options, FIELDS);
  return new Chart(paretoSpec(table, options));
}

/** `pareto` as a Vega-Lite specification. */
export function paretoSpec(table: Table, options: ChartOptions & { readonly quality?: string } = {}): Spec {
  const { quality = "quality" } = options;
  const rows = rowsOf(table, COLUMNS);
  const known = rows.filter((r) =>
    r.seconds >= 0 && Number.isFinite(r.seconds) && Number.isFinite(r.quality)
  );
  if (known.length === 0) return emptyChart(options, TITLE, "no way gave a result");
  const without = rows.length - known.length;
  // No time at all would be nowhere on a logarithmic axis.
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
    // Those on the front are named first, where names are in each other's way.
  })).sort((a, b) => Number(b.front) - Number(a.front));
  const steps = points.filter((p) => p.front).toSorted((a, b) => a.x - b.x || a.y - b.y);
  const last = steps.at(-1) as typeof steps[0];
  const line = [...steps, { ...last, x: end }];
  const pixelOf = (p: { readonly x: number; readonly y: number }) => ({
    x: WIDTH * (log ? Math.log(p.x / least) / Math.log(end / least) : p.x / end),
    y: HEIGHT * (1 - (p.y - bottom) / (top - bottom)),
  });
  const labels = placeLabels(points.map((p) => ({ ...pixelOf(p), text: p.name })), {
    // There is room to the right of the plot.
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
    axis: { tickCount: 6, domain: false, ticks: false, format: "~g" },
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

/** Those than which nothing is as good in less time, or better in as little. */
function frontOf(rows: readonly WayRow[]): readonly WayRow[] {
  return rows.filter((r) =>
    !rows.some((s) =>
      s.seconds <= r.seconds && s.quality >= r.quality && (s.seconds < r.seconds || s.quality > r.quality)
    )
  );
}

/** What a step line covers. */
function boxesOf(line: readonly Pixel[]): readonly Box[] {
  return line.slice(1).flatMap((to, k) => {
    const from = line[k] as Pixel;
    return [
      { left: from.x, right: to.x, top: from.y - 1, bottom: from.y + 1 },
      { left: to.x - 1, right: to.x + 1, top: Math.min(from.y, to.y), bottom: Math.max(from.y, to.y) },
    ];
  });
}

/** Some room above and below; from zero on, if that is not far. */
function rangeOf(values: readonly number[]): readonly [number, number] {
  const low = Math.min(...values), high = Math.max(...values);
  const room = (high - low || Math.abs(high) || 1) * 0.12;
  return [low >= 0 && low < 0.6 * high ? -0.07 * high : low - room, high + room];
}
