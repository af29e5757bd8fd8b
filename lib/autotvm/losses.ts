/** First and second derivatives of the losses that trees are boosted on. */
import { mix } from "../base/random.ts";

/** The losses: `regression` fits scores, `rank` fits the order of pairs. */
export type Loss = "regression" | "rank";

/** The default loss of models and priors. */
export const DEFAULT_LOSS: Loss = "rank";

/** Data of the rows other than their targets. */
export interface Given {
  /** Predictions of another model for each row; the trees fit the residuals. */
  readonly margins?: readonly number[];
  /** The group of each row: `rank` compares rows of one group only. Default: one group. */
  readonly groups?: readonly number[];
}

export interface BoundLoss {
  /** The prediction before the first tree, margins aside. */
  readonly base: number;
  /** Writes the derivatives at `predicted` into `grad` and `hess`. */
  derive(predicted: Float64Array, grad: Float64Array, hess: Float64Array): void;
}

export const LOSSES: Readonly<Record<Loss, (targets: readonly number[], given: Given) => BoundLoss>> = {
  regression: squared,
  rank: pairwise,
};

/** Half the squared error. */
function squared(targets: readonly number[], { margins }: Given): BoundLoss {
  const base = targets.reduce((sum, t, i) => sum + t - (margins?.[i] ?? 0), 0) / targets.length;
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

/** Rows that each row is compared with, at most; with more rows, partners are spaced out. */
const PARTNERS = 48;

/** log(1 + exp(-(better - worse))) over pairs of rows with unlike targets (RankNet; Burges et al., 2005). */
function pairwise(targets: readonly number[], { groups }: Given): BoundLoss {
  const better: number[] = [], worse: number[] = [];
  const pair = (rows: readonly number[]) => {
    const order = rows.toSorted((a, b) => targets[b]! - targets[a]!);
    const leap = Math.max(1, Math.ceil(order.length / PARTNERS));
    order.forEach((i, rank) => {
      // Starting points vary from row to row without a pattern, so that no row is left out.
      for (let other = rank + 1 + (mix(rank) >>> 0) % leap; other < order.length; other += leap) {
        const j = order[other]!;
        if (targets[i]! > targets[j]!) {
          better.push(i);
          worse.push(j);
        }
      }
    });
  };
  const all = [...targets.keys()];
  for (const rows of Map.groupBy(all, (i) => groups?.[i] ?? 0).values()) pair(rows);
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
