import { TunerError } from "./error.ts";
import { fitGbdt, type Gbdt, type GbdtOptions } from "./gbdt.ts";
import { DEFAULT_LOSS } from "./losses.ts";
import type { Prior } from "./prior.ts";
import { heldOutAccuracy, pairwiseAccuracy, skillOf } from "./ranking.ts";

/**
 * Few and small trees, for tens of rows. On recorded spaces (`deno task bench:model`,
 * notebooks/data/model_llvmpipe.arrows) ranking orders more pairs right than regression at every size from 16 to 128
 * rows. Trees of one or two levels are as good as these; MetaSchedule's deep trees are worse.
 */
export const SCORES = { loss: DEFAULT_LOSS, rounds: 60, depth: 3, rate: 0.2 } as const;
const LEGALITY = { rounds: 40, depth: 4, rate: 0.3 } as const;
/** Newest checks that legality is learnt from; more checks cost time and add little. */
const CHECKS = 600;

/** Own measurements after which half of a prior is left (AutoTVM's). */
const FADING = 64;
/** Own measurements that weigh as much as the prior's reported trust. */
const DOUBT = 8;
const FOLDS = 5;

export interface CostModelOptions {
  readonly trees?: Partial<GbdtOptions>;
  /** The prior reads the last `prior.width` columns of a row. */
  readonly prior?: Prior | undefined;
}

/**
 * Predicts scores of points, learnt from measured points: shares of the best score, where a failed candidate counts as
 * 0. The trees are grown on top of a prior. Its weight falls with the number of measurements, and the more, the worse it
 * ranks them. A prior that ranks no better than chance is dropped.
 */
export class CostModel {
  /** Share of each feature in the gain of the trees. */
  readonly importance: Float64Array;
  /** The estimated rank accuracy of the prior, in [0, 1]: 0 is chance. */
  readonly priorTrust: number;
  /** The weight of the prior: its trust, reduced by the number of measurements. */
  readonly priorWeight: number;
  readonly #rows: readonly Float64Array[];
  readonly #labels: readonly number[];
  readonly #prior: Prior | undefined;
  readonly #trees: Partial<GbdtOptions> & Pick<GbdtOptions, "loss">;
  readonly #model: Gbdt | undefined;
  #trust: number | undefined;

  /**
   * Without rows it is the prior alone. Without a prior too, it predicts the same for every point.
   *
   * @throws {TunerError} for a prior of other features or another loss
   */
  constructor(
    rows: readonly Float64Array[],
    scores: readonly (number | undefined)[],
    options: CostModelOptions = {},
  ) {
    const best = Math.max(0, ...scores.map((s) => s ?? 0)) || 1;
    this.#rows = rows;
    this.#labels = scores.map((s) => (s ?? 0) / best);
    this.#prior = options.prior;
    this.#trees = { ...SCORES, ...options.trees };
    if (this.#prior && this.#prior.loss !== this.#trees.loss) {
      throw new TunerError(
        `expected a prior fitted by ${this.#trees.loss}, as the model is, got one fitted by ${this.#prior.loss}; fit ` +
          `it with the same loss`,
      );
    }
    this.priorTrust = this.#trustInPrior();
    this.priorWeight = this.priorTrust * 2 ** (-rows.length / FADING);
    this.#model = rows.length > 0 ? this.#fit([...rows.keys()]) : undefined;
    this.importance = this.#model?.importance ?? new Float64Array();
  }

  /**
   * Predicts a point. By `regression` the result is its score as a share of the best. By `rank` the difference of two
   * results is the log odds that one point is better; an average point has 0.
   */
  predict(row: Float64Array): number {
    return this.#margin(row) + (this.#model?.predict(row) ?? 0);
  }

  /**
   * Estimates how well the model ranks unseen points, in [0, 1]: pairwise accuracy of five-fold cross-validation,
   * rescaled so that chance is 0. With fewer than ten rows it is 0.
   */
  get trust(): number {
    if (this.#rows.length < 2 * FOLDS) return 0;
    return this.#trust ??= skillOf(heldOutAccuracy(this.#labels, (i) => i % FOLDS, (rows) => {
      const model = this.#fit(rows);
      return (i) => model.predict(this.#rows[i]!) + this.#margin(this.#rows[i]!);
    }));
  }

  #fit(chosen: readonly number[]): Gbdt {
    const rows = chosen.map((i) => this.#rows[i]!);
    return fitGbdt(rows, chosen.map((i) => this.#labels[i]!), this.#trees, {
      margins: rows.map((row) => this.#margin(row)),
    });
  }

  #margin(row: Float64Array): number {
    return this.priorWeight > 0 ? this.priorWeight * this.#ofPrior(row) : 0;
  }

  #ofPrior(row: Float64Array): number {
    const prior = this.#prior;
    if (!prior) return 0;
    if (row.length < prior.width) {
      throw new TunerError(
        `expected a prior of at most ${row.length} features, got ${prior.width}; fit it on the same families`,
      );
    }
    return prior.predict(row.subarray(row.length - prior.width));
  }

  /** Combines the prior's reported trust with its accuracy on the measured points; more measurements weigh more. */
  #trustInPrior(): number {
    const prior = this.#prior;
    if (!prior) return 0;
    const n = this.#rows.length;
    const accuracy = pairwiseAccuracy(this.#rows.map((row) => this.#ofPrior(row)), this.#labels);
    return Math.min(1, Math.max(0, (DOUBT * prior.trust + n * (2 * accuracy - 1)) / (DOUBT + n)));
  }
}

/**
 * Learns which points a template accepts. Returns a function to [0, 1], near 1 for points that it expects to be
 * accepted. With too few checks it returns 1 for every point.
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
