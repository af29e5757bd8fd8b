import { Rng } from "../space/rng.ts";
import { Ledger } from "./ledger.ts";
import { shuffled } from "./sequences.ts";
import type { Told, Tuner, TunerOptions } from "./tuner.ts";

export interface GaOptions extends TunerOptions {
  /** Points of one generation; 100, or a quarter of the expected trials where that is less. */
  readonly population?: number;
  /** Best points that stay parents in every generation. */
  readonly elite?: number;
  /** Probability that a child's knob is drawn anew. */
  readonly mutation?: number;
}

/** Children that were seen before or are rejected, in a row, after which a generation is filled at random. */
const BARREN = 200;

/**
 * A genetic algorithm over knobs, with AutoTVM's parameters: parents drawn in proportion to their score,
 * one-point crossover, mutation knob by knob.
 */
export class GaTuner implements Tuner {
  readonly name = "ga";
  readonly #options: GaOptions;
  readonly #ledger: Ledger;
  readonly #rng: Rng;
  readonly #anywhere: Iterator<number>;
  readonly #population: number;
  #queue: number[] = [];
  #begun = false;

  constructor(options: GaOptions) {
    this.#options = options;
    this.#ledger = new Ledger(options);
    this.#rng = Rng.of(options.seed);
    this.#anywhere = shuffled(options.space.size, this.#rng);
    const byTrials = Math.max(8, Math.floor((options.trials ?? Infinity) / 4));
    this.#population = options.population ?? Math.min(100, byTrials);
  }

  ask(n: number): readonly number[] {
    const out: number[] = [];
    while (out.length < n) {
      if (this.#queue.length === 0) this.#queue = this.#nextGeneration();
      const next = this.#queue.shift();
      if (next === undefined) break;
      // It may have been told of meanwhile.
      if (!this.#ledger.told.has(next)) out.push(next);
    }
    return out;
  }

  tell(results: readonly Told[]): void {
    this.#ledger.tell(results);
  }

  #nextGeneration(): number[] {
    const first = this.#begun ? [] : this.#founders();
    this.#begun = true;
    const room = this.#population - first.length;
    const children = this.#breed(Math.max(0, room));
    const missing = this.#population - first.length - children.length;
    return [...first, ...children, ...this.#ledger.takeFrom(this.#anywhere, missing)];
  }

  /** From a preset: it and its neighbours, for half of the first generation. */
  #founders(): readonly number[] {
    const { space, start } = this.#options;
    if (start === "scratch") return [];
    const near = [space.preset, ...this.#rng.shuffle(space.neighbours(space.preset, 1))];
    return this.#ledger.takeFrom(near.values(), Math.ceil(this.#population / 2));
  }

  #breed(count: number): readonly number[] {
    const { space } = this.#options;
    const parents = this.#parents();
    const total = parents.reduce((sum, p) => sum + p.score, 0);
    if (total <= 0) return [];
    const draw = (): readonly number[] => {
      let left = this.#rng.float() * total;
      const parent = parents.find((p) => (left -= p.score) < 0) ?? parents.at(-1);
      return space.digits(parent?.index ?? 0);
    };
    const children: number[] = [];
    for (let barren = 0; children.length < count && barren < BARREN;) {
      const child = space.indexOfDigits(this.#cross(draw(), draw()));
      if (this.#ledger.isOpen(child)) {
        this.#ledger.take(child);
        children.push(child);
        barren = 0;
      } else {
        barren++;
      }
    }
    return children;
  }

  /** The last generation that was told, and the elite of all. */
  #parents(): readonly { readonly index: number; readonly score: number }[] {
    const latest = new Set([...this.#ledger.told.keys()].slice(-this.#population));
    const elite = this.#options.elite ?? 3;
    return this.#ledger.ranked().filter((p, rank) => rank < elite || latest.has(p.index));
  }

  #cross(a: readonly number[], b: readonly number[]): readonly number[] {
    const { knobs } = this.#options.space;
    const cut = this.#rng.int(knobs.length + 1);
    return knobs.map((knob, i) => {
      const mutate = this.#rng.float() < (this.#options.mutation ?? 0.1);
      return mutate ? this.#rng.int(knob.candidates.length) : (i < cut ? a[i] : b[i]) ?? 0;
    });
  }
}
