/** Checks and times candidates on a device that is open in this process. */
import type { Executable } from "../codegen/executable.ts";
import type { Arrays } from "../ir/interpret.ts";
import { interpret } from "../ir/interpret.ts";
import type { PrimFunc } from "../ir/func.ts";
import type { Shapes } from "../runtime/arguments.ts";
import type { TypedArray } from "../runtime/arrays.ts";
import type { Bound, Spent } from "../runtime/backend.ts";
import type { Device } from "../runtime/device.ts";
import { CompileError, DeviceLostError, LaunchLimitError } from "../runtime/error.ts";
import type { Program } from "../runtime/program.ts";
import { checkOutput } from "./check.ts";
import type { Failure, Measurement } from "./measurement.ts";
import type { MeasureOptions } from "./protocol.ts";
import { randomInputs } from "./random_inputs.ts";

const REPEATS = 5;
const MIN_SAMPLE_MS = 20;
/** Runs in one sample, at most: drivers queue only so much. */
const MAX_BATCH = 1000;
/** Sampling of one candidate ends after so long, if it has the least number of samples. */
const SAMPLING_MS = 2500;
const LEAST_SAMPLES = 2;

/** A program to measure candidates for: its inputs and what their results must be. */
export class Bench {
  readonly #inputs: Record<string, TypedArray>;
  readonly #reference: Arrays;
  readonly #precision: "f32" | "f16";

  constructor(readonly device: Device, func: PrimFunc, readonly shapes: Shapes, seed: number) {
    this.#inputs = randomInputs(func, seed, shapes);
    this.#reference = interpret(func, this.#inputs, { shapes, check: false });
    this.#precision = [...func.params, ...func.allocs].some((b) => b.dtype === "f16") ? "f16" : "f32";
  }

  /** Compiles, checks and times one candidate. Its failures are values; only a lost device throws. */
  async measure(executable: Executable, options: MeasureOptions): Promise<Measurement> {
    const [measurement] = await this.race([executable], options.repeats ?? REPEATS, options);
    return measurement as Measurement;
  }

  /** Compiles and checks all candidates, then times them in turn, `rounds` times. */
  async race(
    executables: readonly Executable[],
    rounds: number,
    options: MeasureOptions,
  ): Promise<readonly Measurement[]> {
    const { clock } = this.device.target;
    using stack = new DisposableStack();
    const runners: (Runner | Measurement)[] = [];
    for (const e of executables) {
      const runner = await this.#prepare(e);
      runners.push(runner);
      if (runner instanceof Runner) stack.use(runner);
    }
    const read = (s: Spent) =>
      clock === "timestamp" ? s.timestamp ?? s.wall : clock === "cpu" ? s.cpu : s.wall;
    for (const r of runners) if (r instanceof Runner) await r.calibrate(read, options);
    for (let round = 0; round < rounds; round++) {
      for (const r of runners) {
        if (r instanceof Runner && !r.done) await r.sample(read);
      }
    }
    return runners.map((r) => r instanceof Runner ? r.success(clock) : r);
  }

  async #prepare(executable: Executable): Promise<Runner | Measurement> {
    const begin = performance.now();
    const failed = (status: Failure, e: unknown): Measurement => ({
      status,
      message: e instanceof Error ? e.message : `${e}`,
      compileMs: performance.now() - begin,
    });
    let program: Program | undefined;
    try {
      program = await this.device.load(executable);
      const bound = await program.bind(this.#inputs, executable.shapeVars.length ? this.shapes : {});
      bound.poison();
      const first = await bound.run(1);
      const compileMs = performance.now() - begin;
      const results = await bound.read();
      let maxError = 0;
      for (const [name, reference] of Object.entries(this.#reference)) {
        const result = results[name];
        if (!result) return failed("wrongAnswer", `the program has no output ${name}`);
        const checked = checkOutput(name, result, reference, this.#precision);
        maxError = Math.max(maxError, checked.maxError);
        if (checked.wrong !== undefined) {
          bound[Symbol.dispose]();
          return { ...failed("wrongAnswer", checked.wrong), compileMs };
        }
      }
      return new Runner(program, bound, first, compileMs, maxError);
    } catch (e) {
      if (e instanceof DeviceLostError) throw e;
      if (e instanceof CompileError) return failed("compile", e);
      return failed(e instanceof LaunchLimitError ? "verify" : "run", e);
    }
  }
}

/** A checked candidate, and its samples so far. */
class Runner implements Disposable {
  readonly #samples: number[] = [];
  #batch = 1;
  #spentMs = 0;
  #dropped = false;

  constructor(
    readonly program: Program,
    readonly bound: Bound,
    readonly first: Spent,
    readonly compileMs: number,
    readonly maxError: number,
  ) {}

  /** True if another sample would tell less than it costs. */
  get done(): boolean {
    return this.#dropped || (this.#spentMs > SAMPLING_MS && this.#samples.length >= LEAST_SAMPLES);
  }

  /** Finds how many runs make a sample long enough, which warms up too. */
  async calibrate(read: (s: Spent) => number, options: MeasureOptions): Promise<void> {
    const least = options.minSampleMs ?? MIN_SAMPLE_MS;
    let spent = await this.bound.run(1);
    if (options.dropAboveMs !== undefined && read(spent) > options.dropAboveMs) {
      this.#samples.push(read(spent));
      this.#dropped = true;
      return;
    }
    while (spent.wall < least && this.#batch < MAX_BATCH) {
      const wanted = Math.ceil(this.#batch * least * 1.2 / Math.max(spent.wall, 0.05));
      this.#batch = Math.min(MAX_BATCH, Math.max(this.#batch + 1, wanted));
      spent = await this.bound.run(this.#batch);
    }
  }

  async sample(read: (s: Spent) => number): Promise<void> {
    const spent = await this.bound.run(this.#batch);
    this.#spentMs += spent.wall;
    this.#samples.push(read(spent) / this.#batch);
  }

  success(clock: "timestamp" | "wall" | "cpu"): Measurement {
    return {
      status: "ok",
      samples: this.#samples,
      clock,
      compileMs: this.compileMs,
      maxError: this.maxError,
    };
  }

  [Symbol.dispose](): void {
    this.bound[Symbol.dispose]();
    this.program[Symbol.dispose]();
  }
}
