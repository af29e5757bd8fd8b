/** Draws repeated runs of a search: the median result, and the spread over the seeds. */
import type { Table } from "npm:apache-arrow@21.2.0";
import { quantile } from "../base/statistics.ts";
import type { TrialRecord } from "../records/record.ts";
import { tableToRecords } from "../records/table.ts";
import { isFixed, labelOf } from "./methods.ts";
import { type Band, type Curve, curvesSpec, type Point } from "./curves.ts";
import { oneTask } from "./one_task.ts";
import {
  captioned,
  CHART_FIELDS,
  type ChartOptions,
  digits,
  emptyChart,
  type Spec,
  speedOf,
} from "./spec.ts";
import { Chart } from "./chart.ts";
import { checkOptions } from "../base/check_options.ts";
import { oneOf } from "../base/option_kinds.ts";

/** Least number of runs whose band shows quartiles by default. */
const QUARTILES_FROM = 8;

const TITLE = "Best so far, over several runs";

/** The best results of a run over time, and the end of the run. */
interface Run {
  readonly steps: readonly Point[];
  readonly end: number;
}

const FIELDS = { ...CHART_FIELDS, x: oneOf("seconds", "trials"), band: oneOf("range", "quartiles") };

/**
 * Draws the best checked result so far against seconds or trials, for searches that ran with several seeds. A step line
 * shows the median over the runs. The band reaches from the lowest to the highest run, or, from eight runs on, from
 * quartile to quartile. A line begins once all its runs have a result. A run that has ended keeps its last result.
 *
 * `trials` is a table of trials whose runs differ by their seeds, or a list of such tables, each with at least one run.
 * `x` is the horizontal axis, default `seconds`. `band` is what the band shows; the default depends on the runs.
 *
 * @throws {RecordError} if a table is not of trials
 * @throws {ChartError} if the trials belong to several programs
 */
export function bestOverSeeds(
  trials: Table | readonly Table[],
  options: ChartOptions & {
    readonly x?: "seconds" | "trials";
    readonly band?: "range" | "quartiles";
  } = {},
): Chart {
  checkOptions("charts.bestOverSeeds", options, FIELDS);
  return new Chart(bestOverSeedsSpec(trials, options));
}

/** Draws `bestOverSeeds` as a Vega-Lite specification. */
export function bestOverSeedsSpec(
  trials: Table | readonly Table[],
  options: ChartOptions & {
    readonly x?: "seconds" | "trials";
    readonly band?: "range" | "quartiles";
  } = {},
): Spec {
  const { x = "seconds" } = options;
  const tables = [trials].flat() as readonly Table[];
  const records = tables.flatMap((table, k) => tableToRecords(table).map((r) => ({ ...r, table: k })));
  if (records.length === 0) return emptyChart(options, TITLE, "no trials were recorded");
  oneTask(records);
  const speed = speedOf(records.filter((r) => r.status === "ok"));
  const at = (r: TrialRecord) => x === "seconds" ? r.secondsSinceStart : r.trial + 1;
  const groups = [...Map.groupBy(records, namer(records))].map(([method, own]) => ({
    method,
    runs: [...Map.groupBy(own, (r) => JSON.stringify([r.table, r.seed, r.tuner, r.start])).values()]
      .map((run) => runOf(run, at, speed.of)),
  }));
  const searches = groups.filter((g) => !isFixed(g.method));
  const most = Math.max(...groups.map((g) => g.runs.length));
  const band = options.band ?? (most < QUARTILES_FROM ? "range" : "quartiles");
  const end = Math.max(1, ...searches.flatMap((g) => g.runs.map((r) => r.end)));
  const curves = groups.map(({ method, runs }) => curveOf(method, runs, end * 1.02, band));
  const between = band === "range" ? "from the lowest to the highest" : "from quartile to quartile";
  const counts = [...new Set(searches.map((g) => g.runs.length))].sort((a, b) => a - b);
  const notes = counts.length === 0 || counts.at(-1) === 1
    ? []
    : [`line: median of ${counts.join(" or ")} runs; band: ${between}`];
  return curvesSpec(curves, {
    ...captioned(options, TITLE, notes),
    unit: speed.unit,
    xTitle: x === "seconds" ? "seconds of search" : "trials",
    end,
    width: 480,
    height: 280,
    dots: false,
  });
}

/** Names the method of a record, with its tuner if the method has several. */
function namer(records: readonly TrialRecord[]): (r: TrialRecord) => string {
  const tuners = new Map(
    [...Map.groupBy(records, (r) => r.contestant)].map(([method, own]) =>
      [method, new Set(own.map((r) => r.tuner)).size] as const
    ),
  );
  return (r) => (tuners.get(r.contestant) ?? 1) > 1 ? `${labelOf(r.contestant)}, ${r.tuner}` : r.contestant;
}

function runOf(
  records: readonly TrialRecord[],
  at: (r: TrialRecord) => number,
  speed: (r: TrialRecord) => number,
): Run {
  const steps: Point[] = [];
  for (const r of records.toSorted((a, b) => a.trial - b.trial)) {
    const y = r.status === "ok" ? speed(r) : NaN;
    if (y > (steps.at(-1)?.y ?? 0)) steps.push({ x: at(r), y });
  }
  return { steps, end: Math.max(...records.map(at)) };
}

function curveOf(method: string, runs: readonly Run[], end: number, band: "range" | "quartiles"): Curve {
  const good = runs.filter((r) => r.steps.length > 0);
  const without = runs.length - good.length;
  const missing = without > 0 ? [`${without} of ${runs.length} runs without a result`] : [];
  if (good.length === 0) return { method, points: [], failed: [], ...noted(missing) };
  const bests = good.map((r) => r.steps.at(-1)?.y ?? 0);
  const [least, most] = [Math.min(...bests), Math.max(...bests)];
  const spread = least < most ? [`${digits(least)} to ${digits(most)}`] : [];
  const begin = Math.max(...good.map((r) => r.steps[0]?.x ?? 0));
  const moments = [...new Set(good.flatMap((r) => r.steps.map((p) => p.x)))]
    .filter((x) => x >= begin).sort((a, b) => a - b);
  // A method with one answer has it from the start.
  const shown = isFixed(method) ? [0] : moments;
  const q = band === "range" ? 0 : 0.25;
  const known = shown.map((x) => {
    const reached = good.map((r) =>
      isFixed(method) ? r.steps[0]?.y ?? 0 : r.steps.findLast((p) => p.x <= x)?.y ?? 0
    );
    return { x, y: quantile(reached, 0.5), low: quantile(reached, q), high: quantile(reached, 1 - q) };
  });
  const last = known.at(-1) as typeof known[0];
  const bands: readonly Band[] = [...known, { ...last, x: end }].map(({ x, low, high }) => ({
    x,
    low,
    high,
  }));
  return {
    method,
    points: known.map(({ x, y }) => ({ x, y })),
    failed: [],
    ...(good.length > 1 ? { band: bands } : {}),
    ...noted([...spread, ...missing]),
  };
}

function noted(words: readonly string[]): { readonly note?: string } {
  return words.length > 0 ? { note: words.join(", ") } : {};
}
