/** A space as a map of two of its knobs. */
import type { Table } from "apache-arrow";
import { median } from "../measure/measurement.ts";
import { failureOf } from "./failures.ts";
import {
  captioned,
  type ChartOptions,
  digits,
  emptyChart,
  frame,
  roundValues,
  SHADES,
  type Spec,
} from "./spec.ts";
import { fastestOf, knobAt, type Tried, triedOf, type TriedPoint } from "./tried.ts";

const TITLE = "A space, by two of its knobs";
/** Pixels of a cell, which hold its number. */
const CELL = { width: 48, height: 20 };
/** From this ratio between the fastest and the slowest cell on, shades are of logarithms. */
const LOG_FROM = 8;
/** Where a cell is darker than this share of the way to the darkest, what is on it is white. */
const DARK = 0.45;

export interface SpaceHeatmapOptions extends ChartOptions {
  /** Knobs; default: the two whose values make most difference, the one with fewer values to the right. */
  readonly x?: string;
  readonly y?: string;
  /** What a cell shows of all points that it stands for; default `best`. */
  readonly over?: "best" | "median";
}

/**
 * Two knobs of a space, and in each cell the best, or median, speed over all values of the others: the darker, the
 * faster. A cell whose points all failed is white with a mark for the commonest kind of failure, one in which some
 * failed has a small mark; one that nobody tried is empty. The rule's preset and the best point have marks, too.
 *
 * `table` is of a recorded space, or of trials.
 *
 * @throws {RecordError} for another table
 * @throws {ChartError} for a knob that is not there, and for trials of several programs
 */
export function spaceHeatmap(table: Table, options: SpaceHeatmapOptions = {}): Spec {
  const { over = "best" } = options;
  const tried = triedOf(table);
  if (tried.points.length === 0) return emptyChart(options, TITLE, "no point was tried");
  const chosen = axesOf(tried, options);
  if (chosen === undefined) {
    return emptyChart(options, TITLE, "fewer than two knobs were tried with several values");
  }
  const [across, down] = chosen;
  const place = (p: TriedPoint) => ({ x: p.places[across] ?? -1, y: p.places[down] ?? -1 });
  const cells = [
    ...Map.groupBy(tried.points, (p) => `${p.places[across]} ${p.places[down]}`).values(),
  ].map((own) => cellOf(own, over, place(own[0] as TriedPoint))).filter((c) => c.x >= 0 && c.y >= 0);
  const speeds = cells.map((c) => c.speed).filter((s) => s > 0);
  const [low, high] = [Math.min(...speeds), Math.max(...speeds)];
  const log = low * LOG_FROM < high;
  const shade = (s: number) => log ? Math.log(s / low) / Math.log(high / low) : (s - low) / (high - low);
  const xs = tried.knobs[across]!.values, ys = tried.knobs[down]!.values;
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
  const preset = tried.points.find((p) => p.preset), best = fastestOf(tried.points);
  const marks = [
    ...(best ? [{ ...place(best), kind: BEST }] : []),
    ...(preset ? [{ ...place(preset), kind: PRESET }] : []),
  ].map(({ x, y, kind }) => ({ x: xs[x], y: ys[y], kind }));
  const kinds = [...new Set(cells.flatMap((c) => c.failure ?? []))].map(failureOf);
  const looks = [...new Map(kinds.map((k) => [k.label, k.shape]))];
  const band = (field: string, title: string | undefined, sort: readonly string[], more: object) => ({
    field,
    type: "nominal",
    title,
    scale: { domain: sort, paddingInner: 0.04, paddingOuter: 0.02 },
    axis: { domain: false, ticks: false, labelFontSize: 10, labelLimit: 120, ...more },
  });
  const x = band("x", tried.knobs[across]?.name, xs, { labelAngle: xs.some((t) => t.length > 8) ? -45 : 0 });
  const y = band("y", tried.knobs[down]?.name, ys.toReversed(), {
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
  const rest = tried.knobs.length - 2;
  // As long as the map is high, and no more ticks than it has room for.
  const length = Math.min(160, Math.max(40, ys.length * CELL.height - 24));
  const ticks = log ? roundValues(low, high) : [], every = Math.ceil(ticks.length * 14 / length);
  const notes = [
    `each cell: the ${over} over ${
      rest === 0 ? "its points" : `${rest} other knob${rest === 1 ? "" : "s"}`
    }` +
    `; the darker, the faster`,
    ...(cells.length < xs.length * ys.length ? ["an empty cell was not tried"] : []),
  ];
  return {
    ...frame(captioned(options, TITLE, notes)),
    width: { step: CELL.width },
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
            title: `${over} ${tried.unit}${log ? " (log scale)" : ""}`,
            scale: {
              ...SHADES,
              ...(log ? { type: "log" } : {}),
              ...(low < high ? { domain: [low, high] } : {}),
            },
            legend: {
              orient: "right",
              gradientLength: length,
              titleFontWeight: "normal",
              format: "~g",
              titleLimit: 260,
              ...(log ? { values: ticks.filter((_, k) => k % every === 0) } : {}),
            },
          },
          tooltip: [{ field: "speed", title: tried.unit, format: ".3~g" }, { field: "points" }],
        },
      },
      {
        data: { values: shown },
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
      // White on black, and the other way round, is seen on any shade.
      ...["white", "#000000"].map((stroke, k) => ({
        data: { values: marks.filter((m) => m.kind === PRESET) },
        mark: { type: "point", filled: false, opacity: 1, size: FRAME, stroke, strokeWidth: k === 0 ? 4 : 2 },
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
          xOffset: -16,
        },
        encoding: { x, y, shape },
      },
    ],
  };
}

const BEST = "best", PRESET = "rule's preset";
/** Shapes as paths, of which a size of 4 is as they are. */
const STAR =
  "M0,-1.2L0.3,-0.4L1.15,-0.37L0.48,0.15L0.7,0.97L0,0.5L-0.7,0.97L-0.48,0.15L-1.15,-0.37L-0.3,-0.4Z";
const FRAMED = "M-1.15,-0.45L1.15,-0.45L1.15,0.45L-1.15,0.45Z";
/** With which size a frame is a cell's. */
const FRAME = 1600;

interface Cell {
  readonly x: number;
  readonly y: number;
  /** NaN where no point has succeeded. */
  readonly speed: number;
  readonly points: number;
  /** The commonest kind of failure, where there is one. */
  readonly failure: string | undefined;
}

function cellOf(
  own: readonly TriedPoint[],
  over: "best" | "median",
  place: { readonly x: number; readonly y: number },
): Cell {
  const speeds = own.map((p) => p.speed).filter((s) => s > 0);
  const kinds = Map.groupBy(own.filter((p) => p.status !== "ok"), (p) => p.status);
  const [commonest] = [...kinds].sort(([, a], [, b]) => b.length - a.length);
  return {
    ...place,
    speed: speeds.length === 0 ? NaN : over === "best" ? Math.max(...speeds) : median(speeds),
    points: own.length,
    failure: commonest?.[0],
  };
}

/** The two knobs to draw; undefined where there are not so many. */
function axesOf(tried: Tried, { x, y }: SpaceHeatmapOptions): readonly [number, number] | undefined {
  const named = [x, y].map((name) => name === undefined ? undefined : knobAt(tried, name));
  const others = tried.knobs.map((_, k) => k).filter((k) => !named.includes(k))
    .map((k) => ({ k, matters: differenceOf(tried, k) })).sort((a, b) => b.matters - a.matters).map(({ k }) =>
      k
    );
  if (tried.knobs.length < 2) return undefined;
  const size = (k: number) => tried.knobs[k]?.values.length ?? 0;
  const [first, second] = named;
  if (first !== undefined && second !== undefined) return [first, second];
  const other = others[0] as number;
  if (first !== undefined) return [first, other];
  if (second !== undefined) return [other, second];
  const both = [other, others[1] as number] as const;
  return size(both[0]) <= size(both[1]) ? both : [both[1], both[0]];
}

/** How far the best speeds of a knob's values lie apart, as a logarithm. */
function differenceOf({ points, knobs }: Tried, knob: number): number {
  const bests = (knobs[knob]?.values ?? []).map((_, at) =>
    Math.max(0, ...points.filter((p) => p.places[knob] === at).map((p) => p.speed).filter((s) => s > 0))
  ).filter((s) => s > 0);
  return bests.length < 2 ? 0 : Math.log(Math.max(...bests) / Math.min(...bests));
}
