/** Draws kernels under the roofline of their device. */
import { peaksKind } from "../target/kinds.ts";
import type { Table } from "npm:apache-arrow@21.2.0";
import { type KernelRow, kernelRows } from "../records/kernels.ts";
import type { Peaks } from "../target/target.ts";
import { colorScale, labelOf, shownName } from "./methods.ts";
import { ChartError } from "./error.ts";
import { labelLayers, placeLabels } from "./place_labels.ts";
import {
  captioned,
  CHART_FIELDS,
  type ChartOptions,
  digits,
  emptyChart,
  frame,
  roundValues,
  type Spec,
} from "./spec.ts";
import { Chart } from "./chart.ts";
import { checkOptions } from "../base/check_options.ts";
import { required } from "../base/option_kinds.ts";

const WIDTH = 560, HEIGHT = 360;
const TITLE = "Kernels under the roofline";
/** The shapes of methods, which also distinguish them without colours. */
const SHAPES = ["circle", "diamond", "triangle-up", "square", "cross", "triangle-down"];
/** Most names of kernels in a note. */
const NOTED = 4;

interface Roof {
  readonly name: string;
  readonly gbps: number;
}
interface Drawn {
  readonly kernel: string;
  /** The visible name. Long names are cut, so that two of them may be equal. */
  readonly name: string;
  readonly who: string;
  /** Arithmetic intensity, operations per byte. */
  readonly x: number;
  /** Speed, GFLOP/s. */
  readonly y: number;
  /** The highest roof above it, GFLOP/s, and the share of the roof that it reaches. */
  readonly roof: number;
  readonly share: number;
}

const FIELDS = { ...CHART_FIELDS, peaks: required(peaksKind) };

/**
 * Draws the roofline model (Williams et al., 2009) with logarithmic axes. The measured arithmetic peak is the level
 * roof; each measured bandwidth is a sloped one. A kernel is a point with its name and its share of the highest roof
 * above it; a thin line connects them. A kernel of several methods is named once, at its fastest point.
 *
 * `table` has the columns of `kernelTable`. `peaks` are those of `device.probe()`, or of a target.
 *
 * @throws {RecordError} if the table lacks a column, or a method has two rows for one kernel
 * @throws {ChartError} if the peaks were not measured
 */
export function underRoofline(table: Table, options: ChartOptions & { readonly peaks: Peaks }): Chart {
  checkOptions("charts.underRoofline", options, FIELDS);
  return new Chart(underRooflineSpec(table, options));
}

/** Draws `underRoofline` as a Vega-Lite specification. */
export function underRooflineSpec(table: Table, options: ChartOptions & { readonly peaks: Peaks }): Spec {
  const { peaks } = options;
  const roofs = roofsOf(peaks);
  const rows = kernelRows(table);
  const done = rows.filter((r) => r.ms > 0 && Number.isFinite(r.ms));
  const most = Math.max(...roofs.map((r) => r.gbps));
  const drawn = done.filter((r) => r.flops > 0 && r.bytes > 0).map((r): Drawn => {
    const x = r.flops / r.bytes, y = r.flops / r.ms / 1e6, roof = Math.min(peaks.gflops, x * most);
    return {
      kernel: r.kernel,
      name: shownName(r.kernel, 28),
      who: labelOf(r.contestant),
      x,
      y,
      roof,
      share: y / roof,
    };
  });
  const methods = [...new Set(rows.map((r) => r.contestant))], several = methods.length > 1;
  const notes = [
    "percent: a kernel's share of the highest roof over it",
    listed("no arithmetic", done.filter((r) => !(r.flops > 0)).map((r) => `${nameOf(r)} ${rateOf(r)}`)),
    listed(
      "no result",
      rows.filter((r) => !done.includes(r)).map((r) =>
        several ? `${nameOf(r)} of ${labelOf(r.contestant)}` : nameOf(r)
      ),
    ),
  ].filter((note) => note !== undefined);
  if (drawn.length === 0) {
    return emptyChart(
      options,
      TITLE,
      ["no kernel with arithmetic was measured", ...notes.slice(1)].join("; "),
    );
  }
  const ridges = roofs.map((r) => peaks.gflops / r.gbps);
  const [left, right] = [
    Math.min(...drawn.map((d) => d.x), Math.min(...ridges)) / 2,
    Math.max(...drawn.map((d) => d.x), Math.max(...ridges)) * 2,
  ];
  const [low, high] = [
    Math.min(...drawn.map((d) => d.y)) / 2,
    Math.max(peaks.gflops, ...drawn.map((d) => d.y)) * 1.6,
  ];
  const pixelOf = (d: Drawn) => ({
    x: WIDTH * Math.log(d.x / left) / Math.log(right / left),
    y: HEIGHT * (1 - Math.log(d.y / low) / Math.log(high / low)),
  });
  const kernels = [...Map.groupBy(drawn, (d) => d.kernel).values()].map((own) =>
    own.toSorted((a, b) => b.y - a.y)
  );
  const fastest = new Set(kernels.map(([first]) => first));
  const labels = placeLabels(
    drawn.map((d) => ({
      ...pixelOf(d),
      ...(fastest.has(d) ? { text: `${d.name} ${percent(d.share)}` } : {}),
    })),
    { width: WIDTH, height: HEIGHT },
  );
  const unnamed = fastest.size - labels.length;
  if (unnamed > 0) notes.push(`${unnamed} more kernels are too close to each other to be named`);
  const logAxis = (field: "x" | "y", title: string, from: number, to: number) => ({
    field,
    type: "quantitative",
    title: `${title} (log scale)`,
    scale: { type: "log", domain: [from, to], nice: false },
    axis: { values: roundValues(from, to), format: "~g", grid: true },
  });
  const x = logAxis("x", "operations per byte", left, right), y = logAxis("y", "GFLOP/s", low, high);
  const colors = colorScale(methods);
  const legend = several ? { symbolSize: 80, symbolOpacity: 1 } : null;
  return {
    ...frame(captioned(options, TITLE, notes)),
    width: WIDTH,
    height: HEIGHT,
    layer: [
      {
        data: {
          values: roofs.flatMap(({ name, gbps }) =>
            [left, peaks.gflops / gbps, right].map((x) => ({
              roof: `${name} ${digits(gbps)} GB/s`,
              x,
              y: Math.min(peaks.gflops, x * gbps),
            }))
          ),
        },
        mark: { type: "line", color: "#333333", strokeWidth: 1.5, clip: true },
        encoding: {
          x,
          y,
          strokeDash: {
            field: "roof",
            type: "nominal",
            title: null,
            sort: null,
            scale: { range: [[1, 0], [7, 3], [2, 3]] },
            legend: { orient: "bottom", symbolSize: 400, symbolStrokeWidth: 1.5, columns: 3 },
          },
        },
      },
      {
        data: { values: [{ x: right, y: peaks.gflops, text: `arithmetic ${digits(peaks.gflops)} GFLOP/s` }] },
        mark: { type: "text", align: "right", baseline: "bottom", dy: -4, fontSize: 11, color: "#333333" },
        encoding: { x, y, text: { field: "text" } },
      },
      {
        data: { values: kernels.flatMap((own) => own.slice(-1)).map(({ x, y, roof }) => ({ x, y, roof })) },
        mark: { type: "rule", color: "#bbbbbb", strokeWidth: 0.7 },
        encoding: { x, y, y2: { field: "roof" } },
      },
      {
        data: { values: drawn.map(({ kernel: _, ...shown }) => shown) },
        mark: { type: "point", filled: true, size: 60, opacity: 1, stroke: "white", strokeWidth: 0.7 },
        encoding: {
          x,
          y,
          color: { field: "who", type: "nominal", title: null, scale: colors, legend },
          shape: {
            field: "who",
            type: "nominal",
            title: null,
            scale: { domain: colors.domain, range: colors.domain.map((_, k) => SHAPES[k % SHAPES.length]) },
            legend,
          },
        },
      },
      ...labelLayers(labels),
    ],
  };
}

/**
 * Lists the roofs with a measured bandwidth.
 *
 * @throws {ChartError} if no bandwidth or no arithmetic peak was measured
 */
function roofsOf(peaks: Peaks): readonly Roof[] {
  const roofs = [
    { name: "texture", gbps: peaks.textureGbps },
    { name: "buffer", gbps: peaks.bufferGbps },
    { name: "copy", gbps: peaks.copyGbps },
  ].filter((r) => r.gbps > 0 && Number.isFinite(r.gbps));
  if (roofs.length > 0 && peaks.gflops > 0 && Number.isFinite(peaks.gflops)) return roofs;
  throw new ChartError(
    `expected measured peaks, got ${peaks.gflops} GFLOP/s and ${roofs.length} bandwidths, drawing a roofline; ` +
      `take the peaks of device.probe()`,
  );
}

function listed(what: string, names: readonly string[]): string | undefined {
  if (names.length === 0) return undefined;
  const more = names.length > NOTED ? ` and ${names.length - NOTED} more` : "";
  return `${what}: ${names.slice(0, NOTED).join(", ")}${more}`;
}

function nameOf(r: KernelRow): string {
  return shownName(r.kernel, 28);
}

function rateOf(r: KernelRow): string {
  return `${digits(r.bytes / r.ms / 1e6)} GB/s`;
}

function percent(share: number): string {
  return `${share < 0.01 ? (100 * share).toPrecision(1) : (100 * share).toFixed(0)}%`;
}
