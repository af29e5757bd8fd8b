/** Checks and times candidates on a device that is open in this process. */
import type { Executable } from "../codegen/executable.ts";
import { TunebookError } from "../ir/error.ts";
import type { Arrays } from "../ir/interpret.ts";
import { interpret } from "../ir/interpret.ts";
import type { PrimFunc } from "../ir/func.ts";
import type { Shapes } from "../runtime/arguments.ts";
import type { TypedArray } from "../runtime/arrays.ts";
import { type Bound, type Spent, timeOf } from "../runtime/backend.ts";
import type { Device } from "../runtime/device.ts";
import { CompileError, DeviceLostError, LaunchLimitError } from "../runtime/error.ts";
import { type Checked, checkOutput } from "./check.ts";
import { type Failed, type Measurement, median } from "./measurement.ts";
import type { MeasureOptions } from "./protocol.ts";
import { randomInputs } from "./random_inputs.ts";

const REPEATS = 5;
const MIN_SAMPLE_MS = 20;
/** Runs in one sample, at most: drivers queue only so much. */
const MAX_BATCH = 1000;
/** How many times longer on the wall than on its own clock a sample is waited for. */
const MOST_WALL = 5;
/** Sampling of one candidate ends after so long, if it has the least number of samples. */
const SAMPLING_MS = 2500;
const LEAST_SAMPLES = 2;
/** Empty samples that tell what a sample costs by itself. */
const IDLE_RUNS = 3;
/** A sample is at least so many times as long as an empty one: what varies in that is not the candidate's. */
const TIMES_IDLE = 5;
/** JavaScript is interpreted at first, up to a hundred times slower, and optimised after some runs and time. */
const WARM_UP = { cpu: { runs: 4, ms: 200 }, webgpu: { runs: 1, ms: 0 } } as const;

/** A program to measure candidates for: its inputs and what their results must be. */
export class Bench {
  readonly #inputs: Record<string, TypedArray>;
  readonly #reference: Arrays;
  readonly #precision: "f32" | "f16";

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
  async measure(executable: Executable, options: MeasureOptions): Promise<Measurement> {
    const [measurement] = await this.race([executable], options.repeats ?? REPEATS, options);
    return measurement as Measurement;
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
    await each((r) => r.calibrate(read, WARM_UP[kind], options));
    for (let round = 0; round < rounds; round++) await each((r) => r.sample(read));
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

/** A checked candidate, and its samples so far. */
class Runner implements Disposable {
  readonly #samples: number[] = [];
  #batch = 1;
  #spentMs = 0;
  #dropped = false;
  /** What asking for no run at all takes: a wait costs milliseconds, whatever it waits for. */
  #idle = { wall: 0, read: 0 };

  constructor(
    readonly resources: Disposable,
    readonly bound: Bound,
    readonly first: Spent,
    readonly compileMs: number,
    readonly maxError: number,
  ) {}

  /** True if another sample would tell less than it costs. */
  get #done(): boolean {
    return this.#dropped || (this.#spentMs > SAMPLING_MS && this.#samples.length >= LEAST_SAMPLES);
  }

  /**
   * Warms up, and finds how many runs make a sample long enough. A candidate is dropped only on a sample of
   * that kind: a single or a cold run may take a hundred times as long.
   */
  async calibrate(
    read: (s: Spent) => number,
    warmUp: { readonly runs: number; readonly ms: number },
    options: MeasureOptions,
  ): Promise<void> {
    const { minSampleMs = MIN_SAMPLE_MS, dropAboveMs = Infinity } = options;
    const idle: Spent[] = [];
    for (let k = 0; k < IDLE_RUNS; k++) idle.push(await this.bound.run(0));
    this.#idle = { wall: Math.min(...idle.map((s) => s.wall)), read: Math.min(...idle.map(read)) };
    const least = Math.max(minSampleMs, TIMES_IDLE * this.#idle.read);
    let runs = 1, total = this.first.wall;
    while (true) {
      const spent = await this.bound.run(this.#batch);
      runs += this.#batch;
      total += spent.wall;
      // On a busy machine the wall's clock goes on where the process does not.
      const wall = spent.wall - this.#idle.wall;
      const own = Math.max(Math.min(wall, read(spent) - this.#idle.read), wall / MOST_WALL);
      if (own < least && this.#batch < MAX_BATCH) {
        const wanted = Math.ceil(this.#batch * least * 1.2 / Math.max(own, 0.05));
        this.#batch = Math.min(MAX_BATCH, Math.max(this.#batch + 1, wanted));
      } else if (runs > warmUp.runs && total > warmUp.ms) {
        const ms = this.#perRun(spent, read);
        this.#dropped = ms > dropAboveMs;
        if (this.#dropped) this.#samples.push(ms);
        return;
      }
    }
  }

  #perRun(spent: Spent, read: (s: Spent) => number): number {
    return Math.max(0, read(spent) - this.#idle.read) / this.#batch;
  }

  async sample(read: (s: Spent) => number): Promise<void> {
    if (this.#done) return;
    const spent = await this.bound.run(this.#batch);
    this.#spentMs += spent.wall;
    this.#samples.push(this.#perRun(spent, read));
  }

  /** What to say of it, given how its last run was checked. */
  result(clock: "timestamp" | "wall" | "cpu", last: Checked): Measurement {
    const { compileMs } = this;
    if (last.wrong !== undefined) {
      const message = `its first run was right and a later one was not: ${last.wrong}`;
      return { status: "wrongAnswer", message, compileMs };
    }
    const ms = median(this.#samples);
    if (!(ms > 0 && ms < Infinity)) {
      const message = `the ${clock} clock told no time: ${ms} ms over ${this.#samples.length} samples`;
      return { status: "run", message, compileMs };
    }
    const maxError = Math.max(this.maxError, last.maxError);
    return { status: "ok", samples: this.#samples, clock, compileMs, maxError };
  }

  [Symbol.dispose](): void {
    this.resources[Symbol.dispose]();
  }
}
