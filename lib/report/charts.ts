/** Charts of results: plain functions from Arrow tables to Vega-Lite specifications, each usable alone. */
import type { Table } from "apache-arrow";
import type { TrialRecord } from "../records/record.ts";
import { type SummaryRow, summaryRows } from "../records/summary.ts";
import { tableToRecords } from "../records/table.ts";

/** A Vega-Lite specification: plain JSON data. */
export type Spec = Readonly<Record<string, unknown>>;

export interface ChartOptions {
  /** What was computed. */
  readonly title?: string;
  /** On what. */
  readonly subtitle?: string;
}

const SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json";

/** Less than this times faster than DLight may be noise, and is not marked as overtaking it. */
const MARGIN = 1.05;

/** How contestants are called and coloured; the colours are Okabe and Ito's, which the colour-blind tell apart. */
const CONTESTANTS: Readonly<Record<string, { readonly label: string; readonly color: string }>> = {
  "fallback": { label: "Fallback (naive)", color: "#999999" },
  "dlight": { label: "DLight (rule)", color: "#0072B2" },
  "autotvm": { label: "AutoTVM (from scratch)", color: "#E69F00" },
  "autotvm+dlight": { label: "AutoTVM from DLight", color: "#009E73" },
};
/** For contestants that nobody foresaw. */
const OTHER = ["#CC79A7", "#56B4E9", "#D55E00", "#000000"];

function labelOf(contestant: string): string {
  return CONTESTANTS[contestant]?.label ?? contestant;
}

/** Which label has which colour, among the contestants that are there. */
function colorScale(
  contestants: readonly string[],
): { readonly domain: readonly string[]; readonly range: readonly string[] } {
  const known = Object.keys(CONTESTANTS).filter((c) => contestants.includes(c));
  const others = [...new Set(contestants)].filter((c) => !known.includes(c));
  return {
    domain: [...known, ...others].map(labelOf),
    range: [
      ...known.map((c) => CONTESTANTS[c]?.color ?? ""),
      ...others.map((_, k) => OTHER[k % OTHER.length] ?? ""),
    ],
  };
}

function titled(options: ChartOptions): Spec {
  if (options.title === undefined) return {};
  return {
    title: {
      text: options.title,
      ...(options.subtitle === undefined ? {} : { subtitle: options.subtitle }),
      anchor: "start",
      fontSize: 13,
      subtitleFontSize: 11,
      subtitleColor: "#555555",
      offset: 12,
    },
  };
}

const CONFIG: Spec = {
  font: "Roboto, sans-serif",
  view: { stroke: null },
  axis: { labelFontSize: 11, titleFontSize: 12, titleFontWeight: "normal", gridColor: "#e6e6e6" },
  legend: { labelFontSize: 11, titleFontSize: 12, orient: "bottom", columns: 2, labelLimit: 260 },
};

/** Speed as shown: GFLOP/s where the program computes, GB/s where it only moves. */
function speedOf(rows: readonly { readonly gflops: number; readonly gbps: number }[]) {
  const computes = rows.some((r) => r.gflops > 0);
  return computes
    ? { field: "gflops", unit: "GFLOP/s", of: (r: { readonly gflops: number }) => r.gflops } as const
    : { field: "gbps", unit: "GB/s", of: (r: { readonly gbps: number }) => r.gbps } as const;
}

/**
 * Best checked result so far against seconds or trials: a step line a search, a level line for a contestant
 * with one answer (there from the first moment), a mark where a search overtakes DLight, a tick for each
 * failed trial.
 */
export function bestSoFar(
  trials: Table,
  options: ChartOptions & { readonly x?: "seconds" | "trials" } = {},
): Spec {
  const { x = "seconds" } = options;
  const records = tableToRecords(trials);
  const speed = speedOf(records.filter((r) => r.status === "ok"));
  const at = (r: TrialRecord) => x === "seconds" ? r.secondsSinceStart : r.trial + 1;
  const end = Math.max(1, ...records.map(at));
  const groups = [...Map.groupBy(records, (r) => r.contestant)];
  const line = groups.flatMap(([contestant, own]) => {
    const who = labelOf(contestant);
    if (own.length === 1) {
      const [only] = own;
      if (only?.status !== "ok") return [];
      return [0, end].map((t) => ({ who, x: t, y: speed.of(only) }));
    }
    let best = 0;
    const steps = own.toSorted((a, b) => a.trial - b.trial).flatMap((r) => {
      if (r.status !== "ok" || speed.of(r) <= best) return [];
      best = speed.of(r);
      return [{ who, x: at(r), y: best }];
    });
    return steps.length > 0 ? [...steps, { who, x: end, y: best }] : [];
  });
  const rule = records.find((r) => r.contestant === "dlight" && r.status === "ok");
  const overtakes = groups.flatMap(([contestant, own]) => {
    const first = rule && own.length > 1 &&
      own.toSorted((a, b) => a.trial - b.trial).find((r) =>
        r.status === "ok" && r.config !== rule.config && speed.of(r) > speed.of(rule) * MARGIN
      );
    if (!first || !rule) return [];
    const when = x === "seconds" ? `${at(first).toFixed(1)} s` : `trial ${at(first)}`;
    return [{ who: labelOf(contestant), x: at(first), y: speed.of(first), text: `passes DLight: ${when}` }];
  });
  const failed = records.filter((r) => r.status !== "ok").map((r) => ({
    who: labelOf(r.contestant),
    x: at(r),
    status: r.status,
  }));
  const color = {
    field: "who",
    type: "nominal",
    title: null,
    scale: colorScale(records.map((r) => r.contestant)),
  };
  const X = {
    field: "x",
    type: "quantitative",
    title: x === "seconds" ? "seconds of search" : "trials",
    scale: { domain: [0, end], nice: false },
  };
  const Y = { field: "y", type: "quantitative", title: `best so far, ${speed.unit}`, scale: { zero: true } };
  return {
    $schema: SCHEMA,
    ...titled(options),
    width: 560,
    height: 300,
    layer: [
      {
        data: { values: line },
        mark: { type: "line", interpolate: "step-after", strokeWidth: 2.5 },
        encoding: { x: X, y: Y, color },
      },
      {
        data: { values: overtakes },
        mark: { type: "point", filled: true, size: 80, opacity: 1 },
        encoding: { x: X, y: Y, color },
      },
      {
        data: { values: overtakes },
        mark: { type: "text", align: "left", baseline: "top", dx: 8, dy: 6, fontSize: 11 },
        encoding: { x: X, y: Y, text: { field: "text" } },
      },
      {
        data: { values: failed },
        mark: { type: "tick", orient: "vertical", size: 8, thickness: 1.5, opacity: 0.7, yOffset: -4 },
        encoding: { x: X, y: { datum: 0, type: "quantitative" }, color, tooltip: { field: "status" } },
      },
    ],
    config: CONFIG,
  };
}

/** The confirmed results as bars, with the quartiles over the interleaved rounds and the ratio to DLight. */
export function confirmed(summary: Table, options: ChartOptions = {}): Spec {
  const rows = summaryRows(summary);
  const speed = speedOf(rows);
  const work = (r: SummaryRow) => speed.of(r) * r.medianMs;
  const values = rows.map((r) => ({
    who: labelOf(r.contestant),
    y: speed.of(r),
    low: work(r) / r.highMs,
    high: work(r) / r.lowMs,
    text: `${speed.of(r).toPrecision(3)} ${speed.unit}` +
      (Number.isFinite(r.speedupVsDlight) ? `, ${r.speedupVsDlight.toFixed(2)} × DLight` : ""),
  }));
  const order = values.map((v) => v.who);
  const most = Math.max(0, ...values.map((v) => Math.max(v.y, v.high || 0)));
  const X = {
    field: "y",
    type: "quantitative",
    title: `confirmed, ${speed.unit}`,
    scale: { domain: [0, most * 1.45 || 1], nice: false },
  };
  const Y = { field: "who", type: "nominal", title: null, sort: order, axis: { labelLimit: 220 } };
  return {
    $schema: SCHEMA,
    ...titled(options),
    width: 560,
    height: { step: 34 },
    data: { values },
    layer: [
      {
        mark: { type: "bar", height: 20 },
        encoding: {
          x: X,
          y: Y,
          color: {
            field: "who",
            type: "nominal",
            legend: null,
            scale: colorScale(rows.map((r) => r.contestant)),
          },
        },
      },
      {
        mark: { type: "rule", strokeWidth: 1.5 },
        encoding: { x: { ...X, field: "low" }, x2: { field: "high" }, y: Y },
      },
      {
        mark: { type: "text", align: "left", dx: 6, fontSize: 11 },
        encoding: { x: { ...X, field: "high" }, y: Y, text: { field: "text" } },
      },
    ],
    config: CONFIG,
  };
}
