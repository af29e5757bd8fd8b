import { type Desk, PlannedTuner } from "./planned_tuner.ts";
import type { Tuner, TunerOptions } from "./tuner.ts";

export interface DraftSizes {
  /** Points measured from one draft. */
  readonly batch: number;
  /** Points that are estimated for one draft. Scheduling each takes milliseconds. */
  readonly estimates: number;
  /** Neighbours that are estimated of one point: a preset that is liked does not take all estimates. */
  readonly beside: number;
  /** Share of them that are drawn at random; the others are single steps from the best estimates. */
  readonly random: number;
}

export const DRAFT_DEFAULTS: DraftSizes = { batch: 4, estimates: 96, beside: 8, random: 0.4 };

export interface DraftOptions extends TunerOptions, Partial<DraftSizes> {}

/**
 * Draft, then verify, after Pruner (Qiao et al., 2024). Hill climbing follows an estimate for the kind of device, which
 * needs no measurement. The best drafts are measured. The tuner learns nothing from the results, so it suits the start
 * of a search only. Without an estimate it tries steps around a preset, and random points.
 */
export function draftTuner(options: DraftOptions): Tuner {
  return new PlannedTuner("draft", { ...DRAFT_DEFAULTS, ...options }, drafts);
}

function* drafts(desk: Desk<DraftOptions & DraftSizes>): Generator<readonly number[], void> {
  const { options: { space, start, estimate, batch, estimates, beside, random }, ledger, rng } = desk;
  const known = new Map<number, number>();
  const climbed = new Set<number>();
  const look = (index: number): number => {
    if (known.has(index)) return 0;
    known.set(index, estimate?.(index) ?? Infinity);
    return 1;
  };
  if (start === "preset" && ledger.told.size === 0) {
    yield desk.take([space.preset], 1);
    look(space.preset);
  }
  for (;;) {
    if (!estimate || space.size === 1) {
      yield ledger.taken === 1
        ? desk.take(rng.shuffle(space.neighbours(space.preset, 1)), batch)
        : desk.takeRandom(batch);
      continue;
    }
    let left = estimates;
    for (let draws = 0; draws < estimates && left > estimates * (1 - random); draws++) {
      left -= look(space.random(rng));
    }
    while (left > 0) {
      const from = least(known, (index) => !climbed.has(index));
      if (from === undefined) break;
      climbed.add(from);
      for (const near of rng.shuffle(space.neighbours(from, 1)).slice(0, beside)) {
        if (left > 0) left -= look(near);
      }
    }
    const liked = [...known].filter(([index, ns]) => ns < Infinity && ledger.isFresh(index))
      .sort((a, b) => a[1] - b[1]);
    const plan = desk.take(liked.map(([index]) => index), batch);
    yield [...plan, ...desk.takeRandom(batch - plan.length)];
  }
}

function least(known: ReadonlyMap<number, number>, among: (index: number) => boolean): number | undefined {
  let at: number | undefined, best = Infinity;
  for (const [index, ns] of known) {
    if (ns >= best || !among(index)) continue;
    best = ns;
    at = index;
  }
  return at;
}
