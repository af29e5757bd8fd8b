/** Chooses two knobs of a space and their values, and summarizes the points of each cell. */
import { median } from "../base/statistics.ts";
import { ChartError } from "./error.ts";
import { shownName } from "./methods.ts";
import { rangeOf } from "./spec.ts";
import { type ExploredPoint, type ExploredPoints, knobAt } from "./explored_points.ts";

/** A cell of a space's map. */
export interface Cell {
  /** Index of its column. */
  readonly x: number;
  /** Index of its row. */
  readonly y: number;
  /** Best or median speed of its points; NaN if none succeeded. */
  readonly speed: number;
  /** The number of its points. */
  readonly points: number;
  /** The commonest kind of failure; undefined if no point failed. */
  readonly failure: string | undefined;
}

/** Summarizes the points of a cell. */
export function cellOf(
  own: readonly ExploredPoint[],
  over: "best" | "median",
  place: { readonly x: number; readonly y: number },
): Cell {
  const speeds = own.map((p) => p.speed).filter((s) => s > 0);
  const kinds = Map.groupBy(own.filter((p) => p.status !== "ok"), (p) => p.status);
  const [commonest] = [...kinds].sort(([, a], [, b]) => b.length - a.length);
  return {
    ...place,
    speed: speeds.length === 0 ? NaN : over === "best" ? rangeOf(speeds)[1] : median(speeds),
    points: own.length,
    failure: commonest?.[0],
  };
}

/**
 * Chooses the two knobs to draw, as indices: the named ones, or those that matter most. Undefined if the space has
 * fewer than two knobs.
 *
 * @throws {ChartError} if a named knob is unknown, or both names are the same
 */
export function axesOf(
  explored: ExploredPoints,
  { x, y }: { readonly x?: string; readonly y?: string },
): readonly [number, number] | undefined {
  const named = [x, y].map((name) => name === undefined ? undefined : knobAt(explored, name));
  const others = explored.knobs.map((_, k) => k).filter((k) => !named.includes(k))
    .map((k) => ({ k, matters: differenceOf(explored, k) })).sort((a, b) => b.matters - a.matters).map((
      { k },
    ) => k);
  if (explored.knobs.length < 2) return undefined;
  const size = (k: number) => explored.knobs[k]?.values.length ?? 0;
  const [first, second] = named;
  if (first !== undefined && first === second) {
    throw new ChartError(
      `expected two different knobs, got ${
        shownName(x ?? "")
      } twice, drawing a space; name another one, or none`,
    );
  }
  if (first !== undefined && second !== undefined) return [first, second];
  const other = others[0] as number;
  if (first !== undefined) return [first, other];
  if (second !== undefined) return [other, second];
  const both = [other, others[1] as number] as const;
  return size(both[0]) <= size(both[1]) ? both : [both[1], both[0]];
}

/** Computes the ratio between the best speeds of a knob's best and worst value, as a logarithm. */
function differenceOf(explored: ExploredPoints, knob: number): number {
  const [low, high] = rangeOf(bestsOf(explored, knob).filter((s) => s > 0));
  return low < high ? Math.log(high / low) : 0;
}

/** Most visible values of a knob. */
export const VALUES = 48;

/** Chooses the visible values of a knob, as indices in order. If there are too many: the preset's, and the best. */
export function keptOf(explored: ExploredPoints, knob: number): readonly number[] {
  const bests = bestsOf(explored, knob);
  const preset = explored.points.find((p) => p.preset)?.places[knob] ?? -1;
  const worth = (place: number) => place === preset ? Infinity : bests[place] ?? 0;
  return [...bests.keys()].sort((a, b) => worth(b) - worth(a) || a - b).slice(0, VALUES).sort((a, b) =>
    a - b
  );
}

/** Finds the best speed of each value of a knob; 0 if none succeeded. */
function bestsOf({ points, knobs }: ExploredPoints, knob: number): readonly number[] {
  const bests = (knobs[knob]?.values ?? []).map(() => 0);
  for (const { places, speed } of points) {
    const at = places[knob] ?? -1;
    if (speed > (bests[at] ?? Infinity)) bests[at] = speed;
  }
  return bests;
}
