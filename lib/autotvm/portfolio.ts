import { bayesTuner } from "./bayes.ts";
import { dropletTuner } from "./droplet.ts";
import { evolutionTuner } from "./evolution.ts";
import { Ledger } from "./ledger.ts";
import type { Told, Tuner, TunerOptions } from "./tuner.ts";

type Member = keyof typeof MEMBERS;

const MEMBERS = {
  droplet: dropletTuner,
  bayes: bayesTuner,
  evolution: evolutionTuner,
} as const satisfies Readonly<Record<string, (options: TunerOptions) => Tuner>>;

/** A tuner, and the trial with which it hands over to the next. */
interface Stage {
  readonly tuner: Member;
  readonly until: number;
}

/** Who searches when. */
const STAGES: Readonly<Record<TunerOptions["start"], readonly Stage[]>> = {
  preset: [{ tuner: "droplet", until: 16 }, { tuner: "bayes", until: 96 }, {
    tuner: "evolution",
    until: Infinity,
  }],
  scratch: [{ tuner: "bayes", until: 96 }, { tuner: "evolution", until: Infinity }],
};

/**
 * Tuners in turn, each told of what those before it have found: at so many trials, the one that came furthest in
 * the benchmark, `deno task bench:tuners`.
 */
export class PortfolioTuner implements Tuner {
  readonly name = "portfolio";
  readonly #ledger: Ledger;
  readonly #options: TunerOptions;
  #stage: Stage | undefined;
  #member: Tuner | undefined;

  constructor(options: TunerOptions) {
    const { valid, features } = options;
    const ledger = this.#ledger = new Ledger(options);
    // The template is asked once a point, whoever of the members asks.
    this.#options = {
      ...options,
      ...(valid ? { valid: (index) => ledger.accepts(index) } : {}),
      ...(features ? { features: (index) => ledger.features(index) } : {}),
    };
  }

  /** The tuner that searches now. */
  get picked(): Member {
    return this.#stageNow().tuner;
  }

  ask(n: number): readonly number[] {
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
      // An earlier member may have asked for some of them, and not been answered yet.
      out.push(...this.#ledger.takeFrom(next.values(), next.length));
    }
    return out;
  }

  tell(results: readonly Told[]): void {
    this.#ledger.tell(results);
    this.#member?.tell(results);
  }

  #stageNow(): Stage {
    const stages = STAGES[this.#options.start];
    return stages.find((s) => this.#ledger.taken < s.until) ?? stages.at(-1) as Stage;
  }
}
