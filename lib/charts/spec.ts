/** Parts that all charts share. */
import type { Fields } from "../base/check_options.ts";
import { anyOf, arrayOf, text } from "../base/option_kinds.ts";

/** A Vega-Lite specification: plain JSON data. */
export type Spec = Readonly<Record<string, unknown>>;

/** The options of every chart. */
export interface ChartOptions {
  /** The title: what was computed. Default: the chart's own title, or none. */
  readonly title?: string;
  /** One or more lines below the title, for example the device. Default: none. */
  readonly subtitle?: string | readonly string[];
}

/** The kinds of what every chart takes. */
export const CHART_FIELDS = {
  title: text,
  subtitle: anyOf(text, arrayOf(text)),
} satisfies Fields<ChartOptions>;

/** Adds a default title to the options, and `notes` on how to read the chart to the subtitle, one line each. */
export function captioned(options: ChartOptions, title: string, notes: readonly string[]): ChartOptions {
  const lines = [...[options.subtitle ?? []].flat(), ...notes];
  return { title: options.title ?? title, ...(lines.length > 0 ? { subtitle: lines } : {}) };
}

/** Makes a chart without data, which says why it is empty. */
export function emptyChart(options: ChartOptions, title: string, why: string): Spec {
  return {
    ...frame(captioned(options, title, [])),
    width: 400,
    height: 60,
    data: { values: [{ why }] },
    mark: { type: "text", fontSize: 12, color: "#555555" },
    encoding: { text: { field: "why" } },
  };
}

/** Makes the schema, title and style of a chart. JupyterLab and VS Code register version 5 of Vega-Lite. */
export function frame({ title, subtitle }: ChartOptions): Spec {
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v5.json",
    ...(title === undefined ? {} : {
      title: {
        text: title,
        ...(subtitle === undefined ? {} : { subtitle }),
        anchor: "start",
        frame: "group",
        fontSize: 13,
        subtitleFontSize: 11,
        subtitleColor: "#555555",
        offset: 14,
      },
    }),
    config: {
      font: "Roboto, sans-serif",
      view: { stroke: null },
      axis: { labelFontSize: 11, titleFontSize: 11, titleFontWeight: "normal", gridColor: "#ebebeb" },
      legend: { labelFontSize: 11, orient: "top", labelLimit: 260 },
    },
  };
}

/** Chooses the unit of speeds: GFLOP/s for a program with arithmetic, GB/s for one that only moves data. */
export function speedOf(rows: readonly { readonly gflops: number; readonly gbps: number }[]) {
  return rows.some((r) => r.gflops > 0)
    ? { unit: "GFLOP/s", of: (r: { readonly gflops: number }) => r.gflops } as const
    : { unit: "GB/s", of: (r: { readonly gbps: number }) => r.gbps } as const;
}

/**
 * The colour scale of speeds: the faster, the darker, also in print without colours. It is viridis, which is readable
 * for the colour-blind, without its lightest end, which would vanish on white paper.
 */
export const SHADES = { scheme: { name: "viridis", extent: [0.95, 0] } } as const;

/** Ticks of a logarithmic axis of ratios, at powers of two, and their labels. */
const TIMES_AXIS = {
  values: Array.from({ length: 21 }, (_, k) => 2 ** (k - 10)),
  labelExpr: "datum.value < 1 ? '1/' + format(1 / datum.value, '~g') : format(datum.value, '~g') + ' ×'",
} as const;

/**
 * Makes a logarithmic axis of ratios. It contains `values` and the range from `least` to `most`, times `room` at both
 * ends.
 */
export function timesAxis(
  field: string,
  title: string,
  values: readonly number[],
  { least = 0.8, most = 1.25, room = 1.1 } = {},
) {
  return {
    field,
    type: "quantitative",
    title: `${title} (log scale)`,
    scale: {
      type: "log",
      base: 2,
      domain: [Math.min(least, ...values) / room, Math.max(most, ...values) * room],
      nice: false,
    },
    axis: { ...TIMES_AXIS, grid: true },
  };
}

/** Makes an axis of names, one row each, in order from the top. `width` limits the longest name, pixels. */
export function rowsAxis(field: string, names: readonly string[], width: number) {
  return {
    field,
    type: "nominal",
    title: null,
    sort: names,
    axis: {
      labelLimit: width,
      labelFontSize: 12,
      domain: false,
      ticks: false,
      labelPadding: 8,
      grid: true,
    },
  };
}

/** Lists 1, 2 and 5 in each decade from `low` to `high`; only the decades if there are many. */
export function roundValues(low: number, high: number): readonly number[] {
  const decades = Math.ceil(Math.log10(high / low)) + 1;
  const first = Math.floor(Math.log10(low));
  const steps = decades > 6 ? [1] : [1, 2, 5];
  const all = Array.from(
    { length: decades + 1 },
    (_, k) => steps.map((n) => Number(`${n}e${first + k}`)),
  );
  return all.flat().filter((v) => v >= low && v <= high);
}

/** Finds the least and the greatest number; infinite for an empty list. */
export function rangeOf(values: readonly number[]): readonly [number, number] {
  return [
    values.reduce((a, b) => Math.min(a, b), Infinity),
    values.reduce((a, b) => Math.max(a, b), -Infinity),
  ];
}

/** Takes at most `most` elements of a list, evenly. A picture can't show more, and should open quickly. */
export function thinned<T>(list: readonly T[], most: number): readonly T[] {
  if (list.length <= most) return list;
  return Array.from({ length: most }, (_, k) => list[Math.floor(k * list.length / most)] as T);
}

/** Writes a speed with three significant digits, or with all digits of its integer part. */
export function digits(x: number): string {
  return x >= 1000 ? x.toFixed(0) : x.toPrecision(3);
}

/**
 * Places labels without overlap: as near to the positions in `want` as `gap` allows, between 0 and `end`, in the same
 * order from the top. All values are pixels.
 */
export function spread(want: readonly number[], gap: number, end: number): readonly number[] {
  const order = [...want.keys()].sort((a, b) => (want[a] ?? 0) - (want[b] ?? 0) || a - b);
  const places = order.map((k) => want[k] ?? 0);
  for (let k = 1; k < places.length; k++) {
    places[k] = Math.max(places[k] as number, (places[k - 1] as number) + gap);
  }
  let below = end + gap;
  for (let k = places.length - 1; k >= 0; k--) below = places[k] = Math.min(places[k] as number, below - gap);
  const result: number[] = [];
  order.forEach((k, at) => result[k] = places[at] as number);
  return result;
}
