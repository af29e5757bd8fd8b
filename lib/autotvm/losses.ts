/** First and second derivatives of the losses that trees are boosted on. */

export type Loss = "regression" | "rank";

export interface BoundLoss {
  /** The prediction before the first tree. */
  readonly base: number;
  /** Writes the derivatives at `predicted` into `grad` and `hess`. */
  derive(predicted: Float64Array, grad: Float64Array, hess: Float64Array): void;
}

export const LOSSES: Readonly<Record<Loss, (targets: readonly number[]) => BoundLoss>> = {
  regression: squared,
  rank: pairwise,
};

/** Half the squared error. */
function squared(targets: readonly number[]): BoundLoss {
  const base = targets.reduce((a, b) => a + b, 0) / targets.length;
  return {
    base,
    derive(predicted, grad, hess) {
      for (let i = 0; i < targets.length; i++) {
        grad[i] = predicted[i]! - targets[i]!;
        hess[i] = 1;
      }
    },
  };
}

/** Partners of each row, at most; further apart in rank than that, rows are compared by leaps. */
const PARTNERS = 48;

/** log(1 + exp(-(better - worse))) over pairs of rows with unlike targets (RankNet; Burges et al., 2005). */
function pairwise(targets: readonly number[]): BoundLoss {
  const order = [...targets.keys()].sort((a, b) => targets[b]! - targets[a]!);
  const leap = Math.max(1, Math.ceil(order.length / PARTNERS));
  const better: number[] = [], worse: number[] = [];
  order.forEach((i, rank) => {
    // Starting points differ from row to row, so that near ranks meet as well as far ones.
    for (let other = rank + 1 + (rank % leap); other < order.length; other += leap) {
      const j = order[other]!;
      if (targets[i]! > targets[j]!) {
        better.push(i);
        worse.push(j);
      }
    }
  });
  const weight = Math.max(1, targets.length) / Math.max(1, better.length);
  return {
    base: 0,
    derive(predicted, grad, hess) {
      grad.fill(0);
      hess.fill(1e-6);
      for (let p = 0; p < better.length; p++) {
        const i = better[p]!, j = worse[p]!;
        const wrong = 1 / (1 + Math.exp(predicted[i]! - predicted[j]!));
        const curve = weight * wrong * (1 - wrong);
        grad[i]! -= weight * wrong;
        grad[j]! += weight * wrong;
        hess[i]! += curve;
        hess[j]! += curve;
      }
    },
  };
}
