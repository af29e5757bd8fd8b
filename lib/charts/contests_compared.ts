/** Compares this module with other libraries, over many operators. */
import type { Table } from "npm:apache-arrow@21.2.0";
import { printableLine } from "../base/printable.ts";
import { colorOf } from "./methods.ts";
import { CHART_FIELDS, type ChartOptions, digits, frame, rowsAxis, type Spec, timesAxis } from "./spec.ts";
import { geometricMean, type Leaderboard, leaderboards, timesPeer } from "./leaderboard.ts";
import { Chart } from "./chart.ts";
import { checkOptions } from "../base/check_options.ts";

/** The mark of a method. */
interface Mark {
  readonly label: string;
  readonly color: string;
  /** A shape's name in Vega, or an SVG path. */
  readonly shape: string;
}

/** This module's methods in the order of the legend, with the colours of the other charts. */
const OWN: Readonly<Record<string, Mark>> = {
  "Fallback": { label: "Fallback (naive)", color: colorOf("fallback"), shape: "circle" },
  "DLight generic": { label: "DLight, generic preset", color: "#56B4E9", shape: "circle" },
  "DLight": { label: "DLight", color: colorOf("dlight"), shape: "circle" },
  "tuned": { label: "tuned", color: colorOf("autotvm+dlight"), shape: "circle" },
};
/** The marks of other libraries: Okabe and Ito's other colours, each with its own shape. */
const PEERS = [
  { color: "#D55E00", shape: "diamond" },
  { color: "#E69F00", shape: "square" },
  { color: "#CC79A7", shape: "triangle-up" },
] as const;
/** An upright bar. */
const ROOFLINE: Mark = {
  label: "measured roofline",
  color: "#000000",
  shape: "M-0.2,-1.2L0.2,-1.2L0.2,1.2L-0.2,1.2Z",
};
const MEAN = "geometric mean";
/** The methods with numbers beside the chart, and the distance of those numbers from the chart, pixels. */
const SAID = { "DLight": 62, "tuned": 126 } as const;
const AHEAD = "#D55E00";

/**
 * Draws one row an operator and one mark a method, at its speedup over the fastest other library, on a logarithmic axis.
 * A bar marks the measured roofline. Circles are this module's methods. The numbers beside the chart are those of DLight
 * and of the best tuned schedule, in red if another library is faster. The last row has the geometric means over all
 * operators. Operators that no other library has are left out.
 *
 * @throws {RecordError} if the table lacks a column of `ContestRow`
 */
export function contestsCompared(table: Table, options: ChartOptions = {}): Chart {
  checkOptions("charts.contestsCompared", options, CHART_FIELDS);
  return new Chart(contestsComparedSpec(table, options));
}

/** Draws `contestsCompared` as a Vega-Lite specification. */
export function contestsComparedSpec(table: Table, options: ChartOptions = {}): Spec {
  const all = leaderboards(table).filter((s) => s.peer !== undefined);
  const own = Object.keys(OWN).filter((name) => all.some((s) => timesPeer(s, name) > 0));
  const peers = [
    ...new Set(all.flatMap((s) => s.places.filter((p) => p.side === "peer").map((p) => p.method))),
  ].toSorted();
  const drawn = [
    ...peers.map((name, k) => ({
      ...PEERS[k % PEERS.length] as typeof PEERS[0],
      label: printableLine(name),
      name,
    })),
    { ...ROOFLINE, name: undefined },
    ...own.map((name) => ({ ...OWN[name] as Mark, name })),
  ];
  const times = (s: Leaderboard, name: string | undefined) =>
    name === undefined ? (s.peer?.ms ?? NaN) / s.leastMs : timesPeer(s, name);
  const values = drawn.flatMap(({ name, label }) => {
    const each = all.map((s) => ({ operator: s.operator, name, who: label, times: times(s, name) }));
    // Not every library has every operator, so the means of libraries are not comparable.
    const mean = { operator: MEAN, name, who: label, times: geometricMean(each.map((v) => v.times)) };
    return name !== undefined && peers.includes(name) ? each : [...each, mean];
  }).filter((v) => v.times > 0);
  const bounds = values.map((v) => v.times);
  const x = timesAxis("times", "times as fast as the fastest other library", bounds, {
    least: 0.5,
    most: 2,
    room: 1.15,
  });
  const y = rowsAxis("operator", [...all.map((s) => s.operator), MEAN], 220);
  // Without an order, the first entry of the legend would lie on top.
  const order = { value: 0 };
  const scaleOf = (key: "color" | "shape") => ({
    field: "who",
    type: "nominal",
    title: null,
    scale: { domain: drawn.map((d) => d.label), range: drawn.map((d) => d[key]) },
    legend: { columns: 4, symbolSize: 90, symbolOpacity: 1, symbolStrokeWidth: 0 },
  });
  const columns = Object.entries(SAID).filter(([name]) => own.includes(name)).flatMap(([name, dx]) => {
    const mark = { type: "text", align: "right", dx, fontSize: 12 };
    return [
      {
        data: {
          values: values.filter((v) => v.name === name)
            .map((v) => ({ operator: v.operator, behind: v.times < 1, text: `${digits(v.times)} ×` })),
        },
        mark,
        encoding: {
          x: { value: "width" },
          y,
          text: { field: "text" },
          color: { condition: { test: "datum.behind", value: AHEAD }, value: "#333333" },
        },
      },
      {
        data: { values: [{}] },
        mark: { ...mark, baseline: "bottom", dy: -4, text: name, color: "#333333" },
        encoding: { x: { value: "width" }, y: { value: 0 } },
      },
    ];
  });
  return {
    ...frame(options),
    width: 520,
    height: { step: 26 },
    data: { values },
    layer: [
      {
        data: { values: [{ one: 1 }] },
        mark: { type: "rule", color: "#333333", strokeWidth: 1.5 },
        encoding: { x: { ...x, field: "one" } },
      },
      {
        mark: { type: "point", filled: true, size: 100, opacity: 0.9, stroke: "white", strokeWidth: 0.7 },
        encoding: { x, y, color: scaleOf("color"), shape: scaleOf("shape"), order },
      },
      ...columns,
    ],
  };
}
