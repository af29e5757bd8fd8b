import type { ConfigSpace } from "../space/config_space.ts";
import { candidateOf, type Knob } from "../space/knob.ts";
import { type Desk, PlannedTuner } from "./planned_tuner.ts";
import type { Tuner, TunerOptions } from "./tuner.ts";

export interface DropletOptions extends TunerOptions {
  /** Share by which a score must exceed another to count as better: the error of a median of samples. */
  readonly noise?: number;
  /** Points measured before it moves to a better one. */
  readonly batch?: number;
  /** Random points in addition to those around a preset, which may suit another kind of device. */
  readonly randomPoints?: number;
}

/**
 * Coordinate descent after Droplet (Zhang et al., 2023; in AutoTVM since 0.13). From the preset, or a random point, it
 * measures single steps of single knobs and moves to the best. Then it repeats that step with double width. Where no step
 * is better beyond noise, it continues from the best point whose steps have not been tried.
 */
export function dropletTuner(options: DropletOptions): Tuner {
  return new PlannedTuner("droplet", options, descent);
}

function* descent(desk: Desk<DropletOptions>): Generator<readonly number[], void> {
  const { options: { space, start, noise = 0.02, batch = 8, randomPoints = 2 }, ledger } = desk;
  if (ledger.told.size === 0) yield desk.takeFirst(batch + (start === "preset" ? randomPoints : 0), batch);
  const spent = new Set<number>();
  for (;;) {
    const from = ledger.ranked().find((p) => !spent.has(p.index));
    if (from === undefined) {
      yield desk.takeRandom(1);
      continue;
    }
    const steps = desk.rng.shuffle(space.neighbours(from.index, 1)).values();
    let best = from;
    for (;;) {
      const plan = ledger.takeFrom(steps, batch);
      if (plan.length === 0) break;
      yield plan;
      best = ledger.ranked()[0] ?? from;
      if (best.index !== from.index && best.score > from.score * (1 + noise)) break;
    }
    if (best.score <= from.score * (1 + noise)) {
      spent.add(from.index);
      continue;
    }
    yield* speculate(desk, from.index, best.index);
  }
}

/** Continues from `to` in the direction from `from`, twice as far each time, while that is better. */
function* speculate(
  { options: { space }, ledger }: Desk<DropletOptions>,
  from: number,
  to: number,
): Generator<readonly number[], void> {
  const points = along(space, from, to);
  const plan = ledger.takeFrom(points.values(), points.length);
  if (plan.length > 0) yield plan;
}

/** Gives the points beyond `to` at 1, 2, 4 … times its distance from `from`. */
function along(space: ConfigSpace, from: number, to: number): readonly number[] {
  const a = space.digits(from), b = space.digits(to);
  const out: number[] = [];
  for (let times = 1;; times *= 2) {
    const digits = space.knobs.map((knob, i) => beyond(knob, a[i] ?? 0, b[i] ?? 0, times));
    if (digits.some((d) => d === undefined)) return out;
    const index = space.indexOfDigits(digits as readonly number[]);
    if (index === to || out.includes(index)) return out;
    out.push(index);
  }
}

/** Gives the candidate beyond `b` at `times` its distance from `a`; undefined beyond the knob's ends. */
function beyond(knob: Knob, a: number, b: number, times: number): number | undefined {
  if (a === b) return b;
  switch (knob.kind) {
    case "split": {
      const [from = [], to = []] = [knob.candidates[a], knob.candidates[b]];
      const at = candidateOf(knob, to.map((f, i) => f * (f / (from[i] ?? 1)) ** times));
      return at < 0 ? undefined : at;
    }
    case "choice": {
      const at = b + (b - a) * times;
      return knob.candidates.every((c) => typeof c === "number") && at in knob.candidates ? at : undefined;
    }
    case "flag":
    case "reorder":
    case "annotate":
      return undefined;
    default:
      return knob satisfies never;
  }
}
