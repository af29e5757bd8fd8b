import { type Knob, knobDistance } from "../space/knob.ts";
import type { Rng } from "../base/random.ts";
import { type Desk, PlannedTuner } from "./planned_tuner.ts";
import { rankBy } from "./ranking.ts";
import { FeatureRows } from "./rows.ts";
import type { Tuner, TunerOptions } from "./tuner.ts";

/**
 * MetaSchedule's search (EvolutionarySearch) has a population of 512, a fifth of it measured before, 4 generations,
 * mutation with probability 0.85 and 5% random points per batch. It measures 64 points per round, out of thousands. Here
 * a whole search measures tens: a round is 8, so that the model learns between rounds.
 */
export interface EvolutionSizes {
  readonly warmUp: number;
  /** Points measured between two models. */
  readonly round: number;
  readonly population: number;
  /** Share of the first generation that are the best measured points. */
  readonly measured: number;
  readonly generations: number;
  /** Probability that a descendant is mutated. */
  readonly mutate: number;
  /** Share of a round that is drawn at random. */
  readonly epsilon: number;
  /** Points of a round that are single steps from the best measured ones, so that no round relies on the model alone. */
  readonly near: number;
  /** Points of the last generation that the model of loops chooses from. */
  readonly pool: number;
}

export const EVOLUTION_DEFAULTS: EvolutionSizes = {
  warmUp: 12,
  round: 8,
  population: 128,
  measured: 0.2,
  generations: 4,
  mutate: 0.85,
  epsilon: 0.05,
  near: 3,
  pool: 32,
};

/**
 * Probability of changing a knob of each kind. MetaSchedule has 0.9 for tiles, 0.08 for unrolling and 0.02 for thread
 * binding; the author of the sketch makes its other decisions. Here these are knobs too.
 */
const MUTATORS: Readonly<Record<Knob["kind"], number>> = {
  split: 0.5,
  choice: 0.2,
  flag: 0.1,
  annotate: 0.1,
  reorder: 0.1,
};

export interface EvolutionOptions extends TunerOptions, Partial<EvolutionSizes> {}

/**
 * Evolution after MetaSchedule: a knob is a decision of the trace, a mutator changes one decision, and the template
 * replays the rest. Parents are drawn in proportion to their predicted scores.
 */
export function evolutionTuner(options: EvolutionOptions): Tuner {
  return new PlannedTuner("evolution", { ...EVOLUTION_DEFAULTS, ...options }, rounds);
}

function* rounds(desk: Desk<EvolutionOptions & EvolutionSizes>): Generator<readonly number[], void> {
  const { options: { space, warmUp, round, epsilon, near }, ledger, rng } = desk;
  const rows = new FeatureRows(desk);
  const mutate = mutator(desk);
  if (ledger.told.size === 0) yield desk.takeFirst(warmUp, Math.ceil(warmUp * 2 / 3));
  for (;;) {
    if (ledger.ranked().filter((p) => p.score > 0).length < 3) {
      yield desk.takeRandom(round);
      continue;
    }
    const random = Array.from({ length: round }, () => rng.float()).filter((x) => x < epsilon).length;
    const bred = desk.take(evolve(desk, rows, mutate), round - random - near);
    const centres = ledger.ranked().slice(0, 2);
    const steps = desk.take(centres.flatMap((p) => rng.shuffle(space.neighbours(p.index, 1))), near);
    yield [...bred, ...steps, ...desk.takeRandom(round - bred.length - steps.length)];
  }
}

/** Gives points that were not asked for, by predicted score, best first. */
function evolve(
  desk: Desk<EvolutionOptions & EvolutionSizes>,
  rows: FeatureRows,
  mutant: (from: number) => number,
): readonly number[] {
  const { options: { space, population, measured, generations, mutate, pool }, ledger, rng } = desk;
  const draft = rows.learn((index) => rows.knobs(index), {});
  const seen = new Map<number, number>();
  const score = (index: number): number => {
    let s = seen.get(index);
    if (s === undefined) seen.set(index, s = draft.predict(rows.knobs(index)));
    return s;
  };
  let living = ledger.ranked().slice(0, Math.ceil(population * measured)).map((p) => p.index);
  while (living.length < population) living.push(space.random(rng));
  for (let generation = 0; generation < generations; generation++) {
    const weights = living.map((index) => Math.max(1e-3, score(index)));
    const pick = wheel(rng, living, weights);
    living = living.map(() => {
      const parent = pick();
      return rng.float() < mutate ? mutant(parent) : parent;
    });
  }
  for (const index of living) score(index);
  const fresh = [...seen].filter(([index]) => ledger.isFresh(index)).sort((a, b) => b[1] - a[1]);
  const open = fresh.slice(0, 3 * pool).map(([index]) => index).filter((i) => ledger.isOpen(i)).slice(
    0,
    pool,
  );
  // A prior has no features of knobs.
  const { features, prior } = desk.options;
  const second = rows.learn((index) => rows.all(index), features ? { prior } : {});
  return rankBy(open, (index) => second.predict(rows.all(index) ?? new Float64Array()));
}

/** Draws from a list in proportion to weights. */
function wheel<T>(rng: Rng, list: readonly T[], weights: readonly number[]): () => T {
  const ends: number[] = [];
  let total = 0;
  for (const w of weights) ends.push(total += w);
  return () => {
    const at = rng.float() * total;
    return list[Math.max(0, ends.findIndex((end) => at < end))] as T;
  };
}

/** Consecutive refused changes after which a parent stays unchanged (MetaSchedule's genetic_max_fail). */
const TRIES = 10;

/** Changes one decision of a point: a split moves a prime factor, other knobs take any other value. */
function mutator({ options: { space }, rng }: Desk): (from: number) => number {
  const able = space.knobs.flatMap((knob, at) => knob.candidates.length > 1 ? [{ knob, at }] : []);
  if (able.length === 0) return (from) => from;
  const count = (kind: Knob["kind"]) => able.filter((k) => k.knob.kind === kind).length;
  const pick = wheel(rng, able, able.map(({ knob }) => MUTATORS[knob.kind] / count(knob.kind)));
  const moves = new Map<string, readonly number[]>();
  return (from) => {
    const digits = space.digits(from);
    for (let i = 0; i < TRIES; i++) {
      const { knob, at } = pick();
      const key = `${at}.${digits[at]}`;
      if (!moves.has(key)) moves.set(key, movesOf(knob, digits[at] ?? 0));
      const choices = moves.get(key) ?? [];
      if (choices.length === 0) continue;
      const to = space.indexOfDigits(digits.with(at, rng.pick(choices)));
      if (space.accepts(to)) return to;
    }
    return from;
  };
}

function movesOf(knob: Knob, from: number): readonly number[] {
  return [...knob.candidates.keys()].filter((to) =>
    knob.kind === "split" ? knobDistance(knob, from, to) === 1 : to !== from
  );
}
