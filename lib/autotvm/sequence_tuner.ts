import { checkAsked, Ledger } from "./observations.ts";
import type { Told, Tuner, TunerOptions } from "./tuner.ts";

/** A tuner that walks a fixed sequence. Results only tell it which points are done. */
export class SequenceTuner implements Tuner {
  readonly #ledger: Ledger;

  constructor(readonly name: string, options: TunerOptions, readonly sequence: Iterator<number>) {
    this.#ledger = new Ledger(options);
  }

  ask(n: number): readonly number[] {
    checkAsked(n);
    return this.#ledger.takeFrom(this.sequence, n);
  }

  tell(results: readonly Told[]): void {
    this.#ledger.tell(results);
  }
}
