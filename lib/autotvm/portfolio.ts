import { bayesTuner } from "./bayes.ts";
import { dropletTuner } from "./droplet.ts";
import { evolutionTuner } from "./evolution.ts";
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
 * Tuners in turn, each told of what those before it have found: the one that was best at so many trials in
 * the benchmark, `deno task bench:tuners`.
 */
export class PortfolioTuner implements Tuner {
  readonly name = "portfolio";
  readonly #options: TunerOptions;
  readonly #told = new Map<number, Told>();
  readonly #asked = new Set<number>();
  #stage: Stage | undefined;
  #member: Tuner | undefined;

  constructor(options: TunerOptions) {
    const { valid, features } = options;
    this.#options = {
      ...options,
      ...(valid ? { valid: remembered(valid) } : {}),
      ...(features ? { features: remembered(features) } : {}),
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
        this.#member.tell([...this.#told.values()]);
      }
      const next = this.#member?.ask(Math.min(n - out.length, stage.until - this.#asked.size)) ?? [];
      if (next.length === 0) break;
      // An earlier member may have asked for it, and not have been answered.
      for (const index of next) {
        if (this.#asked.has(index)) continue;
        this.#asked.add(index);
        out.push(index);
      }
    }
    return out;
  }

  tell(results: readonly Told[]): void {
    this.#member?.tell(results);
    for (const r of results) {
      this.#told.set(r.index, r);
      this.#asked.add(r.index);
    }
  }

  #stageNow(): Stage {
    const stages = STAGES[this.#options.start];
    return stages.find((s) => this.#asked.size < s.until) ?? stages.at(-1) as Stage;
  }
}

/** Answers each question once. */
function remembered<T>(answer: (index: number) => T): (index: number) => T {
  const known = new Map<number, T>();
  return (index) => {
    if (!known.has(index)) known.set(index, answer(index));
    return known.get(index) as T;
  };
}
