/** Draws the results of methods over time. */
import { colorScale, isFixed, labelOf } from "./methods.ts";
import { type ChartOptions, digits, frame, roundValues, type Spec, spread } from "./spec.ts";

/** A point of a curve. */
export interface Point {
  /** Seconds or trials. */
  readonly x: number;
  /** The speed. */
  readonly y: number;
}

/** The results of one method over time. */
export interface Curve {
  /** The method's name. */
  readonly method: string;
  /** The checked results, in order. */
  readonly points: readonly Point[];
  /** The point where a search passes DLight, with its label. */
  readonly passes?: Point & { readonly text: string };
  /** The failed trials. */
  readonly failed: readonly { readonly x: number; readonly status: string }[];
  /** The range of several runs; each entry holds until the next. */
  readonly band?: readonly Band[];
  /** The text after the best result at the end of the line. */
  readonly note?: string;
}

/** The range of several runs from one point on. */
export interface Band {
  /** Seconds or trials. */
  readonly x: number;
  /** The low end of the range. */
  readonly low: number;
  /** The high end of the range. */
  readonly high: number;
}

/** The options of `curvesSpec`. */
export interface CurvesOptions extends ChartOptions {
  /** The unit of the speeds. */
  readonly unit: string;
  /** The title of the horizontal axis. */
  readonly xTitle: string;
  /** The end of the horizontal axis. */
  readonly end: number;
  /** Width of the plot, pixels. */
  readonly width: number;
  /** Height of the plot, pixels. */
  readonly height: number;
  /** Whether each result of a search is a dot, beside the line of the best so far. */
  readonly dots: boolean;
}

/** Least ratio of the fastest to the slowest method that makes the axis logarithmic. */
const LOG_FROM = 16;
/** The low end of a logarithmic axis, as a share of the fastest result. */
const LOG_LEAST = 1 / 2000;
/** Least distance between two labels, pixels. */
const LABEL = 31;

/**
 * Draws a step line for each search and a level line for each method with one answer. The name and the best result stand
 * at the line's end, and ticks at the bottom mark failed trials.
 */
export function curvesSpec(curves: readonly Curve[], options: CurvesOptions): Spec {
  const { width, height } = options;
  // Some room for a mark at the end.
  const end = options.end * 1.02;
  const lines = curves.map((curve) => ({ curve, steps: stepsOf(curve, end) }));
  const bests = lines.map((l) => l.steps.at(-1)?.y ?? 0).filter((y) => y > 0);
  const bands = curves.flatMap((curve) => curve.band ?? []);
  const most = bests.length > 0 ? Math.max(...bests, ...bands.map((b) => b.high)) : 1;
  const log = bests.length > 0 && Math.min(...bests) * LOG_FROM < most;
  const least = Math.max(most * LOG_LEAST, Math.min(...lines.flatMap((l) => l.steps.map((p) => p.y))));
  const [low, high] = log ? [least / 1.3, most * 1.3] : [0, most * 1.06];
  const pixel = (y: number) => {
    const share = log ? Math.log(y / low) / Math.log(high / low) : y / high;
    return Math.round(height * (1 - Math.min(1, Math.max(0, share))));
  };
  const places = spread(lines.map(({ steps }) => pixel(steps.at(-1)?.y ?? low)), LABEL, height - 8);
  const labels = lines.map(({ curve, steps }, k) => {
    const best = steps.at(-1)?.y;
    const why = curve.failed[0] ? `: ${curve.failed[0].status}` : "";
    const result = best === undefined ? `no result${why}` : `${digits(best)} ${options.unit}`;
    return {
      who: labelOf(curve.method),
      at: places[k],
      result: [result, curve.passes?.text, curve.note].filter((words) => words !== undefined).join(", "),
    };
  });
  const color = {
    field: "who",
    type: "nominal",
    legend: null,
    scale: colorScale(curves.map((c) => c.method)),
  };
  const x = {
    field: "x",
    type: "quantitative",
    title: options.xTitle,
    scale: { domain: [0, end], nice: false },
    axis: { tickCount: 6, grid: false },
  };
  const y = {
    field: "y",
    type: "quantitative",
    title: `best so far, ${options.unit}${log ? " (log scale)" : ""}`,
    scale: log ? { type: "log", domain: [low, high], nice: false } : { domain: [low, high], nice: false },
    axis: {
      titleAngle: 0,
      titleAlign: "left",
      titleAnchor: "end",
      titleX: 0,
      titleY: -6,
      tickCount: 6,
      ...(log ? { values: roundValues(low, high), format: "~g" } : {}),
      domain: false,
      ticks: false,
      labelPadding: 6,
    },
  };
  const label = { x: { value: "width" }, y: { field: "at", type: "quantitative", scale: null } };
  const of = (curve: Curve) => ({ who: labelOf(curve.method) });
  return {
    ...frame(options),
    width,
    height,
    layer: [
      ...(bands.length > 0
        ? [{
          data: { values: curves.flatMap((c) => (c.band ?? []).map((b) => ({ ...of(c), ...b }))) },
          mark: { type: "area", interpolate: "step-after", opacity: 0.18, clip: true },
          encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" }, color },
        }]
        : []),
      ...(options.dots
        ? [{
          data: {
            values: curves.filter((c) => !isFixed(c.method)).flatMap((c) =>
              c.points.map((p) => ({ ...of(c), ...p }))
            ),
          },
          mark: { type: "point", filled: true, size: 14, opacity: 0.45, clip: true },
          encoding: { x, y, color },
        }]
        : []),
      {
        data: { values: lines.flatMap(({ curve, steps }) => steps.map((p) => ({ ...of(curve), ...p }))) },
        mark: { type: "line", interpolate: "step-after", strokeWidth: 2.5, clip: true },
        encoding: { x, y, color },
      },
      {
        data: { values: curves.flatMap((c) => c.passes ? [{ ...of(c), ...c.passes }] : []) },
        mark: { type: "point", filled: true, size: 80, opacity: 1 },
        encoding: { x, y, color },
      },
      {
        data: { values: curves.flatMap((c) => c.failed.map((f) => ({ ...of(c), ...f }))) },
        mark: { type: "tick", orient: "vertical", size: 8, thickness: 1.5, opacity: 0.7, yOffset: -4 },
        encoding: { x, y: { value: "height" }, color, tooltip: { field: "status" } },
      },
      {
        data: { values: labels },
        mark: { type: "point", filled: true, size: 70, opacity: 1, xOffset: 12 },
        encoding: { ...label, color },
      },
      {
        data: { values: labels },
        mark: { type: "text", align: "left", dx: 22, fontSize: 12 },
        encoding: { ...label, text: { field: "who" } },
      },
      {
        data: { values: labels },
        mark: { type: "text", align: "left", dx: 22, dy: 13, fontSize: 11, color: "#555555" },
        encoding: { ...label, text: { field: "result" } },
      },
    ],
  };
}

/** The points where the best result improves, and the last result again at the end. */
function stepsOf({ points, method }: Curve, end: number): readonly Point[] {
  const [first] = points;
  if (isFixed(method)) return first ? [{ x: 0, y: first.y }, { x: end, y: first.y }] : [];
  let best = 0;
  const steps = points.filter(({ y }) => {
    if (y <= best) return false;
    best = y;
    return true;
  });
  return steps.length > 0 ? [...steps, { x: end, y: best }] : [];
}
