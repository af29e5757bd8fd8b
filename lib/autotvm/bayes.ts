import { erf } from "../base/erf.ts";
import { fitScales, GaussianProcess, type LengthScales } from "./gaussian_process.ts";
import { type Desk, PlannedTuner } from "./planned_tuner.ts";
import { FeatureRows } from "./rows.ts";
import type { Tuner, TunerOptions } from "./tuner.ts";

export interface BayesSizes {
  /** Points before the first model: random points, or a preset and single steps from it. */
  readonly warmUp: number;
  /** Random points in addition to those around a preset, which may suit another kind of device. */
  readonly randomPoints: number;
  /** Points chosen from one model. Each choice assumes that the points before it measure as expected. */
  readonly batch: number;
  /** Random candidates of one choice, in addition to neighbours of the best points. */
  readonly draws: number;
  /** Best measured points whose neighbours are candidates. */
  readonly centres: number;
  /** Measured points that the process is fitted to, at most: its cost grows with their cube. */
  readonly most: number;
  /** Passes over the features' lengths for one model. */
  readonly passes: number;
}

export const BAYES_DEFAULTS: BayesSizes = {
  warmUp: 8,
  randomPoints: 4,
  batch: 4,
  draws: 200,
  centres: 4,
  most: 96,
  passes: 1,
};

export interface BayesOptions extends TunerOptions, Partial<BayesSizes> {}

/** A candidate point, and its predicted distribution. */
interface Candidate {
  readonly index: number;
  readonly row: Float64Array;
  readonly solved: Float64Array;
  /** Its covariances with the points of this plan, solved like `solved`. */
  readonly planned: number[];
}

/**
 * Bayesian optimisation, for small budgets. A Gaussian process over the knobs learns the logarithm of the score. The
 * tuner asks for the points with the largest expected improvement. A failed point counts as the worst measured one.
 */
export function bayesTuner(options: BayesOptions): Tuner {
  return new PlannedTuner("bayes", { ...BAYES_DEFAULTS, ...options }, plans);
}

function* plans(desk: Desk<BayesOptions & BayesSizes>): Generator<readonly number[], void> {
  const { options: { start, warmUp, randomPoints, batch, passes }, ledger } = desk;
  const rows = new FeatureRows(desk);
  if (ledger.told.size === 0) yield desk.takeFirst(warmUp + (start === "preset" ? randomPoints : 0), warmUp);
  let scales: LengthScales | undefined, fitted = 0;
  for (;;) {
    const known = observations(desk);
    if (known.length < 3) {
      yield desk.takeRandom(batch);
      continue;
    }
    const seen = known.map((k) => rows.unit(k.index)), targets = known.map((k) => k.target);
    // Lengths change slowly, and fitting them costs most.
    if (!scales || known.length >= 1.2 * fitted) {
      scales = fitScales(seen, targets, { passes, ...(scales ? { from: scales } : {}) });
      fitted = known.length;
    }
    yield choose(desk, rows, new GaussianProcess(seen, targets, scales), Math.max(...targets));
  }
}

/** Gives the logarithms of the scores: of the best points, and of the latest others. */
function observations(
  { options: { most }, ledger }: Desk<BayesOptions & BayesSizes>,
): readonly { readonly index: number; readonly target: number }[] {
  const ranked = ledger.ranked().filter((p) => p.score > 0);
  const worst = Math.log(ranked.at(-1)?.score ?? 1);
  const all = [...ledger.told].map(([index, score]) => ({ index, target: score ? Math.log(score) : worst }));
  if (all.length <= most) return all;
  const best = new Set(ranked.slice(0, most / 2).map((p) => p.index));
  return [...all.filter((k) => best.has(k.index)), ...all.filter((k) => !best.has(k.index)).slice(-most / 2)];
}

function choose(
  desk: Desk<BayesOptions & BayesSizes>,
  rows: FeatureRows,
  process: GaussianProcess,
  best: number,
): readonly number[] {
  const { options: { space, draws, centres, batch }, ledger, rng } = desk;
  const pool = new Map<number, Candidate>();
  const add = (index: number): void => {
    if (pool.has(index) || !ledger.isFresh(index)) return;
    const row = rows.unit(index);
    pool.set(index, { index, row, solved: process.solve(row), planned: [] });
  };
  const promise = (c: Candidate): number => {
    const known = c.planned.reduce((s, x) => s + x * x, 0);
    const { mean, deviation } = process.belief(c.solved, known);
    return expectedImprovement(mean - best, deviation);
  };
  for (const p of ledger.ranked().slice(0, centres)) space.neighbours(p.index, 1).forEach(add);
  for (let i = 0; i < draws; i++) add(space.random(rng));
  const climbed = [...pool.values()].sort((a, b) => promise(b) - promise(a)).slice(0, 3);
  for (const c of climbed) space.neighbours(c.index, 1).forEach(add);
  const plan: number[] = [];
  while (plan.length < batch && pool.size > 0) {
    let first: Candidate | undefined, most = -1;
    for (const c of pool.values()) {
      const p = promise(c);
      if (p > most) [first, most] = [c, p];
    }
    if (!first) break;
    pool.delete(first.index);
    if (!ledger.isOpen(first.index)) continue;
    ledger.take(first.index);
    plan.push(first.index);
    for (const c of pool.values()) {
      const shared = process.covariance(first.row, first.solved, c.row, c.solved) -
        first.planned.reduce((s, x, i) => s + x * (c.planned[i] ?? 0), 0);
      const own = process.covariance(first.row, first.solved, first.row, first.solved) -
        first.planned.reduce((s, x) => s + x * x, 0);
      c.planned.push(shared / Math.sqrt(Math.max(own, 0) + process.noise));
    }
  }
  return plan;
}

/** Gives the expected value of max(0, x) for a normal variable x. */
function expectedImprovement(mean: number, deviation: number): number {
  const z = mean / deviation;
  const density = Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI);
  return mean * (1 + erf(z / Math.SQRT2)) / 2 + deviation * density;
}
