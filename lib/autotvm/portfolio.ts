import { bayesTuner } from "./bayes.ts";
import { dropletTuner } from "./droplet.ts";
import { evolutionTuner } from "./evolution.ts";
import { Ledger } from "./ledger.ts";
import type { Told, Tuner, TunerOptions } from "./tuner.ts";

const MEMBERS = {
  droplet: dropletTuner,
  bayes: bayesTuner,
  evolution: evolutionTuner,
} as const satisfies Readonly<Record<string, (options: TunerOptions) => Tuner>>;

export type Member = keyof typeof MEMBERS;

/** A tuner, and the trial with which it hands over to the next. */
interface Stage {
  readonly tuner: Member;
  readonly until: number;
}

/** Who searches when, by the start and the number of knobs that vary. */
interface Row {
  readonly start: TunerOptions["start"];
  /** Most knobs of such a space. */
  readonly knobs: number;
  readonly stages: readonly Stage[];
}

/**
 * The first row that fits. On the recorded spaces the steps about a preset were worth more than any model of
 * them: descent found 95% of the best within 20 trials. From scratch a Gaussian process came furthest in the
 * first 32 trials. With five knobs it stayed ahead; with the nine of the tests' made-up devices, trees and
 * evolution were ahead by trial 64.
 */
const ROWS: readonly Row[] = [
  {
    start: "preset",
    knobs: 5,
    stages: [
      { tuner: "droplet", until: 20 },
      { tuner: "bayes", until: 128 },
      { tuner: "evolution", until: Infinity },
    ],
  },
  {
    start: "preset",
    knobs: Infinity,
    stages: [
      { tuner: "droplet", until: 20 },
      { tuner: "bayes", until: 48 },
      { tuner: "evolution", until: Infinity },
    ],
  },
  {
    start: "scratch",
    knobs: 5,
    stages: [{ tuner: "bayes", until: 128 }, { tuner: "evolution", until: Infinity }],
  },
  {
    start: "scratch",
    knobs: Infinity,
    stages: [{ tuner: "bayes", until: 32 }, { tuner: "evolution", until: Infinity }],
  },
];

/**
 * Tuners in turn, each told of what those before it have found: at so many trials, the one that came furthest in
 * the benchmark, `deno task bench:tuners`.
 */
export class PortfolioTuner implements Tuner {
  readonly name = "portfolio";
  readonly #ledger: Ledger;
  readonly #options: TunerOptions;
  readonly #stages: readonly Stage[];
  #stage: Stage | undefined;
  #member: Tuner | undefined;

  constructor(options: TunerOptions) {
    const { valid, features } = options;
    const ledger = this.#ledger = new Ledger(options);
    const knobs = options.space.knobs.filter((k) => k.candidates.length > 1).length;
    this.#stages = ROWS.find((row) => row.start === options.start && knobs <= row.knobs)?.stages ?? [];
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
    return this.#stages.find((s) => this.#ledger.taken < s.until) as Stage;
  }
}
