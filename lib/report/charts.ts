/** Charts of results: plain functions from Arrow tables to Vega-Lite specifications, each usable alone. */
import type { Table } from "apache-arrow";
import type { TrialRecord } from "../records/record.ts";
import { type SummaryRow, summaryRows } from "../records/summary.ts";
import { tableToRecords } from "../records/table.ts";
import { colorScale, isFixed, labelOf } from "./contestants.ts";
import { type Curve, curvesSpec } from "./curves.ts";
import { type ChartOptions, digits, frame, rowsAxis, type Spec, speedOf, timesAxis } from "./spec.ts";
import { MARGIN, verdicts } from "./verdict.ts";

export type { ChartOptions, Spec };

/**
 * Best checked result so far against seconds or trials: a step line for a search, with a dot for each of its
 * trials, a tick at the bottom for each failed one and a mark where it passes DLight; a level line for a
 * contestant with one answer, there from the first moment. The axis is logarithmic where the contestants are
 * far apart, and says so.
 */
export function bestSoFar(
  trials: Table,
  options: ChartOptions & { readonly x?: "seconds" | "trials" } = {},
): Spec {
  const { x = "seconds" } = options;
  const records = tableToRecords(trials);
  const speed = speedOf(records.filter((r) => r.status === "ok"));
  const at = (r: TrialRecord) => x === "seconds" ? r.secondsSinceStart : r.trial + 1;
  const point = (r: TrialRecord) => ({ x: at(r), y: speed.of(r) });
  const when = (r: TrialRecord) => x === "seconds" ? `after ${at(r).toFixed(1)} s` : `at trial ${at(r)}`;
  const rule = records.find((r) => r.contestant === "dlight" && r.status === "ok");
  // A search measures the rule's own configuration, too: what passes DLight passes each of its results.
  const ruled = records.filter((r) => r.config === rule?.config && r.status === "ok").map(speed.of);
  const passes = (r: TrialRecord) => r.status === "ok" && speed.of(r) > Math.max(...ruled) * MARGIN;
  const curves = [...Map.groupBy(records, (r) => r.contestant)].map(([contestant, all]): Curve => {
    const own = all.toSorted((a, b) => a.trial - b.trial);
    const passing = rule && !isFixed(contestant) ? own.find(passes) : undefined;
    return {
      contestant,
      points: own.filter((r) => r.status === "ok").map(point),
      failed: own.filter((r) => r.status !== "ok").map((r) => ({ x: at(r), status: r.status })),
      ...(passing ? { passes: { ...point(passing), text: `passes DLight ${when(passing)}` } } : {}),
    };
  });
  return curvesSpec(curves, {
    ...options,
    unit: speed.unit,
    xTitle: x === "seconds" ? "seconds of search" : "trials",
    end: Math.max(1, ...records.filter((r) => !isFixed(r.contestant)).map(at)),
    width: 480,
    height: 280,
    dots: true,
  });
}

/** The confirmed results as bars, with the intervals of the medians over the interleaved rounds and the ratio to DLight. */
export function confirmed(summary: Table, options: ChartOptions = {}): Spec {
  const rows = summaryRows(summary);
  const speed = speedOf(rows);
  const work = (r: SummaryRow) => speed.of(r) * r.medianMs;
  const values = rows.map((r) => {
    if (!Number.isFinite(r.medianMs)) return { who: labelOf(r.contestant), result: "no result", ratio: "" };
    return {
      who: labelOf(r.contestant),
      y: speed.of(r),
      low: work(r) / r.highMs,
      high: work(r) / r.lowMs,
      result: `${digits(speed.of(r))} ${speed.unit}`,
      ratio: Number.isFinite(r.speedupVsDlight) ? `${r.speedupVsDlight.toFixed(2)} × DLight` : "",
    };
  });
  const rule = values[rows.findIndex((r) => r.contestant === "dlight")]?.y;
  const x = {
    field: "y",
    type: "quantitative",
    title: `confirmed, ${speed.unit}`,
    scale: { zero: true, nice: false },
    axis: { tickCount: 6 },
  };
  const y = {
    field: "who",
    type: "nominal",
    title: null,
    sort: values.map((v) => v.who),
    axis: { labelLimit: 220, labelFontSize: 12, domain: false, ticks: false, labelPadding: 8 },
  };
  const column = (dx: number, field: string) => ({
    mark: { type: "text", align: "left", dx, fontSize: 12 },
    encoding: { x: { value: "width" }, y, text: { field } },
  });
  return {
    ...frame(options),
    width: 400,
    height: { step: 34 },
    data: { values },
    layer: [
      {
        mark: { type: "bar", height: 20 },
        encoding: {
          x,
          y,
          color: {
            field: "who",
            type: "nominal",
            legend: null,
            scale: colorScale(rows.map((r) => r.contestant)),
          },
        },
      },
      // The rim keeps the interval in sight on a dark bar, in print without colours as well.
      ...[{ strokeWidth: 5, color: "white", opacity: 0.8 }, { strokeWidth: 1.5 }].map((looks) => ({
        mark: { type: "rule", ...looks },
        encoding: { x: { ...x, field: "low" }, x2: { field: "high" }, y },
      })),
      ...(rule === undefined ? [] : [{
        data: { values: [{ rule }] },
        mark: { type: "rule", strokeDash: [3, 3], color: "#333333" },
        encoding: { x: { ...x, field: "rule" } },
      }]),
      column(14, "result"),
      column(114, "ratio"),
    ],
  };
}

/**
 * Several comparisons in one picture: a row an operator, a dot a contestant, placed by how many times as fast
 * as DLight it is; the axis is logarithmic, so that twice and half as fast lie equally far from the middle.
 */
export function overview(summary: Table, options: ChartOptions = {}): Spec {
  const rows = summaryRows(summary).filter((r) => r.speedupVsDlight > 0);
  const named = operatorNames(rows);
  const values = rows.map((r) => ({
    operator: named.get(r.task),
    who: labelOf(r.contestant),
    ratio: r.speedupVsDlight,
    low: r.speedupVsDlight * r.medianMs / r.highMs,
    high: r.speedupVsDlight * r.medianMs / r.lowMs,
  }));
  const said = verdicts(summary).map((v) => ({ operator: named.get(v.task), text: v.short }));
  const bounds = values.flatMap((v) => [v.low, v.high, 1]);
  const x = timesAxis("ratio", "times as fast as DLight", bounds);
  const y = rowsAxis("operator", [...named.values()], 320);
  const color = {
    field: "who",
    type: "nominal",
    title: null,
    scale: colorScale(rows.map((r) => r.contestant)),
  };
  return {
    ...frame(options),
    width: 400,
    height: { step: 40 },
    data: { values },
    layer: [
      {
        data: { values: [{ one: 1 }] },
        mark: { type: "rule", strokeDash: [3, 3], color: "#333333" },
        encoding: { x: { ...x, field: "one" } },
      },
      {
        mark: { type: "rule", strokeWidth: 1.5 },
        encoding: { x: { ...x, field: "low" }, x2: { field: "high" }, y, color },
      },
      { mark: { type: "point", filled: true, size: 110, opacity: 0.9 }, encoding: { x, y, color } },
      {
        data: { values: said },
        mark: { type: "text", align: "left", dx: 14, fontSize: 12 },
        encoding: { x: { value: "width" }, y, text: { field: "text" } },
      },
    ],
  };
}

/** The operators' names; with their shapes where a name comes twice. */
function operatorNames(rows: readonly SummaryRow[]): ReadonlyMap<string, string> {
  const short = (task: string) => task.slice(0, task.indexOf("("));
  const tasks = [...new Set(rows.map((r) => r.task))];
  return new Map(
    tasks.map((t) => [t, tasks.filter((u) => short(u) === short(t)).length > 1 ? t : short(t)]),
  );
}
