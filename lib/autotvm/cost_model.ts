import { TunerError } from "./error.ts";
import { fitGbdt, type Gbdt, type GbdtOptions } from "./gbdt.ts";
import { DEFAULT_LOSS } from "./losses.ts";
import type { Prior } from "./prior.ts";
import { heldOutAccuracy, pairwiseAccuracy, skillOf } from "./ranking.ts";

/**
 * Trees that are small and few, for tens of rows. On recorded spaces (`deno task bench:model`, notebooks/data/model_llvmpipe.arrows) ranking puts more pairs
 * in order than regression at every size from 16 rows to 128; trees of one or two levels do as well as these, and
 * MetaSchedule's deep ones worse.
 */
export const SCORES = { loss: DEFAULT_LOSS, rounds: 60, depth: 3, rate: 0.2 } as const;
const LEGALITY = { rounds: 40, depth: 4, rate: 0.3 } as const;
/** Newest checks that legality is learnt from; more cost time and tell little. */
const CHECKS = 600;

/** Own measurements after which half of a prior is left (AutoTVM's). */
const FADING = 64;
/** Own measurements that weigh as much as what the prior says of itself. */
const DOUBT = 8;
const FOLDS = 5;

export interface CostModelOptions {
  readonly trees?: Partial<GbdtOptions>;
  /** It sees the last columns of a row, as many as it was fitted on. */
  readonly prior?: Prior | undefined;
}

/**
 * What is expected of points, learnt from measured ones: scores as shares of the best of them, where a failed
 * candidate counts as 0. A prior is the base on which the trees are grown. It fades as measurements come in, and
 * with them by how well it ranks the measured points: one that ranks no better than guesses is dropped.
 */
export class CostModel {
  /** Share of each feature in what the trees explain. */
  readonly importance: Float64Array;
  /** How well the prior ranks, as far as can be told, of [0, 1]. */
  readonly priorTrust: number;
  /** How much of it is left: that, faded by what has been measured. */
  readonly priorWeight: number;
  readonly #rows: readonly Float64Array[];
  readonly #labels: readonly number[];
  readonly #prior: Prior | undefined;
  readonly #trees: Partial<GbdtOptions> & Pick<GbdtOptions, "loss">;
  readonly #model: Gbdt | undefined;
  #trust: number | undefined;

  /**
   * Without rows it is the prior alone, or expects the same of every point where there is none.
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
        `cannot use a prior learnt by ${this.#prior.loss} for a model learnt by ${this.#trees.loss}: ` +
          `fit it with the same loss`,
      );
    }
    this.priorTrust = this.#trustInPrior();
    this.priorWeight = this.priorTrust * 2 ** (-rows.length / FADING);
    this.#model = rows.length > 0 ? this.#fit([...rows.keys()]) : undefined;
    this.importance = this.#model?.importance ?? new Float64Array();
  }

  /**
   * Learnt by regression, the point's score as a share of the best; by rank, a number whose differences are the log
   * odds of one point beating another, 0 for a middling one.
   */
  predict(row: Float64Array): number {
    return this.#margin(row) + (this.#model?.predict(row) ?? 0);
  }

  /**
   * How well it ranks points that it has not seen, of [0, 1]: pairwise accuracy of five-fold cross-validation,
   * rescaled so that guessing is 0. With fewer than ten rows it is 0, as nothing can be told.
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
        `cannot use a prior of ${prior.width} features for rows of ${row.length}: fit it on the same families`,
      );
    }
    return prior.predict(row.subarray(row.length - prior.width));
  }

  /** What it says of itself, the less the more it was put to the test. */
  #trustInPrior(): number {
    const prior = this.#prior;
    if (!prior) return 0;
    const n = this.#rows.length;
    const accuracy = pairwiseAccuracy(this.#rows.map((row) => this.#ofPrior(row)), this.#labels);
    return Math.min(1, Math.max(0, (DOUBT * prior.trust + n * (2 * accuracy - 1)) / (DOUBT + n)));
  }
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
