/** Checks and times candidates on a device that is open in this process. */
import type { Executable } from "../codegen/executable.ts";
import { TunebookError } from "../base/error.ts";
import { type Arrays, interpret } from "../interp/interpret.ts";
import type { PrimFunc } from "../ir/func.ts";
import type { Shapes } from "../runtime/arguments.ts";
import type { TypedArray } from "../runtime/arrays.ts";
import { type Bound, type Spent, timeOf } from "../runtime/backend.ts";
import type { Device } from "../runtime/device.ts";
import { CompileError, DeviceLostError, LaunchLimitError } from "../runtime/error.ts";
import { type Checked, checkOutput } from "./check.ts";
import { type Failed, type Measurement, msOf } from "./measurement.ts";
import { median, ratiosTo } from "../base/statistics.ts";
import type { MeasureOptions } from "./protocol.ts";
import { randomInputs } from "./random_inputs.ts";
import { isFaster, isPrecise, isSettled } from "./stopping_rule.ts";

const REPEATS = 5;
const ADAPTIVE_REPEATS = 12;
/** Turns in which a candidate that looks faster than the incumbent has to be so again; only these count. */
const AGAIN = 7;
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
/** Empty samples that tell what a sample costs by itself: the latest, one more a candidate. */
const IDLE_RUNS = 3;
/** A sample is at least so many times as long as an empty one: what varies in that is not the candidate's. */
const TIMES_IDLE = 5;
/** JavaScript is interpreted at first, up to a hundred times slower, and optimised after some runs and time. */
const WARM_UP = { cpu: { runs: 4, ms: 200 }, webgpu: { runs: 1, ms: 0 } } as const;

/** What came of a candidate, and whether it has become the incumbent. */
export interface Measured {
  readonly measurement: Measurement;
  readonly promoted: boolean;
}

/** A program to measure candidates for: its inputs and what their results must be. */
export class Bench implements Disposable {
  readonly #inputs: Record<string, TypedArray>;
  readonly #reference: Arrays;
  readonly #precision: "f32" | "f16";
  readonly #idle: Idle = new Idle();
  #incumbent: { readonly runner: Runner; readonly ms: number } | undefined;

  /** @throws {TunebookError} if no result could tell a right candidate from one that does nothing */
  constructor(readonly device: Device, func: PrimFunc, readonly shapes: Shapes, seed: number) {
    this.#inputs = randomInputs(func, seed, shapes);
    this.#reference = interpret(func, this.#inputs, { shapes, check: false });
    this.#precision = [...func.params, ...func.allocs].some((b) => b.dtype === "f16") ? "f16" : "f32";
    for (const [name, reference] of Object.entries(this.#reference)) {
      if (!reference.every((x) => Number.isNaN(x))) continue;
      throw new TunebookError(
        `cannot check candidates for ${func.name}: for inputs in [-1, 1) every element of ${name} is NaN, as it ` +
          `is where nothing was written; bring the inputs into the program's domain, as with abs`,
      );
    }
  }

  /** Compiles, checks and times one candidate. Its failures are values; only a lost device throws. */
  async measure(executable: Executable, options: MeasureOptions = {}): Promise<Measurement> {
    if (options.adaptive) return (await this.challenge(executable, options)).measurement;
    const [measurement] = await this.race([executable], options.repeats ?? REPEATS, options);
    return measurement as Measurement;
  }

  /** Measures one candidate in turn with the incumbent, which it replaces if it is faster. */
  async challenge(executable: Executable, options: MeasureOptions = {}): Promise<Measured> {
    const { clock, kind } = this.device.target;
    const read = (s: Spent) => timeOf(s, clock);
    const runner = await this.#prepare(executable);
    if (!(runner instanceof Runner)) return { measurement: runner, promoted: false };
    using stack = new DisposableStack();
    stack.use(runner);
    try {
      await runner.calibrate(read, this.#idle, WARM_UP[kind], options);
      const incumbent = runner.done ? undefined : this.#incumbent;
      const theirs: number[] = [], most = options.repeats ?? ADAPTIVE_REPEATS;
      const ratios = () => ratiosTo(theirs, runner.samples);
      const turn = async () => {
        if (incumbent) theirs.push(await incumbent.runner.once(read, this.#idle, runner));
        await runner.sample(read, this.#idle);
      };
      while (runner.samples.length < most && !runner.done) {
        await turn();
        if (incumbent ? isSettled(ratios(), most) : isPrecise(runner.samples)) break;
      }
      // Who is about to win starts anew: of many candidates some look faster by luck, and their first samples are it.
      const wins = isFaster(ratios());
      if (wins) {
        theirs.length = 0;
        runner.samples.length = 0;
        for (let k = 0; k < AGAIN; k++) await turn();
      }
      const against = incumbent && { ms: incumbent.ms, samples: theirs };
      const measurement = runner.result(clock, await this.#check(runner.bound), against);
      const promoted = measurement.status === "ok" &&
        (this.#incumbent ? wins && isFaster(ratios()) : !runner.dropped);
      if (promoted) this.#promote(runner, msOf(measurement));
      if (promoted) stack.move();
      return { measurement, promoted };
    } catch (e) {
      return { measurement: failed(e, runner.compileMs), promoted: false };
    }
  }

  /** Makes a candidate the incumbent that was known to take `ms`; one that does not work any more is none. */
  async adopt(executable: Executable, ms: number): Promise<void> {
    const { clock, kind } = this.device.target;
    const runner = await this.#prepare(executable);
    if (!(runner instanceof Runner)) return;
    await runner.calibrate((s) => timeOf(s, clock), this.#idle, WARM_UP[kind], {});
    this.#promote(runner, ms);
  }

  #promote(runner: Runner, ms: number): void {
    this.#incumbent?.runner[Symbol.dispose]();
    this.#incumbent = { runner, ms };
  }

  [Symbol.dispose](): void {
    this.#incumbent?.runner[Symbol.dispose]();
    this.#incumbent = undefined;
  }

  /**
   * Compiles and checks all candidates, then times them in turn, `rounds` times, and checks what the last of
   * the timed runs left.
   */
  async race(
    executables: readonly Executable[],
    rounds: number,
    options: MeasureOptions,
  ): Promise<readonly Measurement[]> {
    const { clock, kind } = this.device.target;
    using stack = new DisposableStack();
    const runners: (Runner | Measurement)[] = [];
    for (const e of executables) {
      const runner = await this.#prepare(e);
      runners.push(runner);
      if (runner instanceof Runner) stack.use(runner);
    }
    const each = async (step: (r: Runner) => Promise<Measurement | void>) => {
      for (const [k, r] of runners.entries()) {
        if (!(r instanceof Runner)) continue;
        try {
          runners[k] = await step(r) ?? r;
        } catch (e) {
          runners[k] = failed(e, r.compileMs);
        }
      }
    };
    const read = (s: Spent) => timeOf(s, clock);
    await each((r) => r.calibrate(read, this.#idle, WARM_UP[kind], options));
    for (let round = 0; round < rounds; round++) await each((r) => r.sample(read, this.#idle));
    await each(async (r) => r.result(clock, await this.#check(r.bound)));
    return runners as Measurement[];
  }

  async #prepare(executable: Executable): Promise<Runner | Measurement> {
    const begin = performance.now();
    using stack = new DisposableStack();
    try {
      const program = stack.use(await this.device.load(executable));
      const shapes = executable.shapeVars.length > 0 ? this.shapes : {};
      const bound = stack.use(await program.bind(this.#inputs, shapes));
      bound.poison();
      const first = await bound.run(1);
      const compileMs = performance.now() - begin;
      const { wrong, maxError } = await this.#check(bound);
      if (wrong !== undefined) return { status: "wrongAnswer", message: wrong, compileMs };
      return new Runner(stack.move(), bound, first, compileMs, maxError);
    } catch (e) {
      return failed(e, performance.now() - begin);
    }
  }

  /** Holds what is on the device against the reference. */
  async #check(bound: Bound): Promise<Checked> {
    const results = await bound.read();
    let maxError = 0;
    for (const [name, reference] of Object.entries(this.#reference)) {
      const result = results[name];
      if (!result) return { maxError: Infinity, wrong: `the program has no output ${name}` };
      const checked = checkOutput(name, result, reference, this.#precision);
      if (checked.wrong !== undefined) return checked;
      maxError = Math.max(maxError, checked.maxError);
    }
    return { maxError };
  }
}

/** A failure of the candidate itself; a lost device is thrown on, as it measures nothing any more. */
function failed(e: unknown, compileMs: number): Failed {
  if (e instanceof DeviceLostError) throw e;
  const status = e instanceof CompileError ? "compile" : e instanceof LaunchLimitError ? "verify" : "run";
  return { status, message: e instanceof Error ? e.message : `${e}`, compileMs };
}

/** What asking for no run at all takes: a wait costs milliseconds, whatever it waits for. */
class Idle {
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

/** A checked candidate, and its samples so far. */
class Runner implements Disposable {
  readonly samples: number[] = [];
  #batch = 1;
  #spentMs = 0;
  /** Whether its first sample was enough to see that it is hopeless. */
  dropped = false;

  constructor(
    readonly resources: Disposable,
    readonly bound: Bound,
    readonly first: Spent,
    readonly compileMs: number,
    readonly maxError: number,
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
    forWhom.#spentMs += spent.wall;
    return this.#perRun(spent, read, idle);
  }

  async sample(read: (s: Spent) => number, idle: Idle): Promise<void> {
    if (this.done) return;
    const spent = await this.bound.run(this.#batch);
    this.#spentMs += spent.wall;
    this.samples.push(this.#perRun(spent, read, idle));
  }

  /** What to say of it, given how its last run was checked. */
  result(
    clock: "timestamp" | "wall" | "cpu",
    last: Checked,
    against?: { readonly ms: number; readonly samples: readonly number[] },
  ): Measurement {
    const { compileMs, samples } = this;
    if (last.wrong !== undefined) {
      const message = `its first run was right and a later one was not: ${last.wrong}`;
      return { status: "wrongAnswer", message, compileMs };
    }
    const ms = median(samples);
    if (!(ms > 0 && ms < Infinity)) {
      const message = `the ${clock} clock told no time: ${ms} ms over ${samples.length} samples`;
      return { status: "run", message, compileMs };
    }
    const maxError = Math.max(this.maxError, last.maxError);
    return {
      status: "ok",
      samples: [...samples],
      clock,
      compileMs,
      maxError,
      ...(against ? { against } : {}),
    };
  }

  [Symbol.dispose](): void {
    this.resources[Symbol.dispose]();
  }
}
