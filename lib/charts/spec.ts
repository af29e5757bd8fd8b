import type { Fields } from "../base/check_options.ts";
import { anyOf, arrayOf, text } from "../base/option_kinds.ts";
/** What all charts have in common. */

/** A Vega-Lite specification: plain JSON data. */
export type Spec = Readonly<Record<string, unknown>>;

export interface ChartOptions {
  /** What was computed. */
  readonly title?: string;
  /** On what; several lines may be said. */
  readonly subtitle?: string | readonly string[];
}

/** The kinds of what every chart takes. */
export const CHART_FIELDS = {
  title: text,
  subtitle: anyOf(text, arrayOf(text)),
} satisfies Fields<ChartOptions>;

/** The options with a title where none is given, and with `notes` on how to read the chart, a line each. */
export function captioned(options: ChartOptions, title: string, notes: readonly string[]): ChartOptions {
  const lines = [...[options.subtitle ?? []].flat(), ...notes];
  return { title: options.title ?? title, ...(lines.length > 0 ? { subtitle: lines } : {}) };
}

/** A chart of nothing, which says why. */
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

/** Schema, title and looks of a chart. JupyterLab and VS Code register version 5. */
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

/** Speed as it is shown: GFLOP/s where a program computes, GB/s where it only moves. */
export function speedOf(rows: readonly { readonly gflops: number; readonly gbps: number }[]) {
  return rows.some((r) => r.gflops > 0)
    ? { unit: "GFLOP/s", of: (r: { readonly gflops: number }) => r.gflops } as const
    : { unit: "GB/s", of: (r: { readonly gbps: number }) => r.gbps } as const;
}

/**
 * A colour scale of speeds: the faster, the darker, in print without colours as well (viridis, which the colour-blind
 * read as others do, without its lightest end, which white paper would swallow).
 */
export const SHADES = { scheme: { name: "viridis", extent: [0.95, 0] } } as const;

/** Ticks of a logarithmic axis of ratios at powers of two, and what stands under them. */
const TIMES_AXIS = {
  values: Array.from({ length: 21 }, (_, k) => 2 ** (k - 10)),
  labelExpr: "datum.value < 1 ? '1/' + format(1 / datum.value, '~g') : format(datum.value, '~g') + ' ×'",
} as const;

/** A logarithmic axis of ratios that holds all of `values`, at least those between `least` and `most`, and some `room`. */
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

/** An axis of names, a row each, in order from above; `width` is what the longest may take. */
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

/** 1, 2 and 5 in each decade from `low` to `high`; the decades alone where those are many. */
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

/** The least and the greatest of many numbers. */
export function rangeOf(values: readonly number[]): readonly [number, number] {
  return [
    values.reduce((a, b) => Math.min(a, b), Infinity),
    values.reduce((a, b) => Math.max(a, b), -Infinity),
  ];
}

/** At most so many of a list, evenly taken: a picture shows no more, and should open quickly. */
export function thinned<T>(list: readonly T[], most: number): readonly T[] {
  if (list.length <= most) return list;
  return Array.from({ length: most }, (_, k) => list[Math.floor(k * list.length / most)] as T);
}

/** A speed in three digits, or as many as its whole part has. */
export function digits(x: number): string {
  return x >= 1000 ? x.toFixed(0) : x.toPrecision(3);
}

/**
 * Where labels go, so that none lies on another: as near to where they `want` to be as `gap` allows, between
 * 0 and `end`, in the same order from above.
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
