/** What is left of a gain after each later result: about thirty results count. */
const MEMORY = 0.97;

/** What each of several tuners has improved the best score by, lately. */
export class Credit<M extends string> {
  readonly #gains = new Map<M, { gain: number; trials: number }>();
  #best: number | undefined;

  /** Notes a result, and the tuner that asked for it; undefined where none did. */
  give(to: M | undefined, score: number | undefined): void {
    for (const own of this.#gains.values()) {
      own.gain *= MEMORY;
      own.trials *= MEMORY;
    }
    const gain = score && this.#best ? Math.max(0, Math.log(score) - Math.log(this.#best)) : 0;
    if (score) this.#best = Math.max(score, this.#best ?? 0);
    if (to === undefined) return;
    const own = this.#gains.get(to) ?? { gain: 0, trials: 0 };
    this.#gains.set(to, { gain: own.gain + gain, trials: own.trials + 1 });
  }

  /**
   * Gives the share of each tuner; they add up to 1. Without a gain they are as `begin` says. A tuner's share grows with
   * its gain per trial, but the mean of all is added to each, so that none is given up.
   */
  shares(begin: Readonly<Partial<Record<M, number>>>): ReadonlyMap<M, number> {
    const tuners = Object.entries(begin) as [M, number][];
    const rates = tuners.map(([tuner]) => {
      const { gain, trials } = this.#gains.get(tuner) ?? { gain: 0, trials: 0 };
      return gain / (trials + 1);
    });
    const mean = rates.reduce((a, b) => a + b, 0) / rates.length || 1;
    const weights = tuners.map(([, share], i) => share * (mean + (rates[i] ?? 0)));
    const all = weights.reduce((a, b) => a + b, 0);
    return new Map(tuners.map(([tuner], i) => [tuner, (weights[i] ?? 0) / all]));
  }
}
