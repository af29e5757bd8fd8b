import type { TypedArray } from "../runtime/arrays.ts";
import type { Bound, Spent } from "../runtime/backend.ts";
import type { CheckedRuns } from "./checked_runs.ts";
import type { Measurement } from "./measurement.ts";
import { median } from "../base/statistics.ts";
import type { MeasureOptions } from "./protocol.ts";
import type { Idle } from "./idle.ts";
import type { InputSet } from "./input_sets.ts";

const MIN_SAMPLE_MS = 20;
/** Runs in one sample, at most: drivers queue only so much. */
const MAX_BATCH = 1000;
/** How many times as many runs a longer sample may have: a short one says little, as a wait comes in steps. */
const GROWTH = 8;
/** How many times longer on the wall than on its own clock a sample is waited for. */
const MOST_WALL = 5;
/** Sampling of one candidate ends after so long, if it has the least number of samples. */
const SAMPLING_MS = 2500;
const LEAST_SAMPLES = 2;
/** A sample is at least so many times as long as an empty one: what varies in that is not the candidate's. */
const TIMES_IDLE = 5;
/** A checked candidate, and its samples so far. */
export class Runner implements Disposable {
  readonly samples: number[] = [];
  #batch = 1;
  #spentMs = 0;
  /** Whether it ran since its results were checked. */
  #ran = false;
  /** Whether its first sample was enough to see that it is hopeless. */
  dropped = false;

  constructor(
    readonly resources: Disposable,
    readonly bound: Bound,
    readonly first: Spent,
    readonly compileMs: number,
    readonly checks: CheckedRuns,
    /** Puts other inputs beside those of `bound`. */
    readonly bindOther: (inputs: Readonly<Record<string, TypedArray>>) => Promise<Bound>,
  ) {}

  /** True if another sample would tell less than it costs. */
  get done(): boolean {
    return this.dropped || (this.#spentMs > SAMPLING_MS && this.samples.length >= LEAST_SAMPLES);
  }

  /**
   * Warms up, and finds how many runs make a sample long enough. A candidate is dropped only on a sample of
   * that kind: a single or a cold run may take a hundred times as long.
   */
  async calibrate(
    read: (s: Spent) => number,
    idle: Idle,
    warmUp: { readonly runs: number; readonly ms: number },
    options: MeasureOptions,
  ): Promise<void> {
    const { minSampleMs = MIN_SAMPLE_MS, dropAboveMs = Infinity } = options;
    await idle.measure(this.bound);
    const least = Math.max(minSampleMs, TIMES_IDLE * idle.of(read));
    let runs = 1, total = this.first.wall;
    while (true) {
      const spent = await this.bound.run(this.#batch);
      runs += this.#batch;
      total += spent.wall;
      // On a busy machine the wall's clock goes on where the process does not.
      const wall = spent.wall - idle.of((s) => s.wall);
      const own = Math.max(Math.min(wall, read(spent) - idle.of(read)), wall / MOST_WALL);
      if (own < least && this.#batch < MAX_BATCH) {
        const wanted = Math.ceil(this.#batch * least * 1.2 / Math.max(own, 0.05));
        const most = Math.min(MAX_BATCH, this.#batch * GROWTH);
        this.#batch = Math.min(most, Math.max(this.#batch + 1, wanted));
      } else if (runs > warmUp.runs && total > warmUp.ms) {
        const ms = this.#perRun(spent, read, idle);
        this.dropped = ms > dropAboveMs;
        if (this.dropped) this.samples.push(ms);
        return;
      }
    }
  }

  #perRun(spent: Spent, read: (s: Spent) => number, idle: Idle): number {
    return Math.max(0, read(spent) - idle.of(read)) / this.#batch;
  }

  /** Milliseconds of a run now, which are not kept; the time goes to whom it is for. */
  async once(read: (s: Spent) => number, idle: Idle, forWhom: Runner): Promise<number> {
    const spent = await this.bound.run(this.#batch);
    this.#ran = true;
    forWhom.#spentMs += spent.wall;
    return this.#perRun(spent, read, idle);
  }

  async sample(read: (s: Spent) => number, idle: Idle): Promise<void> {
    if (this.done) return;
    const spent = await this.bound.run(this.#batch);
    this.#ran = true;
    this.#spentMs += spent.wall;
    this.samples.push(this.#perRun(spent, read, idle));
  }

  /** Checks what its timed runs left, where there were any. False if something is wrong. */
  async check(set: InputSet): Promise<boolean> {
    if (!this.#ran) return this.checks.wrong === undefined;
    this.#ran = false;
    return await this.checks.check(this.bound, set);
  }

  /** What to say of it, given how its runs were checked. */
  result(
    clock: "timestamp" | "wall" | "cpu",
    against?: { readonly ms: number; readonly samples: readonly number[] },
  ): Measurement {
    const { compileMs, samples, checks } = this;
    if (checks.wrong !== undefined) {
      const message = `its first run was right and a later one was not: ${checks.wrong}`;
      return { status: "wrongAnswer", message, compileMs };
    }
    const ms = median(samples);
    if (!(ms > 0 && ms < Infinity)) {
      const message = `the ${clock} clock told no time: ${ms} ms over ${samples.length} samples`;
      return { status: "run", message, compileMs };
    }
    return {
      status: "ok",
      samples: [...samples],
      clock,
      compileMs,
      maxError: checks.maxError,
      checkedRuns: checks.count,
      ...(against ? { against } : {}),
    };
  }

  [Symbol.dispose](): void {
    this.resources[Symbol.dispose]();
  }
}
