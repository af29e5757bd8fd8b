/** Measures of how well predictions rank, which matters for a model that chooses points. Higher is better. */

/** Counts the pairs with different values, and the pairs that the predictions order right; a tie counts half. */
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

/** Gives the share of pairs that the predictions order right; 0.5, as by chance, without pairs. */
export function pairwiseAccuracy(predicted: readonly number[], actual: readonly number[]): number {
  const { right, pairs } = countPairs(predicted, actual);
  return pairs === 0 ? 0.5 : right / pairs;
}

/** Gives the share of the `k` best values that are among the `k` best predictions. */
export function topRecall(k: number, predicted: readonly number[], actual: readonly number[]): number {
  const best = topOf(k, actual);
  const chosen = topOf(k, predicted);
  return [...best].filter((i) => chosen.has(i)).length / best.size;
}

/** Gives the best value among the `k` best predictions, as a share of the best value of all. */
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

/** Rescales pairwise accuracy: chance or worse is 0, a perfect order is 1. */
export function skillOf(accuracy: number): number {
  return Math.max(0, 2 * accuracy - 1);
}

/**
 * Gives the cross-validated pairwise accuracy: the rows are divided into `folds`, and a model of the other folds
 * predicts each.
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
