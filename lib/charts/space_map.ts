/** A space seen by two of its knobs: which two, which of their values, and what is known where they meet. */
import { median } from "../base/statistics.ts";
import { ChartError } from "./error.ts";
import { rangeOf } from "./spec.ts";
import { type ExploredPoint, type ExploredPoints, knobAt } from "./explored_points.ts";

export interface Cell {
  readonly x: number;
  readonly y: number;
  /** NaN where no point has succeeded. */
  readonly speed: number;
  readonly points: number;
  /** The commonest kind of failure, where there is one. */
  readonly failure: string | undefined;
}

/** What a cell shows of its points. */
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

/** The two knobs to draw; undefined where there are not so many. */
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
    throw new ChartError(`cannot draw knob ${x} against itself: name another one, or none`);
  }
  if (first !== undefined && second !== undefined) return [first, second];
  const other = others[0] as number;
  if (first !== undefined) return [first, other];
  if (second !== undefined) return [other, second];
  const both = [other, others[1] as number] as const;
  return size(both[0]) <= size(both[1]) ? both : [both[1], both[0]];
}

/** How far the best speeds of a knob's values lie apart, as a logarithm. */
function differenceOf(explored: ExploredPoints, knob: number): number {
  const [low, high] = rangeOf(bestsOf(explored, knob).filter((s) => s > 0));
  return low < high ? Math.log(high / low) : 0;
}

/** Values of a knob that are shown at most. */
export const VALUES = 48;

/** Places of a knob's values that are shown, in order: where there are too many, the preset's and the best. */
export function keptOf(explored: ExploredPoints, knob: number): readonly number[] {
  const bests = bestsOf(explored, knob);
  const preset = explored.points.find((p) => p.preset)?.places[knob] ?? -1;
  const worth = (place: number) => place === preset ? Infinity : bests[place] ?? 0;
  return [...bests.keys()].sort((a, b) => worth(b) - worth(a) || a - b).slice(0, VALUES).sort((a, b) =>
    a - b
  );
}

/** The best speed of each value of a knob; 0 where none succeeded. */
function bestsOf({ points, knobs }: ExploredPoints, knob: number): readonly number[] {
  const bests = (knobs[knob]?.values ?? []).map(() => 0);
  for (const { places, speed } of points) {
    const at = places[knob] ?? -1;
    if (speed > (bests[at] ?? Infinity)) bests[at] = speed;
  }
  return bests;
}
