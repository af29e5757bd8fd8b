import { type Desk, PlannedTuner } from "./planned_tuner.ts";
import type { Tuner, TunerOptions } from "./tuner.ts";

export interface GaOptions extends TunerOptions {
  /** Points of one generation: a sixteenth of the expected trials, at least 16 and at most 100. */
  readonly population?: number;
  /** Best points that stay parents in every generation. */
  readonly elite?: number;
  /** Probability that a child's knob is drawn again. */
  readonly mutation?: number;
}

/** Consecutive children that are known or rejected, after which a generation is filled at random. */
const BARREN = 200;

/**
 * A genetic algorithm over knobs, with AutoTVM's parameters: parents drawn in proportion to their score,
 * one-point crossover, mutation knob by knob.
 */
export function gaTuner(options: GaOptions): Tuner {
  return new PlannedTuner("ga", options, generations);
}

function* generations(desk: Desk<GaOptions>): Generator<readonly number[], void> {
  const byTrials = Math.max(16, Math.floor((desk.options.trials ?? Infinity) / 16));
  const population = desk.options.population ?? Math.min(100, byTrials);
  if (desk.ledger.told.size === 0) yield desk.takeFirst(population, Math.ceil(population / 2));
  for (;;) {
    const children = breed(desk, population);
    yield [...children, ...desk.takeRandom(population - children.length)];
  }
}

function breed(desk: Desk<GaOptions>, population: number): readonly number[] {
  const { options: { space }, ledger, rng } = desk;
  const parents = parentsOf(desk, population);
  const total = parents.reduce((sum, p) => sum + p.score, 0);
  if (total <= 0) return [];
  const draw = (): readonly number[] => {
    let left = rng.float() * total;
    const parent = parents.find((p) => (left -= p.score) < 0) ?? parents.at(-1);
    return space.digits(parent?.index ?? 0);
  };
  const children: number[] = [];
  for (let barren = 0; children.length < population && barren < BARREN;) {
    const child = space.indexOfDigits(cross(desk, draw(), draw()));
    if (ledger.isOpen(child)) {
      ledger.take(child);
      children.push(child);
      barren = 0;
    } else {
      barren++;
    }
  }
  return children;
}

/** The last measured generation, and the elite of all generations. */
function parentsOf(
  { options: { elite = 3 }, ledger }: Desk<GaOptions>,
  population: number,
): readonly { readonly index: number; readonly score: number }[] {
  const latest = new Set([...ledger.told.keys()].slice(-population));
  return ledger.ranked().filter((p, rank) => rank < elite || latest.has(p.index));
}

function cross(
  { options: { space, mutation = 0.1 }, rng }: Desk<GaOptions>,
  a: readonly number[],
  b: readonly number[],
): readonly number[] {
  const cut = rng.int(space.knobs.length + 1);
  return space.knobs.map((knob, i) =>
    rng.float() < mutation ? rng.int(knob.candidates.length) : (i < cut ? a[i] : b[i]) ?? 0
  );
}
