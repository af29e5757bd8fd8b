import type { Bound, Spent } from "../runtime/backend.ts";

/** Empty samples, which show the overhead of a sample: the latest ones, one more per candidate. */
const IDLE_RUNS = 3;
/** The time of a sample without runs: every wait costs milliseconds. */
export class Idle {
  readonly #latest: Spent[] = [];

  /** Takes empty samples on the device of `bound`: several the first time, later one per call. */
  async measure(bound: Bound): Promise<void> {
    do this.#latest.push(await bound.run(0)); while (this.#latest.length < IDLE_RUNS);
    this.#latest.splice(0, this.#latest.length - IDLE_RUNS);
  }

  /** Gives the shortest recent wait, milliseconds by the clock that `read` reads. */
  of(read: (s: Spent) => number): number {
    return Math.min(...this.#latest.map(read));
  }
}
