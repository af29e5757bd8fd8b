import { bayesTuner } from "./bayes.ts";
import { draftTuner } from "./draft.ts";
import { dropletTuner } from "./droplet.ts";
import { evolutionTuner } from "./evolution.ts";
import { checkAsked, Ledger } from "./observations.ts";
import type { Told, Tuner, TunerOptions } from "./tuner.ts";

const MEMBERS = {
  draft: draftTuner,
  droplet: dropletTuner,
  bayes: bayesTuner,
  evolution: evolutionTuner,
} as const satisfies Readonly<Record<string, (options: TunerOptions) => Tuner>>;

export type Member = keyof typeof MEMBERS;

/** A tuner, and the trial with which it hands over to the next. */
export interface Stage {
  readonly tuner: Member;
  readonly until: number;
}

export interface PortfolioOptions extends TunerOptions {
  /** The tuners in their order; the last one has no end. Default: by the start and the number of knobs. */
  readonly stages?: readonly Stage[];
}

/** The tuners in their order, for a start and a number of knobs that vary. */
interface Row {
  readonly start: TunerOptions["start"];
  /** The maximum number of knobs of such a space. */
  readonly knobs: number;
  readonly stages: readonly Stage[];
}

/**
 * The first row that fits is used. On the recorded spaces a draft found 95% of the best speed within 6 to 11 trials
 * (medians). Where it did not, steps around the best point beat every model of so small a sample; a Gaussian process
 * came next. It stayed ahead with five knobs. With nine knobs, on the simulated devices of the tests, trees and evolution
 * were ahead by trial 64.
 */
const ROWS: readonly Row[] = [
  {
    start: "preset",
    knobs: 5,
    stages: [
      { tuner: "draft", until: 16 },
      { tuner: "droplet", until: 32 },
      { tuner: "bayes", until: 128 },
      { tuner: "evolution", until: Infinity },
    ],
  },
  {
    start: "preset",
    knobs: Infinity,
    stages: [
      { tuner: "draft", until: 16 },
      { tuner: "droplet", until: 32 },
      { tuner: "bayes", until: 64 },
      { tuner: "evolution", until: Infinity },
    ],
  },
  {
    start: "scratch",
    knobs: 5,
    stages: [
      { tuner: "draft", until: 16 },
      { tuner: "bayes", until: 128 },
      { tuner: "evolution", until: Infinity },
    ],
  },
  {
    start: "scratch",
    knobs: Infinity,
    stages: [
      { tuner: "draft", until: 16 },
      { tuner: "bayes", until: 48 },
      { tuner: "evolution", until: Infinity },
    ],
  },
];

/**
 * Runs tuners one after the other. Each gets the results of those before it. At each number of trials it uses the tuner
 * that was best in the benchmark, `deno task bench:tuners`.
 */
export class PortfolioTuner implements Tuner {
  readonly name = "portfolio";
  readonly #ledger: Ledger;
  readonly #options: TunerOptions;
  readonly #stages: readonly Stage[];
  #stage: Stage | undefined;
  #member: Tuner | undefined;

  constructor(options: PortfolioOptions) {
    const { valid, features, estimate } = options;
    const ledger = this.#ledger = new Ledger(options);
    const knobs = options.space.knobs.filter((k) => k.candidates.length > 1).length;
    const row = ROWS.find((r) => r.start === options.start && knobs <= r.knobs);
    // The draft tuner needs an estimate.
    this.#stages = options.stages ?? row?.stages.filter((s) => estimate || s.tuner !== "draft") ?? [];
    // The template is asked once per point, for all members.
    this.#options = {
      ...options,
      ...(valid ? { valid: (index) => ledger.accepts(index) } : {}),
      ...(features ? { features: (index) => ledger.features(index) } : {}),
      ...(estimate ? { estimate } : {}),
    };
  }

  /** The tuner that searches now. */
  get picked(): Member {
    return this.#stageNow().tuner;
  }

  ask(n: number): readonly number[] {
    checkAsked(n);
    const out: number[] = [];
    while (out.length < n) {
      const stage = this.#stageNow();
      if (stage !== this.#stage) {
        this.#stage = stage;
        this.#member = MEMBERS[stage.tuner](this.#options);
        this.#member.tell([...this.#ledger.told].map(([index, score]) => ({ index, score })));
      }
      const next = this.#member?.ask(Math.min(n - out.length, stage.until - this.#ledger.taken)) ?? [];
      if (next.length === 0) break;
      // Results of points that an earlier member asked for may be pending.
      out.push(...this.#ledger.takeFrom(next.values(), next.length));
    }
    return out;
  }

  tell(results: readonly Told[]): void {
    this.#ledger.tell(results);
    this.#member?.tell(results);
  }

  #stageNow(): Stage {
    return this.#stages.find((s) => this.#ledger.taken < s.until) as Stage;
  }
}
