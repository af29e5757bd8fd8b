/** Checks and times candidates on a device that is open in this process. */
import type { Executable } from "../codegen/executable.ts";
import { TunebookError } from "../base/error.ts";
import { type Arrays, interpret } from "../interp/interpret.ts";
import type { PrimFunc } from "../ir/func.ts";
import type { Shapes } from "../runtime/arguments.ts";
import type { TypedArray } from "../runtime/arrays.ts";
import { type Bound, type Spent, timeOf } from "../runtime/backend.ts";
import type { Device } from "../runtime/device.ts";
import { type Checked, checkOutput } from "./check.ts";
import { type Measurement, msOf } from "./measurement.ts";
import { ratiosTo } from "../base/statistics.ts";
import type { Measured } from "./measuring.ts";
import type { MeasureOptions } from "./protocol.ts";
import { randomInputs } from "./random_inputs.ts";
import { isFaster, isPrecise, isSettled } from "./stopping_rule.ts";
import { Idle } from "./idle.ts";
import { Runner } from "./runner.ts";
import { failed } from "./failed.ts";

const REPEATS = 5;
const ADAPTIVE_REPEATS = 12;
/** Fresh samples of a candidate that seems faster than the incumbent; only these count. */
const AGAIN = 7;
/** JavaScript is interpreted at first, up to a hundred times slower, and optimised after some runs and time. */
const WARM_UP = { cpu: { runs: 4, ms: 200 }, webgpu: { runs: 1, ms: 0 } } as const;

/** A program to measure candidates for: its inputs and their expected results. */
export class Bench implements Disposable {
  readonly #inputs: Record<string, TypedArray>;
  readonly #reference: Arrays;
  readonly #precision: "f32" | "f16";
  readonly #idle: Idle = new Idle();
  #incumbent: { readonly runner: Runner; readonly ms: number } | undefined;

  /** @throws {TunebookError} if a candidate that does nothing would seem right */
  constructor(
    readonly device: Device,
    func: PrimFunc,
    readonly shapes: Shapes,
    seed: number,
    inputs: Readonly<Record<string, TypedArray>> = {},
  ) {
    this.#inputs = { ...randomInputs(func, seed, shapes), ...inputs };
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

  /**
   * Measures one candidate, interleaved with the incumbent, which it replaces if it is faster; alone if not `interleave`.
   */
  async challenge(
    executable: Executable,
    options: MeasureOptions = {},
    interleave = true,
  ): Promise<Measured> {
    const held = interleave ? this.#incumbent : undefined;
    const { clock, kind } = this.device.target;
    const read = (s: Spent) => timeOf(s, clock);
    const runner = await this.#prepare(executable);
    if (!(runner instanceof Runner)) return { measurement: runner, promoted: false };
    using stack = new DisposableStack();
    stack.use(runner);
    try {
      await runner.calibrate(read, this.#idle, WARM_UP[kind], options);
      const incumbent = runner.done ? undefined : held;
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
      // A candidate that looks faster is measured again with fresh samples: the first ones may be luck.
      const wins = isFaster(ratios());
      if (wins) {
        theirs.length = 0;
        runner.samples.length = 0;
        for (let k = 0; k < AGAIN; k++) await turn();
      }
      const against = incumbent && { ms: incumbent.ms, samples: theirs };
      const measurement = runner.result(clock, await this.#check(runner.bound), against);
      const promoted = measurement.status === "ok" &&
        (held ? wins && isFaster(ratios()) : !runner.dropped);
      if (promoted) this.#promote(runner, msOf(measurement));
      if (promoted) stack.move();
      return { measurement, promoted };
    } catch (e) {
      return { measurement: failed(e, runner.compileMs), promoted: false };
    }
  }

  /**
   * Makes a candidate with the known time `ms` the incumbent. If it no longer compiles or runs, there is no incumbent.
   */
  async adopt(executable: Executable | undefined, ms: number): Promise<void> {
    this[Symbol.dispose]();
    const { clock, kind } = this.device.target;
    const runner = executable && await this.#prepare(executable);
    if (!(runner instanceof Runner)) return;
    using stack = new DisposableStack();
    stack.use(runner);
    try {
      await runner.calibrate((s) => timeOf(s, clock), this.#idle, WARM_UP[kind], {});
    } catch (e) {
      failed(e, runner.compileMs);
      return;
    }
    stack.move();
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
   * Compiles and checks all candidates, then times them interleaved in `rounds` rounds, and checks the results of the last
   * timed run.
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

  /** Compares the results on the device with the reference. */
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
