import { Rng } from "../base/random.ts";
import { bayesTuner } from "./bayes.ts";
import { Credit } from "./credit.ts";
import { draftTuner } from "./draft.ts";
import { dropletTuner } from "./droplet.ts";
import { evolutionTuner } from "./evolution.ts";
import { checkAsked, Ledger } from "./observations.ts";
import type { Told, Tuner, TunerOptions } from "./tuner.ts";

/**
 * Points of one plan. After a plan the portfolio picks a tuner again, and that tuner has the results so far: with two,
 * Bayesian optimisation came further in 25 trials than with four or eight.
 */
const PLAN = 2;

const MEMBERS = {
  draft: draftTuner,
  droplet: dropletTuner,
  bayes: (options: TunerOptions) => bayesTuner({ ...options, batch: PLAN }),
  evolution: evolutionTuner,
} as const satisfies Readonly<Record<string, (options: TunerOptions) => Tuner>>;

export type Member = keyof typeof MEMBERS;

/** Tuners and their shares of the points, and the trial at which the next stage begins. */
export interface Stage {
  readonly shares: Readonly<Partial<Record<Member, number>>>;
  readonly until: number;
}

export interface PortfolioOptions extends TunerOptions {
  /** The stages in their order; the last one has no end. Default: by whether there is an estimate. */
  readonly stages?: readonly Stage[];
}

/**
 * A draft needs an estimate; on the recorded spaces it found 95% of the best speed within 6 to 11 trials (medians).
 * Otherwise a Gaussian process finds most in few trials. Then steps around the best points find more than models do,
 * on the spaces of real GPUs (`deno task bench:tuners`); the process finds other hills. It learns from 96 points only, so
 * that evolution with its trees joins in long searches.
 */
const STAGES = {
  estimated: [
    { shares: { draft: 1 }, until: 16 },
    { shares: { droplet: 1, bayes: 3 }, until: 64 },
    { shares: { droplet: 3, bayes: 1 }, until: 256 },
    { shares: { droplet: 2, bayes: 1, evolution: 2 }, until: Infinity },
  ],
  unknown: [
    { shares: { bayes: 1 }, until: 32 },
    { shares: { droplet: 3, bayes: 1 }, until: 256 },
    { shares: { droplet: 2, bayes: 1, evolution: 2 }, until: Infinity },
  ],
} as const satisfies Readonly<Record<string, readonly Stage[]>>;

/**
 * Searches by several tuners, which share their results. In a stage with several, each one's share grows
 * with what its points improved the best score by, so that the portfolio finds out which of them pays on this space.
 */
export class PortfolioTuner implements Tuner {
  readonly name = "portfolio";
  readonly batch = PLAN;
  readonly #ledger: Ledger;
  readonly #options: TunerOptions;
  readonly #stages: readonly Stage[];
  readonly #rng: Rng;
  readonly #credit = new Credit<Member>();
  readonly #members = new Map<Member, Tuner>();
  readonly #askedBy = new Map<number, Member>();

  constructor(options: PortfolioOptions) {
    const { valid, features, estimate, seed } = options;
    const ledger = this.#ledger = new Ledger(options);
    this.#stages = options.stages ?? STAGES[estimate ? "estimated" : "unknown"];
    this.#rng = Rng.of(seed);
    // The template is asked once per point, for all members.
    this.#options = {
      ...options,
      ...(valid ? { valid: (index) => ledger.accepts(index) } : {}),
      ...(features ? { features: (index) => ledger.features(index) } : {}),
      ...(estimate ? { estimate } : {}),
    };
  }

  /** The tuners that search now, and their present shares, which add up to 1. */
  get shares(): ReadonlyMap<Member, number> {
    return this.#credit.shares(this.#stage.shares);
  }

  /** Number of points that were asked or told. */
  get taken(): number {
    return this.#ledger.taken;
  }

  ask(n: number): readonly number[] {
    checkAsked(n);
    const out: number[] = [];
    while (out.length < n) {
      const plan = this.#plan(Math.min(n - out.length, PLAN, this.#stage.until - this.#ledger.taken));
      if (plan.length === 0) break;
      out.push(...plan);
    }
    return out;
  }

  /** Gives the next points of one tuner, `most` at most; none where it is exhausted. */
  #plan(most: number): readonly number[] {
    const who = this.#pick(), member = this.#memberNamed(who);
    while (true) {
      const next = member.ask(most);
      // Results of points that another member asked for may be pending.
      const open = this.#ledger.takeFrom(next.values(), next.length);
      for (const index of open) this.#askedBy.set(index, who);
      if (open.length > 0 || next.length === 0) return open;
    }
  }

  tell(results: readonly Told[]): void {
    this.#ledger.tell(results);
    for (const { index, score } of results) this.#credit.give(this.#askedBy.get(index), score);
    for (const member of this.#members.values()) member.tell(results);
  }

  get #stage(): Stage {
    return this.#stages.find((s) => this.#ledger.taken < s.until) as Stage;
  }

  #pick(): Member {
    let at = this.#rng.float();
    const shares = [...this.shares];
    return (shares.find(([, share]) => (at -= share) < 0) ?? shares.at(-1) as [Member, number])[0];
  }

  #memberNamed(name: Member): Tuner {
    let member = this.#members.get(name);
    if (!member) {
      this.#members.set(name, member = MEMBERS[name](this.#options));
      member.tell([...this.#ledger.told].map(([index, score]) => ({ index, score })));
    }
    return member;
  }
}
