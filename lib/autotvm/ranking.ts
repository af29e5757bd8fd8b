/** How well predictions rank: what matters of a model that chooses what to measure. Higher is better in both lists. */

/** Pairs with unlike values, and how many of them the predictions put in order; a tied prediction is half right. */
export function countPairs(
  predicted: readonly number[],
  actual: readonly number[],
): { readonly right: number; readonly pairs: number } {
  let right = 0, pairs = 0;
  for (let i = 0; i < actual.length; i++) {
    for (let j = 0; j < i; j++) {
      const truth = Math.sign((actual[i] ?? 0) - (actual[j] ?? 0));
      if (truth === 0) continue;
      pairs++;
      right += (1 + truth * Math.sign((predicted[i] ?? 0) - (predicted[j] ?? 0))) / 2;
    }
  }
  return { right, pairs };
}

/** The share of pairs that the predictions put in order; half, as of guesses, where there is no pair. */
export function pairwiseAccuracy(predicted: readonly number[], actual: readonly number[]): number {
  const { right, pairs } = countPairs(predicted, actual);
  return pairs === 0 ? 0.5 : right / pairs;
}

/** The share of the `k` best that is among the `k` that are predicted to be the best. */
export function topRecall(k: number, predicted: readonly number[], actual: readonly number[]): number {
  const best = topOf(k, actual);
  const chosen = topOf(k, predicted);
  return [...best].filter((i) => chosen.has(i)).length / best.size;
}

/** The best value among the `k` that are predicted to be the best, as a share of the best of all. */
export function topShare(k: number, predicted: readonly number[], actual: readonly number[]): number {
  return Math.max(...[...topOf(k, predicted)].map((i) => actual[i] ?? 0)) / Math.max(...actual);
}

function topOf(k: number, values: readonly number[]): ReadonlySet<number> {
  const order = [...values.keys()].sort((a, b) => (values[b] ?? 0) - (values[a] ?? 0));
  return new Set(order.slice(0, k));
}

/** The points by score, best first. */
export function rankBy(points: readonly number[], score: (index: number) => number): readonly number[] {
  return points.map((index) => ({ index, score: score(index) })).sort((a, b) => b.score - a.score)
    .map((p) => p.index);
}

/** Accuracy rescaled so that guessing, and worse, is 0 and a perfect order is 1. */
export function skillOf(accuracy: number): number {
  return Math.max(0, 2 * accuracy - 1);
}

/**
 * Pairwise accuracy on rows that a model was not fitted on: the rows are dealt into `folds`, and each is predicted
 * by a model of the others.
 */
export function heldOutAccuracy(
  actual: readonly number[],
  foldOf: (row: number) => number,
  fit: (rows: readonly number[]) => (row: number) => number,
): number {
  let right = 0, pairs = 0;
  for (const [fold, rows] of Map.groupBy(actual.keys(), foldOf)) {
    const others = [...actual.keys()].filter((i) => foldOf(i) !== fold);
    if (others.length === 0) continue;
    const predict = fit(others);
    const counted = countPairs(rows.map(predict), rows.map((i) => actual[i] ?? 0));
    right += counted.right;
    pairs += counted.pairs;
  }
  return pairs === 0 ? 0.5 : right / pairs;
}
