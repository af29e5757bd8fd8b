/** Where a resize takes its elements from, dimension by dimension. */

/** The ways in which an element of the result lies in the input. */
export const COORDINATES: readonly string[] = [
  "half_pixel",
  "half_pixel_symmetric",
  "pytorch_half_pixel",
  "align_corners",
  "asymmetric",
  "tf_half_pixel_for_nn",
  "tf_crop_and_resize",
];

/** The neighbours of each element along a dimension, and their weights; undefined outside of a crop. */
export interface Taps {
  /** The places of the neighbours. */
  readonly at: readonly (readonly number[])[];
  /** The weights of the neighbours. */
  readonly weights: readonly (readonly number[])[];
  /** Whether an element lies outside of a crop. */
  readonly outside: readonly boolean[];
}

/** How a resize finds neighbours and their weights. */
export interface Way {
  /** How many neighbours there are: one, two or four. */
  readonly mode: "nearest" | "linear" | "cubic";
  /** Where an element of the result lies in the input. */
  readonly coordinates: string;
  /** How a place is rounded. */
  readonly nearest: string;
  /** The parameter of the cubic weights. */
  readonly a: number;
  /** Neighbours outside of the input have no weight. */
  readonly excludes: boolean;
}

/** Where an element of the result lies in the input. */
function placeOf(
  way: Way,
  x: number,
  n: number,
  out: number,
  scale: number,
  roi: readonly [number, number],
): number {
  // With scales, the reference counts in an extent that need not be whole.
  const wide = Math.abs(scale * n - out) < 1e-5 ? out : scale * n;
  switch (way.coordinates) {
    case "asymmetric":
      return x / scale;
    case "align_corners":
      return wide === 1 ? 0 : x * (n - 1) / (wide - 1);
    case "pytorch_half_pixel":
      return wide === 1 ? 0 : (x + 0.5) / scale - 0.5;
    case "tf_half_pixel_for_nn":
      return (x + 0.5) / scale;
    case "half_pixel_symmetric": {
      const adjusted = out / (scale * n);
      return n / 2 * (1 - adjusted) + (x + 0.5) / scale - 0.5;
    }
    case "tf_crop_and_resize":
      return out === 1
        ? 0.5 * (roi[0] + roi[1]) * (n - 1)
        : roi[0] * (n - 1) + x * (roi[1] - roi[0]) * (n - 1) / (out - 1);
    default:
      return (x + 0.5) / scale - 0.5;
  }
}

function nearestTo(x: number, how: string): number {
  switch (how) {
    case "floor":
      return Math.floor(x);
    case "ceil":
      return Math.ceil(x);
    case "round_prefer_ceil":
      return Math.floor(x + 0.5);
    default:
      return Math.ceil(x - 0.5);
  }
}

/**
 * Finds the neighbours of each element along a dimension.
 *
 * @param n the extent of the input, and `out` that of the result
 * @param roi the part of the input that a crop takes, from 0 to 1
 */
export function tapsOf(
  way: Way,
  n: number,
  out: number,
  scale: number,
  roi: readonly [number, number],
): Taps {
  const at: number[][] = [], weights: number[][] = [], outside: boolean[] = [];
  for (let k = 0; k < out; k++) {
    const x = placeOf(way, k, n, out, scale, roi), low = Math.floor(x), t = x - low;
    outside.push(way.coordinates === "tf_crop_and_resize" && (x < 0 || x > n - 1));
    const [from, shares] = way.mode === "nearest"
      ? [[nearestTo(x, way.nearest)], [1]]
      : way.mode === "linear"
      ? [[low, low + 1], [1 - t, t]]
      : [[low - 1, low, low + 1, low + 2], cubic(t, way.a)];
    const counted = shares.map((s, i) =>
      way.excludes && (from[i] as number < 0 || from[i] as number >= n) ? 0 : s
    );
    const total = way.excludes ? counted.reduce((a, b) => a + b, 0) : 1;
    at.push(from.map((i) => Math.max(0, Math.min(n - 1, i))));
    weights.push(counted.map((s) => s / total));
  }
  return { at, weights, outside };
}

function cubic(t: number, a: number): readonly number[] {
  const near = (x: number) => ((a + 2) * x - (a + 3)) * x * x + 1;
  const far = (x: number) => ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
  return [far(t + 1), near(t), near(1 - t), far(2 - t)];
}
