/** Compares tuners over many seeds. */
import type { Table } from "npm:apache-arrow@21.2.0";
import { quantile } from "../base/statistics.ts";
import type { Column } from "../records/schema.ts";
import { rowsOf } from "../records/table.ts";
import { CHART_FIELDS, type ChartOptions, frame, type Spec } from "./spec.ts";
import { Chart } from "./chart.ts";
import { checkOptions } from "../base/check_options.ts";
import { arrayOf, oneOf, text } from "../base/option_kinds.ts";

/** The state of one search after a trial; it holds until the next row. */
export interface TunerRow {
  /** The name of the space. */
  readonly space: string;
  /** The tuner's name. */
  readonly tuner: string;
  /** The start of the search: `preset` or `scratch`. */
  readonly start: string;
  /** The seed of the search. */
  readonly seed: number;
  /** The number of trials so far. */
  readonly trial: number;
  /** The speed of the best so far, as a share of the space's best, from 0 to 1. */
  readonly share: number;
  /** Seconds that the trials took so far. */
  readonly seconds: number;
}

/** The columns of a table of tuners' searches. */
export const TUNER_COLUMNS = {
  space: "text",
  tuner: "text",
  start: "text",
  seed: "int",
  trial: "int",
  share: "float",
  seconds: "float",
} as const satisfies Readonly<Record<keyof TunerRow, Column>>;

/** Okabe and Ito's colours, distinct for the colour-blind. */
const COLORS = ["#009E73", "#0072B2", "#D55E00", "#CC79A7", "#56B4E9", "#E69F00", "#000000", "#999999"];

const FIELDS = { ...CHART_FIELDS, x: oneOf("trials", "seconds"), methods: arrayOf(text) };

/**
 * Draws the share of each space's best that tuners have reached, against trials or seconds on a logarithmic axis. A line
 * shows the median over the seeds, and a band the quartiles. Each space has its own small chart.
 *
 * `x` is the horizontal axis, default `trials`. `methods` are names like `xgb from preset`, in the order of their
 * colours; default: all.
 *
 * @throws {RecordError} if the table lacks a column of `TunerRow`
 */
export function tunersCompared(
  table: Table,
  options: ChartOptions & {
    readonly x?: "trials" | "seconds";
    readonly methods?: readonly string[];
  } = {},
): Chart {
  checkOptions("charts.tunersCompared", options, FIELDS);
  return new Chart(tunersComparedSpec(table, options));
}

/** Draws `tunersCompared` as a Vega-Lite specification. */
export function tunersComparedSpec(
  table: Table,
  options: ChartOptions & {
    readonly x?: "trials" | "seconds";
    readonly methods?: readonly string[];
  } = {},
): Spec {
  const { x: unit = "trials" } = options;
  const rows = rowsOf(table, TUNER_COLUMNS);
  const nameOf = (r: TunerRow) => `${r.tuner} from ${r.start}`;
  const names = options.methods ?? [...new Set(rows.map(nameOf))];
  const groups = Map.groupBy(rows.filter((r) => names.includes(nameOf(r))), (r) => `${nameOf(r)} ${r.space}`);
  const at = unit === "trials" ? (r: TunerRow) => r.trial : (r: TunerRow) => r.seconds;
  const shown = [...groups.values()];
  const searches = shown.flatMap((own) => [...Map.groupBy(own, (r) => r.seed).values()]);
  const moments = momentsOf(searches.map((own) => own.map(at)));
  const values = shown.flatMap((own) => {
    const [first] = own as [TunerRow, ...TunerRow[]];
    return moments.map((x) => ({ space: first.space, who: nameOf(first), x, ...sharesAt(own, at, x) }));
  });
  const x = {
    field: "x",
    type: "quantitative",
    title: unit === "trials" ? "trials (log scale)" : "seconds of measuring (log scale)",
    scale: { type: "log", base: 2, nice: false },
    axis: { grid: false, values: moments.filter((m) => Math.log2(m) % 2 === 0), format: "~g" },
  };
  const y = {
    field: "mid",
    type: "quantitative",
    title: "share of the space's best",
    scale: { domain: [0, 1], nice: false },
    axis: { format: "%", tickCount: 5, domain: false, ticks: false },
  };
  const color = {
    field: "who",
    type: "nominal",
    title: null,
    scale: { domain: names, range: names.map((_, k) => COLORS[k % COLORS.length]) },
    legend: { columns: 3, symbolType: "stroke", symbolOpacity: 1, symbolStrokeWidth: 3, symbolSize: 300 },
  };
  return {
    ...frame(options),
    data: { values },
    facet: {
      field: "space",
      type: "nominal",
      title: null,
      header: { labelFontSize: 12, labelFontWeight: "bold" },
    },
    columns: 3,
    spacing: 28,
    spec: {
      width: 230,
      height: 170,
      layer: [
        {
          mark: { type: "area", opacity: 0.15 },
          encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" }, color },
        },
        {
          mark: { type: "line", strokeWidth: 2, point: { size: 18, filled: true } },
          encoding: { x, y, color },
        },
      ],
    },
  };
}

/** Lists powers of two, from the first point at which every search has a row to the end of the longest search. */
function momentsOf(searches: readonly (readonly number[])[]): readonly number[] {
  const begin = Math.max(...searches.map((own) => Math.min(...own)));
  const end = Math.max(...searches.map((own) => Math.max(...own)));
  const moments: number[] = [];
  for (let x = 2 ** Math.ceil(Math.log2(begin)); x <= end; x *= 2) moments.push(x);
  return moments;
}

/** Computes the quartiles over the seeds of one tuner on one space. A row holds until the next; before the first is 0. */
function sharesAt(rows: readonly TunerRow[], at: (r: TunerRow) => number, moment: number) {
  const shares = [...Map.groupBy(rows, (r) => r.seed).values()].map((own) =>
    own.reduce((share, r) => at(r) <= moment ? Math.max(share, r.share) : share, 0)
  );
  return { low: quantile(shares, 0.25), mid: quantile(shares, 0.5), high: quantile(shares, 0.75) };
}
