import { Rng } from "../base/random.ts";
import { checkAsked, Ledger } from "./observations.ts";
import { shuffled } from "./sequences.ts";
import type { Told, Tuner, TunerOptions } from "./tuner.ts";

/** The tools of a planner: the state of each point, and random numbers. */
export class Desk<O extends TunerOptions = TunerOptions> {
  readonly ledger: Ledger;
  readonly rng: Rng;
  readonly #anywhere: Iterator<number>;

  constructor(readonly options: O) {
    this.ledger = new Ledger(options);
    this.rng = Rng.of(options.seed);
    this.#anywhere = shuffled(options.space.size, this.rng);
  }

  /** Takes the first `n` open points of a list. */
  take(points: Iterable<number>, n: number): readonly number[] {
    return this.ledger.takeFrom(points[Symbol.iterator](), n);
  }

  /** Takes `n` open points drawn evenly. */
  takeRandom(n: number): readonly number[] {
    return this.ledger.takeFrom(this.#anywhere, n);
  }

  /** Takes the first `n` points of a search: random points or, with a preset, up to `near` points around it as well. */
  takeFirst(n: number, near: number): readonly number[] {
    const { space, start } = this.options;
    const first = start === "scratch"
      ? []
      : this.take([space.preset, ...this.rng.shuffle(space.neighbours(space.preset, 1))], near);
    return [...first, ...this.takeRandom(n - first.length)];
  }
}

/**
 * A tuner that works by plans: lists of points, asked for in order. It makes the next plan when the last one is used up.
 * A random point replaces an empty plan, so that the search ends only with the space.
 */
export class PlannedTuner<O extends TunerOptions> implements Tuner {
  readonly #desk: Desk<O>;
  readonly #plans: Iterator<readonly number[], void>;
  #queue: number[] = [];

  constructor(
    readonly name: string,
    options: O,
    plans: (desk: Desk<O>) => Iterator<readonly number[], void>,
  ) {
    this.#desk = new Desk(options);
    this.#plans = plans(this.#desk);
  }

  ask(n: number): readonly number[] {
    checkAsked(n);
    const out: number[] = [];
    while (out.length < n) {
      if (this.#queue.length === 0) this.#queue = [...this.#plans.next().value ?? []];
      const next = this.#queue.shift() ?? this.#desk.takeRandom(1)[0];
      if (next === undefined) break;
      // Its result may have come in the meantime.
      if (!this.#desk.ledger.told.has(next)) out.push(next);
    }
    return out;
  }

  tell(results: readonly Told[]): void {
    this.#desk.ledger.tell(results);
  }
}
