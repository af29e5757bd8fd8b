import type { TypedArray } from "../runtime/arrays.ts";
import type { Bound, Spent } from "../runtime/backend.ts";
import type { CheckedRuns } from "./checked_runs.ts";
import type { Measurement } from "./measurement.ts";
import { median } from "../base/statistics.ts";
import type { MeasureOptions } from "./protocol.ts";
import type { Idle } from "./idle.ts";
import type { InputSet } from "./input_sets.ts";

/** Runs in one sample, at most: the queues of drivers are limited. */
const MAX_BATCH = 1000;
/** Growth of the number of runs from one sample to the next, at most: a short sample is inaccurate. */
const GROWTH = 8;
/** Multiple of a sample's own time that it may take on the wall clock. */
const MOST_WALL = 5;
/** Time after which sampling of one candidate ends, if it has the least number of samples, milliseconds. */
const SAMPLING_MS = 2500;
const LEAST_SAMPLES = 2;
/** Least ratio of a sample to an empty sample, whose variation is not the candidate's. */
const TIMES_IDLE = 5;

/** What comes before the first sample: least runs and milliseconds. And the least milliseconds of a sample. */
export interface WarmUp {
  readonly runs: number;
  readonly ms: number;
  readonly sampleMs: number;
}

/** A checked candidate, and its samples so far. */
export class Runner implements Disposable {
  readonly samples: number[] = [];
  #batch = 1;
  #spentMs = 0;
  /** Whether it ran since the last check of its results. */
  #ran = false;
  /** Whether it was dropped after its first sample. */
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

  /** True if another sample is not worth its time. */
  get done(): boolean {
    return this.dropped || (this.#spentMs > SAMPLING_MS && this.samples.length >= LEAST_SAMPLES);
  }

  /**
   * Warms up, and finds the number of runs that makes a sample long enough. Only such a sample can drop a candidate: a
   * single or a cold run may take a hundred times as long.
   */
  async calibrate(
    read: (s: Spent) => number,
    idle: Idle,
    warmUp: WarmUp,
    options: MeasureOptions,
  ): Promise<void> {
    const { minSampleMs = warmUp.sampleMs, dropAboveMs = Infinity } = options;
    await idle.measure(this.bound);
    const least = Math.max(minSampleMs, TIMES_IDLE * idle.of(read));
    let runs = 1, total = this.first.wall;
    while (true) {
      const spent = await this.bound.run(this.#batch);
      runs += this.#batch;
      total += spent.wall;
      // On a busy machine wall time passes while the process waits.
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

  /** Takes a sample that is not kept. Returns milliseconds per run. Its time counts for the candidate that needs it. */
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

  /** Checks the results of its timed runs, if there are new ones. False if something is wrong. */
  async check(set: InputSet): Promise<boolean> {
    if (!this.#ran) return this.checks.wrong === undefined;
    this.#ran = false;
    // What a run updates in place is what the first run makes of it only after that one.
    if (Object.keys(set.outputs).some((name) => Object.hasOwn(set.inputs, name))) {
      this.bound.poison();
      await this.bound.run(1);
    }
    return await this.checks.check(this.bound, set);
  }

  /** Makes the measurement, given the checks of its runs. */
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
