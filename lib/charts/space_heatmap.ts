/** Draws a space as a map of two of its knobs. */
import type { Table } from "npm:apache-arrow@21.2.0";
import { failureOf } from "./failures.ts";
import {
  captioned,
  CHART_FIELDS,
  type ChartOptions,
  digits,
  emptyChart,
  frame,
  rangeOf,
  roundValues,
  SHADES,
  type Spec,
} from "./spec.ts";
import { axesOf, cellOf, keptOf, VALUES } from "./space_map.ts";
import { type ExploredPoint, exploredPoints, fastestOf } from "./explored_points.ts";
import { Chart } from "./chart.ts";
import { checkOptions } from "../base/check_options.ts";
import { oneOf, text } from "../base/option_kinds.ts";

const TITLE = "A space, by two of its knobs";
/** Size of a cell with its number, width of one without, and most columns of cells with numbers. */
const CELL = { width: 48, height: 20 }, SLIM = 22, WIDE = 28;
/** Least ratio of the fastest to the slowest cell that makes the shades logarithmic. */
const LOG_FROM = 8;
/** Text is white on a cell that is darker than this share of the scale. */
const DARK = 0.45;

/** The options of `spaceHeatmap`. */
export interface SpaceHeatmapOptions extends ChartOptions {
  /** The knob to the right. Default: of the two knobs that matter most, the one with fewer values. */
  readonly x?: string;
  /** The knob upwards. Default: the other one of the two knobs that matter most. */
  readonly y?: string;
  /** The speed that a cell shows of its points; default `best`. */
  readonly over?: "best" | "median";
}

const FIELDS = { ...CHART_FIELDS, x: text, y: text, over: oneOf("best", "median") };

/**
 * Draws two knobs of a space. Each cell shows the best, or median, speed over all values of the other knobs: the darker,
 * the faster. If all points of a cell failed, it is white with a mark for the commonest kind of failure. If only some
 * failed, the mark is small. A cell without points is empty. The rule's preset and the best point have marks too.
 *
 * `table` is a recorded space, or trials.
 *
 * @throws {RecordError} if the table is neither
 * @throws {ChartError} if a knob is unknown or has only one explored value, or the trials belong to several programs
 */
export function spaceHeatmap(table: Table, options: SpaceHeatmapOptions = {}): Chart {
  checkOptions("charts.spaceHeatmap", options, FIELDS);
  return new Chart(spaceHeatmapSpec(table, options));
}

/** Draws `spaceHeatmap` as a Vega-Lite specification. */
export function spaceHeatmapSpec(table: Table, options: SpaceHeatmapOptions = {}): Spec {
  const { over = "best" } = options;
  const explored = exploredPoints(table);
  if (explored.points.length === 0) return emptyChart(options, TITLE, "no point was tried");
  const chosen = axesOf(explored, options);
  if (chosen === undefined) {
    return emptyChart(options, TITLE, "fewer than two knobs were tried with several values");
  }
  const [across, down] = chosen;
  const kept = { x: keptOf(explored, across), y: keptOf(explored, down) };
  const place = (p: ExploredPoint) => ({
    x: kept.x.indexOf(p.places[across] ?? -1),
    y: kept.y.indexOf(p.places[down] ?? -1),
  });
  const isKept = (at: { readonly x: number; readonly y: number }) => at.x >= 0 && at.y >= 0;
  const cells = [
    ...Map.groupBy(explored.points, (p) => `${p.places[across]} ${p.places[down]}`).values(),
  ].map((own) => cellOf(own, over, place(own[0] as ExploredPoint))).filter(isKept);
  const speeds = cells.map((c) => c.speed).filter((s) => s > 0);
  const [low, high] = rangeOf(speeds);
  const log = low * LOG_FROM < high;
  const shade = (s: number) => log ? Math.log(s / low) / Math.log(high / low) : (s - low) / (high - low);
  const namesOf = (knob: number, places: readonly number[]) =>
    places.map((k) => explored.knobs[knob]?.values[k] ?? "");
  const xs = namesOf(across, kept.x), ys = namesOf(down, kept.y);
  const slim = xs.length > WIDE;
  const shown = cells.filter((c) => c.speed > 0).map((c) => ({
    x: xs[c.x],
    y: ys[c.y],
    speed: c.speed,
    text: c.speed < 100 ? c.speed.toPrecision(2) : digits(c.speed),
    white: shade(c.speed) > DARK,
    points: c.points,
  }));
  const failed = cells.flatMap((c) => {
    if (c.failure === undefined) return [];
    const some = c.speed > 0;
    return [{
      x: xs[c.x],
      y: ys[c.y],
      kind: failureOf(c.failure).label,
      some,
      white: some && shade(c.speed) > DARK,
    }];
  });
  const preset = explored.points.find((p) => p.preset), best = fastestOf(explored.points);
  const marks = [
    ...(best ? [{ ...place(best), kind: BEST }] : []),
    ...(preset ? [{ ...place(preset), kind: PRESET }] : []),
  ].filter(isKept).map(({ x, y, kind }) => ({ x: xs[x], y: ys[y], kind }));
  const kinds = [...new Set(cells.flatMap((c) => c.failure ?? []))].map(failureOf);
  const looks = [...new Map(kinds.map((k) => [k.label, k.shape]))];
  const band = (field: string, title: string | undefined, sort: readonly string[], more: object) => ({
    field,
    type: "nominal",
    title,
    scale: { domain: sort, paddingInner: 0.04, paddingOuter: 0.02 },
    axis: { domain: false, ticks: false, labelFontSize: 10, labelLimit: 120, ...more },
  });
  const x = band("x", explored.knobs[across]?.name, xs, {
    labelAngle: slim || xs.some((t) => t.length > 8) ? -45 : 0,
  });
  const y = band("y", explored.knobs[down]?.name, ys.toReversed(), {
    titleAngle: 0,
    titleAlign: "left",
    titleAnchor: "end",
    titleX: 0,
    titleY: -7,
  });
  const shape = {
    field: "kind",
    type: "nominal",
    title: null,
    scale: {
      domain: [...marks.map((m) => m.kind), ...looks.map(([label]) => label)],
      range: [...marks.map((m) => m.kind === BEST ? STAR : FRAMED), ...looks.map(([, s]) => s)],
    },
    legend: {
      orient: "bottom",
      columns: 4,
      symbolFillColor: "#222222",
      symbolStrokeColor: "#222222",
      symbolSize: 80,
    },
  };
  const ink = { condition: { test: "datum.white", value: "#ffffff" }, value: "#222222" };
  const rest = explored.knobs.length - 2;
  // The legend is as long as the map is high, with only the ticks that fit.
  const length = Math.min(160, Math.max(40, ys.length * CELL.height - 24));
  const ticks = log ? roundValues(low, high) : [], every = Math.ceil(ticks.length * 14 / length);
  const notes = [
    `each cell: the ${over} over ${
      rest === 0 ? "its points" : `${rest} other knob${rest === 1 ? "" : "s"}`
    }` +
    `; the darker, the faster`,
    ...[across, down].flatMap((knob) => {
      const { name = "", values = [] } = explored.knobs[knob] ?? {};
      return values.length > VALUES ? [`of ${name}, the best ${VALUES} of ${values.length} values`] : [];
    }),
    ...(cells.length < xs.length * ys.length ? ["an empty cell was not tried"] : []),
  ];
  return {
    ...frame(captioned(options, TITLE, notes)),
    width: { step: slim ? SLIM : CELL.width },
    height: { step: CELL.height },
    layer: [
      {
        data: { values: failed.filter((f) => !f.some) },
        mark: { type: "rect", fill: "white", stroke: "#bbbbbb", strokeWidth: 0.8 },
        encoding: { x, y },
      },
      {
        data: { values: shown },
        mark: { type: "rect" },
        encoding: {
          x,
          y,
          color: {
            field: "speed",
            type: "quantitative",
            title: `${over} ${explored.unit}${log ? " (log scale)" : ""}`,
            scale: {
              ...SHADES,
              ...(log ? { type: "log" } : {}),
              domain: shown.length === 0 ? [0, 1] : low < high ? [low, high] : [low, high * 1.1],
            },
            legend: shown.length === 0 ? null : {
              orient: "right",
              gradientLength: length,
              titleFontWeight: "normal",
              format: "~g",
              titleLimit: 260,
              ...(log ? { values: ticks.filter((_, k) => k % every === 0) } : {}),
            },
          },
          tooltip: [{ field: "speed", title: explored.unit, format: ".3~g" }, { field: "points" }],
        },
      },
      {
        data: { values: slim ? [] : shown },
        mark: { type: "text", fontSize: 9 },
        encoding: { x, y, text: { field: "text" }, color: ink },
      },
      {
        data: { values: failed.filter((f) => !f.some) },
        mark: { type: "point", filled: false, opacity: 1, size: 55, color: "#222222", strokeWidth: 1.2 },
        encoding: { x, y, shape },
      },
      {
        data: { values: failed.filter((f) => f.some) },
        mark: {
          type: "point",
          filled: false,
          opacity: 1,
          size: 12,
          strokeWidth: 1,
          xOffset: 18,
          yOffset: -5,
        },
        encoding: { x, y, shape, stroke: ink },
      },
      // A white line around a black one is visible on any shade.
      ...["white", "#000000"].map((stroke, k) => ({
        data: { values: marks.filter((m) => m.kind === PRESET) },
        mark: {
          type: "point",
          filled: false,
          opacity: 1,
          size: slim ? FRAME / 4 : FRAME,
          stroke,
          strokeWidth: k === 0 ? 4 : 2,
        },
        encoding: { x, y, shape },
      })),
      {
        data: { values: marks.filter((m) => m.kind === BEST) },
        mark: {
          type: "point",
          filled: false,
          opacity: 1,
          fill: "white",
          stroke: "#000000",
          strokeWidth: 0.8,
          size: 60,
          xOffset: slim ? 0 : -16,
        },
        encoding: { x, y, shape },
      },
    ],
  };
}

const BEST = "best", PRESET = "rule's preset";
/** Shapes as SVG paths. Vega draws them unscaled at size 4. */
const STAR =
  "M0,-1.2L0.3,-0.4L1.15,-0.37L0.48,0.15L0.7,0.97L0,0.5L-0.7,0.97L-0.48,0.15L-1.15,-0.37L-0.3,-0.4Z";
const FRAMED = "M-1.15,-0.45L1.15,-0.45L1.15,0.45L-1.15,0.45Z";
/** The size at which a frame fits a cell. */
const FRAME = 1600;
