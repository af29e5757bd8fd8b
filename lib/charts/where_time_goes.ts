/** Draws the time of a model by kernel. */
import type { Table } from "npm:apache-arrow@21.2.0";
import { type KernelRow, kernelRows } from "../records/kernels.ts";
import { colorScale, labelOf, shownName } from "./methods.ts";
import { captioned, CHART_FIELDS, type ChartOptions, digits, emptyChart, frame, type Spec } from "./spec.ts";
import { Chart } from "./chart.ts";
import { checkOptions } from "../base/check_options.ts";

const TITLE = "Where the time goes";
/** Kernels below this share of every method's time are merged into one row of their kind. */
const LEAST = 0.01;
/** Most characters of a line above the chart, so that the line is no wider than the chart. */
const LINE = 90;
/** Height of a bar, distance between two kernels, and height of the line that names a kind, pixels. */
const BAR = 14, GAP = 7, HEAD = 22;

/** One bar. */
interface Bar {
  readonly kind: string;
  /** Bars with the same key stand together, under one name. */
  readonly key: string;
  readonly kernel: string;
  readonly contestant: string;
  /** Milliseconds in one pass of the model. */
  readonly ms: number;
  readonly text: string;
}

/**
 * Draws the time of each kernel in one pass of a model: its count times its time. Each method has one bar, with the
 * kernel's share of that method's time, so that rule and search stand side by side. Kernels are grouped by kind, the
 * slowest on top. Kernels below one percent of every method's time are merged.
 *
 * `table` has the columns of `kernelTable`.
 *
 * @throws {RecordError} if the table lacks a column, or a method has two rows for one kernel
 */
export function whereTimeGoes(table: Table, options: ChartOptions = {}): Chart {
  checkOptions("charts.whereTimeGoes", options, CHART_FIELDS);
  return new Chart(whereTimeGoesSpec(table, options));
}

/** Draws `whereTimeGoes` as a Vega-Lite specification. */
export function whereTimeGoesSpec(table: Table, options: ChartOptions = {}): Spec {
  const rows = kernelRows(table);
  const timeOf = (r: KernelRow) => Number.isFinite(r.ms) && r.ms > 0 ? r.ms * r.count : 0;
  const sum = (own: readonly KernelRow[]) => own.reduce((ms, r) => ms + timeOf(r), 0);
  const byName = Map.groupBy(rows, (r) => r.contestant);
  const colors = colorScale([...byName.keys()]);
  // Methods are in the order of the legend.
  const methods = [...byName].map(([name, own]) => ({ name, total: sum(own) }))
    .sort((a, b) => colors.domain.indexOf(labelOf(a.name)) - colors.domain.indexOf(labelOf(b.name)));
  if (!methods.some((c) => c.total > 0)) return emptyChart(options, TITLE, "no kernel was measured");
  const totals = new Map(methods.map((c) => [c.name, c.total]));
  const share = (ms: number, method: string) => ms / (totals.get(method) || Infinity);
  const isSmall = (own: readonly KernelRow[]) =>
    own.every((r) => timeOf(r) > 0 && share(timeOf(r), r.contestant) < LEAST);
  const most = (own: readonly KernelRow[]) =>
    Math.max(...[...Map.groupBy(own, (r) => r.contestant).values()].map(sum));
  const groups = [...Map.groupBy(rows, (r) => r.kind).values()].sort((a, b) => most(b) - most(a)).map(
    (ofKind) => {
      const kernels = [...Map.groupBy(ofKind, (r) => r.kernel).values()].sort((a, b) => most(b) - most(a));
      const small = kernels.filter(isSmall);
      // A single small kernel keeps its own name.
      const merged = small.length > 1 ? small : [];
      const shown = kernels.filter((own) => !merged.includes(own)).map((own) =>
        own.map((r) => barOf([r], `kernel ${r.kernel}`, r.kernel))
      );
      const rest = [...Map.groupBy(merged.flat(), (r) => r.contestant).values()]
        .map((own) => barOf(own, "others", `${own.length} others`));
      return [...shown.flat(), ...rest];
    },
  );
  const several = methods.length > 1;
  const heads: object[] = [],
    names: object[] = [],
    bars: (Bar & { readonly who: string; y: number; y2: number })[] = [];
  let at = 0;
  for (const group of groups) {
    const kind = group[0]?.kind ?? "";
    const parts = methods.map((c) => {
      const ms = group.reduce((ms, b) => ms + (b.contestant === c.name ? b.ms : 0), 0);
      return ms > 0 ? percent(share(ms, c.name)) : "–";
    });
    heads.push({ y: at + HEAD / 2, text: `${kind}: ${parts.join(" and ")} of the time` });
    at += HEAD;
    for (const own of Map.groupBy(group, (b) => b.key).values()) {
      names.push({ y: at + own.length * BAR / 2, text: own[0]?.kernel ?? "" });
      const places = methods.map((c) => c.name);
      const sorted = own.toSorted((a, b) => places.indexOf(a.contestant) - places.indexOf(b.contestant));
      for (const bar of sorted) bars.push({ ...bar, who: labelOf(bar.contestant), y: at, y2: at += BAR });
      at += GAP;
    }
    at += GAP;
  }
  const pixel = (field: string) => ({ field, type: "quantitative", scale: null, axis: null });
  const x = {
    field: "ms",
    type: "quantitative",
    title: "milliseconds of one pass",
    scale: { domain: [0, Math.max(...bars.map((b) => b.ms))], nice: false },
    axis: { tickCount: 6, grid: true },
  };
  const legend = several ? { symbolType: "square", symbolSize: 110, symbolStrokeWidth: 1.2 } : null;
  const inLegend = { field: "who", type: "nominal", title: null, legend };
  const all = new Set(rows.map((r) => r.kernel)).size;
  // The total of a method without some kernels is not comparable, so the caption says so.
  const said = methods.map((c) => {
    const lacks = all - (byName.get(c.name) ?? []).filter((r) => timeOf(r) > 0).length;
    const without = lacks > 0 ? ` without ${lacks} kernel${lacks === 1 ? "" : "s"}` : "";
    return `${labelOf(c.name)} ${c.total > 0 ? `${digits(c.total)} ms${without}` : "no result"}`;
  });
  const short = said.join(", ").length < LINE;
  const text = { type: "text", baseline: "middle", fontSize: 12, color: "#222222" };
  const beside = { x: { value: 0 }, y: pixel("y"), text: { field: "text" } };
  return {
    ...frame(captioned(options, TITLE, short ? [`one pass: ${said.join(", ")}`] : ["one pass:", ...said])),
    width: 400,
    height: at,
    layer: [
      {
        data: { values: bars.map(({ who, ms, y, y2 }) => ({ who, zero: 0, ms, y, y2 })) },
        mark: { type: "rect", strokeWidth: 1.2 },
        encoding: {
          x: { ...x, field: "zero" },
          x2: { field: "ms" },
          y: pixel("y"),
          y2: { field: "y2" },
          fill: {
            ...inLegend,
            // The first method is paler, so that it is distinct without colours too.
            scale: { ...colors, range: colors.range.map((c, k) => several && k === 0 ? paler(c) : c) },
          },
          stroke: { ...inLegend, scale: colors },
        },
      },
      {
        data: { values: bars.map(({ ms, y, text }) => ({ ms, y: y + BAR / 2, text })) },
        mark: { ...text, align: "left", dx: 5, fontSize: 11 },
        encoding: { x, y: pixel("y"), text: { field: "text" } },
      },
      { data: { values: names }, mark: { ...text, align: "right", dx: -8 }, encoding: beside },
      { data: { values: heads }, mark: { ...text, align: "left", dx: 5 }, encoding: beside },
    ],
  };

  function barOf(own: readonly KernelRow[], key: string, kernel: string): Bar {
    const [first] = own as readonly [KernelRow, ...KernelRow[]];
    const ms = sum(own);
    const each = own.length === 1 && first.count !== 1
      ? `, ${Number(first.count.toPrecision(3))} × ${digits(first.ms)} ms`
      : "";
    return {
      kind: shownName(first.kind, 28),
      key,
      kernel: shownName(kernel, 28),
      contestant: first.contestant,
      ms,
      text: ms > 0 ? `${percent(share(ms, first.contestant))}${each}` : "no result",
    };
  }
}

/** Lightens a colour by three quarters of the way to white. */
function paler(color: string): string {
  const parts = [1, 3, 5].map((at) => Math.round(255 - (255 - parseInt(color.slice(at, at + 2), 16)) / 4));
  return `#${parts.map((p) => p.toString(16).padStart(2, "0")).join("")}`;
}

function percent(share: number): string {
  return share < 0.01 ? "<1%" : `${(100 * share).toFixed(0)}%`;
}
