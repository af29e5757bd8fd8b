/** Draws all configurations of a space at once. */
import type { Table } from "npm:apache-arrow@21.2.0";
import { failureOf } from "./failures.ts";
import {
  captioned,
  CHART_FIELDS,
  type ChartOptions,
  digits,
  emptyChart,
  frame,
  roundValues,
  SHADES,
  type Spec,
  thinned,
} from "./spec.ts";
import { type ExploredPoint, type ExploredPoints, exploredPoints } from "./explored_points.ts";
import { Chart } from "./chart.ts";
import { checkOptions } from "../base/check_options.ts";
import { flag, positive } from "../base/option_kinds.ts";

const TITLE = "Configurations and their speed";
const HEIGHT = 340;
/** Least distance between two axes, width of a character, and least distance between two values, pixels. */
const STEP = 84, LETTER = 6.2, VALUE = 11;
/** Least ratio of the fastest to the slowest point that makes the axis of speeds logarithmic. */
const LOG_FROM = 8;
/** The share of the space around a value over which its lines are spread. */
const SPREAD = 0.72;
/** Most lines, beside the best. */
const LINES = 4000;
/** The number of faint lines that together are as dark as one strong line. */
const FAINT = 60;

/** The options of `parallelCoordinates`. */
export interface ParallelOptions extends ChartOptions {
  /** The number of fastest configurations that are drawn strongly. Default 10, but at most a fifth of all. */
  readonly best?: number;
  /** Whether to draw failed configurations too. Default false. */
  readonly failures?: boolean;
}

const FIELDS = { ...CHART_FIELDS, best: positive, failures: flag };

/**
 * Draws one line a configuration and one axis a knob, with an axis of speeds at the right: the darker, the faster. The
 * lines through a value are spread around it in the order of their speeds, the fastest on top. A value with only light
 * lines is a bad one. The best few are drawn strongly, in front. Failed configurations are dashed, and end below the
 * axis of speeds.
 *
 * `table` is a recorded space, or trials. A knob with only one explored value has no axis.
 *
 * @throws {RecordError} if the table is neither
 * @throws {ChartError} if the trials belong to several programs
 */
export function parallelCoordinates(table: Table, options: ParallelOptions = {}): Chart {
  checkOptions("charts.parallelCoordinates", options, FIELDS);
  return new Chart(parallelCoordinatesSpec(table, options));
}

/** Draws `parallelCoordinates` as a Vega-Lite specification. */
export function parallelCoordinatesSpec(table: Table, options: ParallelOptions = {}): Spec {
  const { failures = false } = options;
  const explored = exploredPoints(table);
  const good = explored.points.filter((p) => p.speed > 0).toSorted((a, b) => a.speed - b.speed);
  if (good.length === 0) return emptyChart(options, TITLE, "no configuration gave a result");
  if (explored.knobs.length === 0) return emptyChart(options, TITLE, "no knob was tried with several values");
  const bad = explored.points.filter((p) => !(p.speed > 0));
  const withBad = failures && bad.length > 0;
  const strong = Math.min(options.best ?? Math.min(10, Math.ceil(good.length / 5)), good.length);
  const faint = thinned(good.slice(0, good.length - strong), LINES);
  const failed = withBad ? thinned(bad, LINES) : [];
  const drawn = [...failed, ...faint, ...good.slice(good.length - strong)];
  const low = good[0]?.speed ?? 0, high = good.at(-1)?.speed ?? 1;
  const log = low * LOG_FROM < high;
  const heightOf = (speed: number) =>
    low === high ? 0.5 : log ? Math.log(speed / low) / Math.log(high / low) : (speed - low) / (high - low);
  const columns = explored.knobs.map((_, k) => spreadOf(explored, k, drawn));
  const fields = [...explored.knobs.map((_, k) => `${k}`), "speed"];
  const rows = drawn.map((p, i) => ({
    ...Object.fromEntries(columns.map((column, k) => [`${k}`, rounded(column[i] ?? NaN)])),
    speed: p.speed > 0 ? rounded(heightOf(p.speed)) : -0.06,
    gain: p.speed > 0 ? Number(p.speed.toPrecision(3)) : 0,
  }));
  const names = explored.knobs.map((k) => k.name);
  const step = Math.max(STEP, ...names.map((n) => n.length * LETTER + 12));
  const width = Math.round(step * explored.knobs.length);
  // All axes go from 0 to 1. A failure lies below 0.
  const y = {
    field: "value",
    type: "quantitative",
    title: null,
    axis: null,
    scale: { domain: [withBad ? -0.08 : 0, 1], nice: false, zero: false },
  };
  const x = {
    field: "axis",
    type: "quantitative",
    axis: null,
    scale: { domain: [0, explored.knobs.length], nice: false },
  };
  const folded = [
    { window: [{ op: "row_number", as: "line" }] },
    { fold: fields, as: ["key", "value"] },
    { calculate: `datum.key === 'speed' ? ${explored.knobs.length} : +datum.key`, as: "axis" },
  ];
  const color = {
    field: "gain",
    type: "quantitative",
    title: `${explored.unit}${log ? " (log scale)" : ""}`,
    scale: { ...SHADES, ...(log ? { type: "log" } : {}), ...(low < high ? { domain: [low, high] } : {}) },
    legend: null,
  };
  const lines = (values: readonly object[], mark: object, more: object) => ({
    data: { values },
    transform: folded,
    mark: { type: "line", ...mark },
    encoding: { x, y, detail: { field: "line" }, ...more },
  });
  const first = failed.length;
  const ticks = [...columns.keys()].flatMap((k) => valueTicks(explored, k));
  const marks = [...(log ? logTicks(low, high) : linearTicks(low, high))]
    .map((s) => ({ axis: explored.knobs.length, value: heightOf(s), text: digits(s) }));
  const kinds = Map.groupBy(bad, (p) => failureOf(p.status).label);
  const count = [...kinds].map(([label, own]) => `${own.length} ${label}`).join(", ");
  const notes = [
    `${good.length} configurations, the best ${
      strong > 1 ? `${strong} ` : ""
    }drawn strongly; the darker, the faster`,
    ...(drawn.length < good.length ? [`of the others, ${faint.length} are drawn`] : []),
    ...(bad.length > 0 ? [`${withBad ? "dashed" : "not drawn"}: ${count}`] : []),
  ];
  const text = { fontSize: 10, color: "#222222" };
  const label = { x, y, text: { field: "text" } };
  return {
    ...frame(captioned(options, TITLE, notes)),
    width,
    height: HEIGHT,
    layer: [
      ...(withBad
        ? [lines(rows.slice(0, first), {
          color: "#777777",
          strokeWidth: 0.8,
          strokeDash: [3, 3],
          opacity: opacityOf(failed.length),
        }, {})]
        : []),
      lines(rows.slice(first, rows.length - strong), { strokeWidth: 0.9, opacity: opacityOf(faint.length) }, {
        color,
      }),
      {
        data: { values: [...columns.keys()].flatMap((k) => bandsOf(explored, k)) },
        mark: { type: "rule", color: "#555555", strokeWidth: 3 },
        encoding: { x, y, y2: { field: "end" } },
      },
      {
        data: { values: [{ axis: explored.knobs.length, value: 0, end: 1 }] },
        mark: { type: "rule", color: "#555555", strokeWidth: 1 },
        encoding: { x, y, y2: { field: "end" } },
      },
      lines(rows.slice(rows.length - strong), { strokeWidth: 2.2, opacity: 0.95 }, { color }),
      {
        data: { values: ticks },
        mark: { type: "text", align: "right", dx: -4, stroke: "white", strokeWidth: 3, fontSize: 10 },
        encoding: label,
      },
      { data: { values: ticks }, mark: { type: "text", align: "right", dx: -4, ...text }, encoding: label },
      {
        data: {
          values: [
            ...marks,
            ...(withBad ? [{ axis: explored.knobs.length, value: -0.06, text: "failed" }] : []),
          ],
        },
        mark: { type: "text", align: "left", dx: 6, ...text },
        encoding: label,
      },
      {
        data: {
          values: [...names, explored.unit + (log ? ", log" : "")].map((text, axis) => ({ axis, text })),
        },
        mark: { type: "text", baseline: "bottom", dy: -10, fontSize: 11, color: "#222222" },
        encoding: { x, y: { value: 0 }, text: { field: "text" } },
      },
    ],
  };
}

/** Computes where each point, slowest first, crosses a knob's axis. The lines through a value are spread around it. */
function spreadOf(
  explored: ExploredPoints,
  knob: number,
  points: readonly ExploredPoint[],
): readonly number[] {
  const count = explored.knobs[knob]?.values.length ?? 1;
  const totals = new Map<number, number>(), seen = new Map<number, number>();
  const placeOf = (p: ExploredPoint) => p.places[knob] ?? -1;
  for (const p of points) totals.set(placeOf(p), (totals.get(placeOf(p)) ?? 0) + 1);
  return points.map((p) => {
    const place = placeOf(p), total = totals.get(place) ?? 1, rank = seen.get(place) ?? 0;
    seen.set(place, rank + 1);
    return (place + 0.5 + SPREAD * (total === 1 ? 0 : rank / (total - 1) - 0.5)) / count;
  });
}

/** Makes the labels of an axis: all values, or evenly chosen ones if there is no room for all. */
function valueTicks(explored: ExploredPoints, axis: number) {
  const { values } = explored.knobs[axis] as ExploredPoints["knobs"][0];
  const every = Math.ceil(values.length * VALUE / HEIGHT);
  return values.map((text, k) => ({ axis, value: (k + 0.5) / values.length, text })).filter((_, k) =>
    k % every === 0
  );
}

/** Computes the part of an axis that belongs to each value. */
function bandsOf(explored: ExploredPoints, axis: number) {
  const { values } = explored.knobs[axis] as ExploredPoints["knobs"][0];
  const edge = (1 - SPREAD) / 2;
  return values.map((_, k) => ({
    axis,
    value: rounded((k + edge) / values.length),
    end: rounded((k + 1 - edge) / values.length),
  }));
}

function linearTicks(low: number, high: number): readonly number[] {
  return low === high ? [low] : Array.from({ length: 6 }, (_, k) => low + (high - low) * k / 5);
}

/** Chooses the best speed as a tick, and the round numbers that are not too near to it. */
function logTicks(low: number, high: number): readonly number[] {
  const room = (high / low) ** 0.04;
  return [...roundValues(low, high).filter((s) => s * room < high), high];
}

function opacityOf(lines: number): number {
  return Math.min(0.6, Math.max(0.06, FAINT / lines));
}

function rounded(x: number): number {
  return Number(x.toFixed(4));
}
