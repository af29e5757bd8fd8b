import { fitGbdt, type Gbdt, type GbdtOptions } from "./gbdt.ts";

/**
 * Trees that are small and few: a search here measures tens of candidates, and on so few rows deeper trees
 * were no better in the simulated searches of the tests.
 */
export const SCORES = { rounds: 60, depth: 3, rate: 0.2 } as const;
const LEGALITY = { rounds: 40, depth: 4, rate: 0.3 } as const;
/** Newest checks that legality is learnt from; more cost time and tell little. */
const CHECKS = 600;

/** Learns scores from features. They are divided by the best of them; a failed candidate counts as 0. */
export function fitScores(
  rows: readonly Float64Array[],
  scores: readonly (number | undefined)[],
  trees: Partial<GbdtOptions> = {},
): Gbdt {
  const best = Math.max(...scores.map((s) => s ?? 0)) || 1;
  return fitGbdt(rows, scores.map((s) => (s ?? 0) / best), { ...SCORES, ...trees });
}

/**
 * Learns which points a template accepts: a function to [0, 1], near 1 where it expects acceptance. Where
 * there is too little to learn from, it expects acceptance everywhere.
 */
export function fitLegality(
  checked: ReadonlyMap<number, boolean>,
  features: (index: number) => Float64Array,
): (index: number) => number {
  const sample = [...checked].slice(-CHECKS);
  const rejected = sample.filter(([, ok]) => !ok).length;
  if (rejected < 5 || sample.length - rejected < 5) return () => 1;
  const rows = sample.map(([index]) => features(index));
  const model = fitGbdt(rows, sample.map(([, ok]) => (ok ? 1 : 0)), LEGALITY);
  return (index) => Math.min(1, Math.max(0, model.predict(features(index))));
}
