import type { Table } from "npm:apache-arrow@21.2.0";
import type { TrialRecord } from "../records/record.ts";
import { tableToRecords } from "../records/table.ts";
import { isFixed, labelOf } from "./methods.ts";
import { type Curve, curvesSpec } from "./curves.ts";
import { CHART_FIELDS, type ChartOptions, digits, type Spec, speedOf } from "./spec.ts";
import { MARGIN } from "./verdict.ts";
import { Chart } from "./chart.ts";
import { checkOptions } from "../base/check_options.ts";
import { oneOf } from "../base/option_kinds.ts";

const FIELDS = { ...CHART_FIELDS, x: oneOf("seconds", "trials") };

/**
 * Draws the best checked result so far against seconds or trials. A search is a step line. It has a dot for each trial,
 * a tick at the bottom for each failed trial, and a mark where it passes DLight. A method with one answer is a level
 * line from the start. The axis is logarithmic if the methods are far apart; its title then says so.
 *
 * @throws {RecordError} if the table is not of trials
 */
export function bestSoFar(trials: Table, options: BestSoFarOptions = {}): Chart {
  checkOptions("charts.bestSoFar", options, FIELDS);
  return new Chart(bestSoFarSpec(tableToRecords(trials), options));
}

/** Options of `bestSoFar`. */
export interface BestSoFarOptions extends ChartOptions {
  /** The horizontal axis; default "seconds". */
  readonly x?: "seconds" | "trials";
}

/** Draws `bestSoFar` of records as a Vega-Lite specification. */
export function bestSoFarSpec(records: readonly TrialRecord[], options: BestSoFarOptions = {}): Spec {
  const { x = "seconds" } = options;
  const speed = speedOf(records.filter((r) => r.status === "ok"));
  const at = (r: TrialRecord) => x === "seconds" ? r.secondsSinceStart : r.trial + 1;
  const point = (r: TrialRecord) => ({ x: at(r), y: speed.of(r) });
  const when = (r: TrialRecord) => x === "seconds" ? `after ${at(r).toFixed(1)} s` : `at trial ${at(r)}`;
  const rule = records.find((r) => r.contestant === "dlight" && r.status === "ok");
  // A search measures the rule's preset too. Passing DLight means passing all results of that configuration.
  const ruled = records.filter((r) => r.config === rule?.config && r.status === "ok").map(speed.of);
  const passes = (r: TrialRecord) => r.status === "ok" && speed.of(r) > Math.max(...ruled) * MARGIN;
  const curves = [...Map.groupBy(records, (r) => r.contestant)].map(([method, all]): Curve => {
    const own = all.toSorted((a, b) => a.trial - b.trial);
    const passing = rule && !isFixed(method) ? own.find(passes) : undefined;
    return {
      method,
      points: own.filter((r) => r.status === "ok").map(point),
      failed: own.filter((r) => r.status !== "ok").map((r) => ({ x: at(r), status: r.status })),
      ...(passing ? { passes: { ...point(passing), text: `passes DLight ${when(passing)}` } } : {}),
    };
  });
  const ends = curves.filter((c) => c.points.length > 0).map((c) =>
    `${labelOf(c.method)}: ${digits(Math.max(...c.points.map((p) => p.y)))} ${speed.unit}`
  );
  const spec = curvesSpec(curves, {
    ...options,
    unit: speed.unit,
    xTitle: x === "seconds" ? "seconds of search" : "trials",
    end: Math.max(1, ...records.filter((r) => !isFixed(r.contestant)).map(at)),
    width: 480,
    height: 280,
    dots: true,
  });
  return { ...spec, description: `The best of each method. ${ends.join("; ")}.` };
}
