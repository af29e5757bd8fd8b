/** Seconds of each stage of building. */
export interface StageSeconds {
  /** Searching, at level 3. */
  readonly search: number;
  /** Choosing a rule or a record, and scheduling. */
  readonly schedule: number;
  /** Lowering and printing. */
  readonly compile: number;
  /** Handing the source to the driver. */
  readonly load: number;
}

/** Adds up what each stage takes. A stage inside of another counts for itself only. */
export class StageClock {
  readonly #ms = { search: 0, schedule: 0, compile: 0, load: 0 };
  /** Milliseconds of the stages inside of the current one. */
  #inside = 0;

  get seconds(): StageSeconds {
    const { search, schedule, compile, load } = this.#ms;
    return { search: search / 1000, schedule: schedule / 1000, compile: compile / 1000, load: load / 1000 };
  }

  time<T>(stage: keyof StageSeconds, run: () => T): T {
    const begin = performance.now(), before = this.#inside;
    this.#inside = 0;
    try {
      return run();
    } finally {
      const took = performance.now() - begin;
      this.#ms[stage] += took - this.#inside;
      this.#inside = before + took;
    }
  }

  async wait<T>(stage: keyof StageSeconds, run: () => Promise<T>): Promise<T> {
    const begin = performance.now();
    try {
      return await run();
    } finally {
      this.#ms[stage] += performance.now() - begin;
    }
  }
}
