import type { Bound, Spent } from "../runtime/backend.ts";

/** Empty samples that tell what a sample costs by itself: the latest, one more a candidate. */
const IDLE_RUNS = 3;
/** What asking for no run at all takes: a wait costs milliseconds, whatever it waits for. */
export class Idle {
  readonly #latest: Spent[] = [];

  /** Waits for nothing on the device of `bound`: often at first, once ever after. */
  async measure(bound: Bound): Promise<void> {
    do this.#latest.push(await bound.run(0)); while (this.#latest.length < IDLE_RUNS);
    this.#latest.splice(0, this.#latest.length - IDLE_RUNS);
  }

  /** The least that a wait has taken lately, milliseconds by the clock that `read` reads. */
  of(read: (s: Spent) => number): number {
    return Math.min(...this.#latest.map(read));
  }
}
