import type { Rng } from "../base/random.ts";
import { anneal } from "./anneal.ts";
import { CostModel, fitLegality, SCORES } from "./cost_model.ts";
import type { GbdtOptions } from "./gbdt.ts";
import { checkAsked, type Ledger } from "./observations.ts";
import { DEFAULT_LOSS, type Loss } from "./losses.ts";
import { Desk } from "./planned_tuner.ts";
import { rankBy } from "./ranking.ts";
import { FeatureRows } from "./rows.ts";
import type { Importance, Told, Trust, Tuner, TunerOptions } from "./tuner.ts";

/** The features of a model: knobs (microseconds per point), loops (milliseconds per point), or both. */
export type Seen = "knobs" | "loops" | "both";

/** The sizes of a model-guided search, and the features of its models. */
export interface XgbSizes {
  /** Points asked for before the first model. */
  readonly warmUp: number;
  /** Points asked for between two models. */
  readonly plan: number;
  /** Points of a plan that are near steps from the best measured ones, so that no plan relies on the model alone. */
  readonly near: number;
  /** Probability that a point of the plan is drawn at random. */
  readonly epsilon: number;
  readonly chains: number;
  /** Steps of each chain of the annealing. */
  readonly steps: number;
  /** Probability that a step of the annealing is a near one. */
  readonly nearSteps: number;
  /** Steps without a change among the best `plan` points after which the annealing ends. */
  readonly patience: number;
  /** Chains that start at the best measured points; the others continue where they ended last time. */
  readonly fromBest: number;
  /** Features of the draft model, which guides the annealing and predicts every visited point. */
  readonly drafts: Seen;
  /** Features of a second model, which chooses the plan from the `pool` best drafts; undefined: no second model. */
  readonly chooses: Seen | undefined;
  /** Accepted points that the plan is chosen from, and `checks`: acceptance checks made for them, at most. */
  readonly pool: number;
  readonly checks: number;
  /** True if the annealing avoids points that the template is expected to reject. */
  readonly legality: boolean;
  /** The loss of the trees. */
  readonly loss: Loss;
  readonly trees: Partial<GbdtOptions>;
}

/** Sized for tens of trials. */
export const XGB_DEFAULTS: XgbSizes = {
  warmUp: 12,
  plan: 8,
  near: 3,
  epsilon: 0.05,
  chains: 32,
  steps: 60,
  nearSteps: 0.5,
  patience: 60,
  fromBest: 8,
  drafts: "knobs",
  chooses: "both",
  pool: 48,
  checks: 120,
  legality: true,
  loss: DEFAULT_LOSS,
  trees: SCORES,
};

/**
 * The sizes of AutoTVM 0.19 (XGBTuner, XGBoostCostModel, SimulatedAnnealingOptimizer), for hundreds of trials; its
 * start is `scratch`. Two things differ. AutoTVM spends trials on points that the template rejects; this tuner never
 * asks for them. AutoTVM boosts up to 8,000 rounds and stops 20 rounds after the recall on the training rows stops
 * rising; this tuner boosts 100. `drafts: "knobs"` is its cheaper feature type: "loops" schedules every visited point.
 */
export const AUTOTVM_DEFAULTS: XgbSizes = {
  warmUp: 64,
  plan: 64,
  near: 0,
  epsilon: 3 / 64,
  chains: 128,
  steps: 500,
  nearSteps: 0,
  patience: 50,
  fromBest: 0,
  drafts: "loops",
  chooses: undefined,
  pool: 64,
  checks: Infinity,
  legality: false,
  loss: "regression",
  trees: { rounds: 100, depth: 3, rate: 0.3, lambda: 1, gamma: 1e-4, minWeight: 1 },
};

/** Points examined for one plan, known ones included: most points of a nearly exhausted space are known. */
const TRIES = 100_000;

export interface XgbOptions extends TunerOptions, Partial<XgbSizes> {}

/**
 * AutoTVM's search. A draft model, by default over knobs alone, guides simulated annealing. The best visited points are
 * instantiated, and a second model over knobs and features of loops chooses the plan from them. With a preset the search
 * begins with the preset, some neighbours and the same number of random points: a preset may suit another kind of device.
 */
export class XgbTuner implements Tuner {
  readonly name = "xgb";
  readonly #options: XgbOptions & XgbSizes;
  readonly #desk: Desk;
  readonly #ledger: Ledger;
  readonly #rng: Rng;
  readonly #rows: FeatureRows;
  #queue: number[] = [];
  #begun = false;
  #ends: readonly number[] = [];
  #draft: CostModel | undefined;

  constructor(options: XgbOptions) {
    this.#options = { ...XGB_DEFAULTS, ...options };
    this.#desk = new Desk(options);
    this.#ledger = this.#desk.ledger;
    this.#rng = this.#desk.rng;
    this.#rows = new FeatureRows(this.#desk);
  }

  ask(n: number): readonly number[] {
    checkAsked(n);
    const out: number[] = [];
    while (out.length < n) {
      if (this.#queue.length === 0) this.#queue = [...this.#next()];
      const next = this.#queue.shift();
      if (next === undefined) break;
      // Its result may have come in the meantime.
      if (!this.#ledger.told.has(next)) out.push(next);
    }
    return out;
  }

  tell(results: readonly Told[]): void {
    this.#ledger.tell(results);
  }

  importance(): readonly Importance[] {
    // A tuner gets the features of loops without their names.
    if (this.#options.drafts === "loops") return [];
    const shares = this.#draft?.importance ?? [];
    return this.#rows.names.map((feature, i) => ({ feature, share: shares[i] ?? 0 }))
      .sort((a, b) => b.share - a.share);
  }

  trust(): Trust {
    const { drafts, chooses } = this.#options;
    const { trust, priorTrust } = this.#fit(chooses ?? drafts);
    return { model: trust, prior: priorTrust };
  }

  #next(): readonly number[] {
    const { plan } = this.#options;
    const begun = this.#begun;
    this.#begun = true;
    if (!begun) return this.#warmUp();
    const scored = this.#ledger.ranked().filter((p) => p.score > 0).length;
    return scored < 3 || this.#ledger.told.size < plan ? this.#desk.takeRandom(plan) : this.#plan();
  }

  #warmUp(): readonly number[] {
    const { space, start, warmUp } = this.#options;
    const promising = this.#promising();
    const near = start === "scratch"
      ? promising
      : [space.preset, ...promising, ...this.#rng.shuffle(space.neighbours(space.preset, 1))];
    const first = this.#ledger.takeFrom(near.values(), warmUp / 2);
    return [...first, ...this.#desk.takeRandom(warmUp - first.length)];
  }

  /**
   * Gives the random points that the prior predicts to be best. They fill at most half of the warm-up, in proportion to
   * the trust in the prior. The other points correct a wrong prior.
   */
  #promising(): readonly number[] {
    const { prior, features, pool, warmUp, loss } = this.#options;
    if (!prior || !features || prior.trust === 0) return [];
    const model = new CostModel([], [], { prior, trees: { loss } });
    const open = this.#openPoints(this.#drawn(), "loops", pool);
    return rankBy(open, (index) => this.#predict(model, "loops", index))
      .slice(0, Math.round(warmUp / 2 * Math.min(1, prior.trust)));
  }

  *#drawn(): Generator<number, void> {
    while (true) yield this.#options.space.random(this.#rng);
  }

  #plan(): readonly number[] {
    const { plan, near, epsilon } = this.#options;
    const ranked = this.#choose(this.#propose());
    const dice = Array.from({ length: plan - near }, () => this.#rng.float());
    const greedy = this.#ledger.takeFrom(ranked.values(), dice.filter((d) => d >= epsilon).length);
    const steps = this.#ledger.takeFrom(this.#nearBest().values(), near);
    return [...greedy, ...steps, ...this.#desk.takeRandom(plan - greedy.length - steps.length)];
  }

  /** Gives points by the draft model's prediction, best first. The template may reject them. */
  #propose(): readonly number[] {
    const { space, drafts, chains, steps, fromBest, nearSteps, patience, plan } = this.#options;
    const draft = this.#draft = this.#fit(drafts);
    const expected = this.#legality();
    const starts = [...this.#ledger.ranked().slice(0, fromBest).map((p) => p.index), ...this.#ends];
    while (starts.length < chains) starts.push(space.random(this.#rng));
    const { ends, visited } = anneal({
      space,
      rng: this.#rng,
      starts: starts.slice(0, chains),
      steps,
      near: nearSteps,
      settled: { points: plan, steps: patience },
      score: (index) => this.#predict(draft, drafts, index) - (1 - expected(index)),
    });
    this.#ends = ends;
    return [...visited].sort((a, b) => b[1] - a[1]).map(([index]) => index);
  }

  #legality(): (index: number) => number {
    if (!this.#options.legality) return () => 1;
    return fitLegality(this.#ledger.checked, (index) => this.#rows.knobs(index));
  }

  /**
   * Gives the proposed points that are accepted, best first by the second model if there is one. A draft model over
   * knobs can't use the prior, so random points are added in proportion to the prior's weight.
   */
  #choose(proposed: readonly number[]): readonly number[] {
    const { chooses, drafts, pool } = this.#options;
    if (!chooses) return this.#openPoints(proposed, drafts, pool);
    const second = this.#fit(chooses);
    const wide = Math.round(pool * second.priorWeight);
    const open = [
      ...this.#openPoints(proposed, chooses, pool - wide),
      ...this.#openPoints(this.#drawn(), chooses, wide),
    ];
    return rankBy(open, (index) => this.#predict(second, chooses, index));
  }

  /** Gives the first `most` accepted points. The number of checks is limited, because the template takes time. */
  #openPoints(points: Iterable<number>, seen: Seen, most: number): readonly number[] {
    const out: number[] = [];
    let checks = 0, tries = 0;
    for (const index of points) {
      if (out.length >= most || checks >= this.#options.checks || tries++ >= TRIES) break;
      if (!this.#ledger.isFresh(index)) continue;
      if (!this.#ledger.checked.has(index)) checks++;
      if (this.#ledger.accepts(index) && this.#row(seen, index)) out.push(index);
    }
    return out;
  }

  /** Single steps from the two best measured points, the most promising first. */
  #nearBest(): readonly number[] {
    const { space, near: wanted, drafts } = this.#options;
    const draft = this.#draft;
    if (wanted === 0 || !draft) return [];
    const near = this.#ledger.ranked().slice(0, 2).flatMap((p) => space.neighbours(p.index, 1));
    return rankBy(
      [...new Set(near)].filter((index) => this.#ledger.isFresh(index)),
      (index) => this.#predict(draft, drafts, index),
    );
  }

  /** Fits a model on the measured points that have features. */
  #fit(seen: Seen): CostModel {
    const { loss, trees, prior, features } = this.#options;
    // A prior has no features of knobs.
    return this.#rows.learn((index) => this.#row(seen, index), {
      trees: { ...trees, loss },
      prior: seen === "knobs" || !features ? undefined : prior,
    });
  }

  /** Predicts a point; 0 if the template rejects it. */
  #predict(model: CostModel, seen: Seen, index: number): number {
    const row = this.#row(seen, index);
    return row ? model.predict(row) : 0;
  }

  /** Gives the features of the point; undefined if they need a schedule and the template rejects the point. */
  #row(seen: Seen, index: number): Float64Array | undefined {
    if (seen === "knobs" || !this.#options.features) return this.#rows.knobs(index);
    return seen === "loops" ? this.#ledger.features(index) : this.#rows.all(index);
  }
}
