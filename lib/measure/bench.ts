/** Checks and times candidates on a device that is open in this process. */
import type { Executable } from "../codegen/executable.ts";
import type { Shapes } from "../runtime/arguments.ts";
import { type Spent, timeOf } from "../runtime/backend.ts";
import type { Device } from "../runtime/device.ts";
import type { KernelLanguage } from "../target/capabilities.ts";
import { CHECKED_ON_PROMOTION, CHECKED_RUNS, CheckedRuns } from "./checked_runs.ts";
import type { InputSet } from "./input_sets.ts";
import { type Measurement, msOf } from "./measurement.ts";
import { ratiosTo } from "../base/statistics.ts";
import type { Measured } from "./measuring.ts";
import type { MeasureOptions } from "./protocol.ts";
import { isFaster, isPrecise, isSettled } from "./stopping_rule.ts";
import { Idle } from "./idle.ts";
import { Runner, type WarmUp } from "./runner.ts";
import { failed } from "./failed.ts";

/** Samples between two checks of a candidate's results. */
const CHECK_EVERY = 4;
const REPEATS = 5;
const ADAPTIVE_REPEATS = 12;
/** Fresh samples of a candidate that seems faster than the incumbent; only these count. */
const AGAIN = 7;
/**
 * How long a candidate runs before it is timed, and the least time of a sample, milliseconds. JavaScript is interpreted
 * at first, up to a hundred times slower, and optimised after some runs and time; WebAssembly is optimised within
 * milliseconds.
 */
export const WARM_UP: Readonly<Record<KernelLanguage, WarmUp>> = {
  wgsl: { runs: 1, ms: 0, sampleMs: 20 },
  wasm: { runs: 4, ms: 25, sampleMs: 10 },
  js: { runs: 4, ms: 200, sampleMs: 20 },
};

/** Called after each round of a race, with the rounds so far and all of them. */
export type AfterRound = (done: number, of: number) => void | Promise<void>;

/** A program to measure candidates for: its inputs and their expected results. */
export class Bench implements Disposable {
  readonly #idle: Idle = new Idle();
  #incumbent: { readonly runner: Runner; readonly ms: number } | undefined;

  /** Takes the inputs, with what their results must be. The first set is timed too. */
  constructor(
    readonly device: Device,
    readonly shapes: Shapes,
    readonly sets: readonly [InputSet, ...InputSet[]],
  ) {}

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
    const { clock, language } = this.device.target;
    const read = (s: Spent) => timeOf(s, clock);
    const runner = await this.#prepare(executable);
    if (!(runner instanceof Runner)) return { measurement: runner, promoted: false };
    using stack = new DisposableStack();
    stack.use(runner);
    try {
      await runner.calibrate(read, this.#idle, WARM_UP[language], options);
      const incumbent = runner.done ? undefined : held;
      const theirs: number[] = [], most = options.repeats ?? ADAPTIVE_REPEATS;
      const ratios = () => ratiosTo(theirs, runner.samples);
      const turn = async () => {
        if (incumbent) theirs.push(await incumbent.runner.once(read, this.#idle, runner));
        await runner.sample(read, this.#idle);
      };
      while (runner.samples.length < most && !runner.done) {
        await turn();
        if (runner.samples.length % CHECK_EVERY === 0 && !await this.#checkAgain(runner)) break;
        if (incumbent ? isSettled(ratios(), most) : isPrecise(runner.samples)) break;
      }
      // A candidate that looks faster is measured again with fresh samples: the first ones may be luck.
      const wins = isFaster(ratios()) && runner.checks.wrong === undefined;
      if (wins) {
        theirs.length = 0;
        runner.samples.length = 0;
        for (let k = 0; k < AGAIN; k++) await turn();
      }
      const against = incumbent && { ms: incumbent.ms, samples: theirs };
      if (await runner.check(this.sets[0]) && (wins || !held) && !runner.dropped) {
        for (const set of this.sets) {
          await this.#checkOn(runner, set, CHECKED_ON_PROMOTION / this.sets.length);
        }
      }
      const measurement = runner.result(clock, against);
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
    const { clock, language } = this.device.target;
    const runner = executable && await this.#prepare(executable);
    if (!(runner instanceof Runner)) return;
    using stack = new DisposableStack();
    stack.use(runner);
    try {
      await runner.calibrate((s) => timeOf(s, clock), this.#idle, WARM_UP[language], {});
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
   * Compiles and checks all candidates, then times them interleaved in `rounds` rounds. After each round every candidate
   * has untimed runs that are checked, on each set of inputs in alternate rounds. Each has 90 in the end, or those that
   * fit in 2.5 s. `afterRound` is called after each; what it throws ends the race.
   */
  async race(
    executables: readonly Executable[],
    rounds: number,
    options: MeasureOptions,
    afterRound?: AfterRound,
  ): Promise<readonly Measurement[]> {
    const { clock, language } = this.device.target;
    using stack = new DisposableStack();
    const runners: (Runner | Measurement)[] = [];
    for (const e of executables) {
      const runner = await this.#prepare(e);
      runners.push(runner);
      if (runner instanceof Runner) stack.use(runner);
    }
    const each = async (step: (r: Runner) => Promise<Measurement | undefined | void>) => {
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
    await each((r) => r.calibrate(read, this.#idle, WARM_UP[language], options));
    for (let round = 0; round < rounds; round++) {
      const set = this.sets[round % this.sets.length] as InputSet;
      const share = (CHECKED_RUNS * (round + 1)) / rounds;
      await each((r) => r.sample(read, this.#idle));
      await each(async (r) => {
        // What the timed runs left, and then fresh runs.
        const isRight = r.dropped || (await r.check(this.sets[0]) &&
          await this.#checkOn(r, set, Math.ceil(share - r.checks.count)));
        return isRight ? undefined : r.result(clock);
      });
      await afterRound?.(round + 1, rounds);
    }
    await each(async (r) => {
      await r.check(this.sets[0]);
      return r.result(clock);
    });
    return runners as Measurement[];
  }

  async #prepare(executable: Executable): Promise<Runner | Measurement> {
    const begin = performance.now();
    using stack = new DisposableStack();
    try {
      const program = stack.use(await this.device.load(executable));
      const shapes = executable.shapeVars.length > 0 ? this.shapes : {};
      const checks = new CheckedRuns(), others = new CheckedRuns();
      const [plain, ...wide] = this.sets;
      let compileMs: number | undefined;
      // The other set comes first and goes again, so that the device holds one at a time.
      for (const set of wide) {
        using other = await program.bind(set.inputs, shapes);
        other.poison();
        await other.run(1);
        compileMs ??= performance.now() - begin;
        await others.check(other, set);
      }
      const bound = stack.use(await program.bind(plain.inputs, shapes));
      bound.poison();
      const first = await bound.run(1);
      compileMs ??= performance.now() - begin;
      await checks.check(bound, plain);
      const message = checks.wrong ?? others.wrong;
      if (message !== undefined) return { status: "wrongAnswer", message, compileMs };
      checks.count += others.count;
      checks.maxError = Math.max(checks.maxError, others.maxError);
      return new Runner(
        stack.move(),
        bound,
        first,
        compileMs,
        checks,
        (inputs) => program.bind(inputs, shapes),
      );
    } catch (e) {
      return failed(e, performance.now() - begin);
    }
  }

  /** Checks a run with poisoned results between timed ones. False if it is wrong. */
  async #checkAgain(runner: Runner): Promise<boolean> {
    const [plain] = this.sets;
    return await runner.check(plain) && await runner.checks.run(runner.bound, plain, 1);
  }

  /** Checks runs with poisoned results on one of the sets. False if one is wrong. */
  async #checkOn(runner: Runner, set: InputSet, runs: number): Promise<boolean> {
    if (runs <= 0) return true;
    if (set === this.sets[0]) return await runner.checks.run(runner.bound, set, runs);
    using other = await runner.bindOther(set.inputs);
    return await runner.checks.run(other, set, runs);
  }
}
