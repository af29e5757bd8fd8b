/** Draws the predictions of a cost model against measurements. */
import { rowsKind } from "../records/kinds.ts";
import type { Table } from "npm:apache-arrow@21.2.0";
import type { Column } from "../records/schema.ts";
import { rowsOf, tableOf } from "../records/table.ts";
import {
  captioned,
  CHART_FIELDS,
  type ChartOptions,
  emptyChart,
  frame,
  rangeOf,
  type Spec,
  thinned,
} from "./spec.ts";
import { Chart } from "./chart.ts";
import { checkArgument, checkOptions } from "../base/check_options.ts";
import { oneOf, text } from "../base/option_kinds.ts";

/** The prediction for one point, and its measurement. */
export interface PredictionRow {
  /** The model's prediction; higher is better. */
  readonly predicted: number;
  /** The measurement in the same unit; NaN if the point was not measured, or failed. */
  readonly measured: number;
  /** `learnt`: the model was fitted to it; `unseen`: it was not; `next`: unseen, and next to be tried. */
  readonly kind: "learnt" | "unseen" | "next";
}

const COLUMNS = {
  predicted: "float",
  measured: "float",
  kind: ["learnt", "unseen", "next"],
} as const satisfies Readonly<Record<keyof PredictionRow, Column>>;

const ROWS = rowsKind("a row with predicted, measured and kind", COLUMNS);

/**
 * Makes a table of predictions for `predictions`.
 *
 * @throws {OptionError} for an argument of a wrong kind
 */
export function predictionTable(rows: readonly PredictionRow[]): Table {
  checkArgument("charts.predictionTable", "rows", rows, ROWS);
  return tableOf(rows, COLUMNS);
}

const TITLE = "Predictions against measurements";
const SIDE = 360;
/** Most points of a kind that are drawn. The correlation is over all points. */
const POINTS = 4000;
/** The looks of each kind, from the back to the front. Shapes and shades also distinguish them without colours. */
const KINDS = [
  {
    kind: "unseen",
    label: "not seen by the model",
    color: "#56B4E9",
    shape: "circle",
    size: 22,
    opacity: 0.6,
  },
  { kind: "learnt", label: "learnt from", color: "#000000", shape: "cross", size: 40, opacity: 0.9 },
  {
    kind: "next",
    label: "would be tried next",
    color: "#D55E00",
    shape: "triangle-up",
    size: 90,
    opacity: 1,
  },
] as const;

const FIELDS = { ...CHART_FIELDS, unit: text, by: oneOf("value", "rank") };

/**
 * Draws one point a configuration, with the prediction to the right and the measurement upwards. Both are in `unit`
 * (default `score`); higher is better. A perfect model's points would lie on the diagonal. A model that learns ranks
 * predicts no speeds: with `by: "rank"` both axes are ranks, the best at the top right; default `value`.
 *
 * The points that would be tried next stand out. Points without a measurement lie at the bottom. The rank correlation
 * (Spearman's) is over the points that the model had not seen, or over all if there are too few.
 *
 * @throws {RecordError} if the table lacks a column of `PredictionRow`
 */
export function predictions(
  table: Table,
  options: ChartOptions & { readonly unit?: string; readonly by?: "value" | "rank" } = {},
): Chart {
  checkOptions("charts.predictions", options, FIELDS);
  return new Chart(predictionsSpec(table, options));
}

/** Draws `predictions` as a Vega-Lite specification. */
export function predictionsSpec(
  table: Table,
  options: ChartOptions & { readonly unit?: string; readonly by?: "value" | "rank" } = {},
): Spec {
  const { by = "value", unit = "score" } = options;
  const rows = (rowsOf(table, COLUMNS)).filter((r) => Number.isFinite(r.predicted));
  const known = rows.filter((r) => Number.isFinite(r.measured));
  if (rows.length === 0) return emptyChart(options, TITLE, "nothing was predicted");
  const unseen = known.filter((r) => r.kind !== "learnt");
  const judged = unseen.length > 1 ? unseen : known;
  const rho = rankCorrelation(judged.map((r) => r.predicted), judged.map((r) => r.measured));
  const of = unseen.length > 1
    ? `${judged.length} points that the model had not seen`
    : `${judged.length} points`;
  const predicted = by === "value"
    ? rows.map((r) => r.predicted)
    : sharesOf(ranksOf(rows.map((r) => r.predicted)));
  const places = by === "value" ? [] : sharesOf(ranksOf(known.map((r) => r.measured)));
  const measured = new Map(known.map((r, k) => [r, by === "value" ? r.measured : places[k] ?? NaN]));
  const all = [...predicted, ...measured.values()];
  const [least, most] = rangeOf(all);
  const [low, high] = by === "rank"
    ? [0, 1]
    : [Math.min(0, least), Math.max(most, Math.min(0, least) + 1e-9)];
  const room = (high - low) * 0.03;
  const values = rows.map((r, k) => ({
    x: predicted[k],
    y: measured.get(r) ?? low - room,
    kind: KINDS.find((look) => look.kind === r.kind)?.label ?? KINDS[0].label,
    known: measured.has(r),
  }));
  const axis = (field: string, title: string) => ({
    field,
    type: "quantitative",
    title,
    scale: { domain: [low - room, high + room], nice: false, zero: false },
    axis: { tickCount: 5, format: by === "rank" ? "%" : "~g" },
  });
  const words = (what: string) =>
    by === "rank" ? `place as ${what}, from the slowest to the best` : `${what}, ${unit}`;
  const x = axis("x", words("predicted")), y = axis("y", words("measured"));
  const there = KINDS.filter((look) => values.some((v) => v.kind === look.label));
  const scaleOf = (key: "color" | "shape" | "size" | "opacity") => ({
    field: "kind",
    type: "nominal",
    title: null,
    scale: { domain: there.map((k) => k.label), range: there.map((k) => k[key]) },
    legend: key === "color" || key === "shape" ? { symbolOpacity: 1, symbolSize: 70 } : null,
  });
  const missing = values.filter((v) => !v.known).length;
  const notes = [
    Number.isNaN(rho)
      ? "too few measurements for a rank correlation"
      : `rank correlation ${rho.toFixed(2)} on ${of}`,
    ...(missing > 0 ? [`at the bottom: ${missing} without a measurement`] : []),
  ];
  return {
    ...frame(captioned(options, TITLE, notes)),
    width: SIDE,
    height: SIDE,
    layer: [
      {
        data: { values: [{ x: low, y: low }, { x: high, y: high }] },
        mark: { type: "line", color: "#333333", strokeDash: [4, 4], strokeWidth: 1 },
        encoding: { x, y },
      },
      // The kinds in front are the more important ones.
      ...there.map((look) => ({
        data: {
          values: thinned(values.filter((v) => v.kind === look.label), POINTS).map(({ x, y, kind }) => ({
            x,
            y,
            kind,
          })),
        },
        mark: {
          type: "point",
          filled: true,
          size: look.size,
          opacity: look.opacity,
          stroke: "white",
          strokeWidth: 0.4,
        },
        encoding: { x, y, color: scaleOf("color"), shape: scaleOf("shape") },
      })),
    ],
  };
}

/** Computes Spearman's rank correlation; ties share their mean rank. NaN for fewer than two points, or equal ones. */
export function rankCorrelation(a: readonly number[], b: readonly number[]): number {
  const p = ranksOf(a), q = ranksOf(b), mean = (a.length - 1) / 2;
  let both = 0, own = 0, other = 0;
  p.forEach((x, k) => {
    const dx = x - mean, dy = (q[k] ?? NaN) - mean;
    both += dx * dy;
    own += dx * dx;
    other += dy * dy;
  });
  return both / Math.sqrt(own * other);
}

/** Ranks values from 0 for the least. Equal values have the mean of their ranks. */
function ranksOf(values: readonly number[]): readonly number[] {
  const order = [...values.keys()].sort((i, j) => (values[i] ?? 0) - (values[j] ?? 0));
  const ranks: number[] = Array(values.length);
  for (let from = 0; from < order.length;) {
    let to = from;
    while (to < order.length && values[order[to] as number] === values[order[from] as number]) to++;
    for (let k = from; k < to; k++) ranks[order[k] as number] = (from + to - 1) / 2;
    from = to;
  }
  return ranks;
}

function sharesOf(ranks: readonly number[]): readonly number[] {
  return ranks.map((r) => ranks.length === 1 ? 0.5 : r / (ranks.length - 1));
}
