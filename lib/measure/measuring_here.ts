/** `Measuring` in this very process, for hosts without child processes, as a page. */
import type { Executable } from "../codegen/executable.ts";
import type { Device } from "../runtime/device.ts";
import { DeviceLostError } from "../runtime/error.ts";
import { awakeDeadline } from "./awake_deadline.ts";
import { type AfterRound, Bench } from "./bench.ts";
import { executableOf } from "./executable_of.ts";
import { inputSets, type Reference } from "./input_sets.ts";
import { DEADLINE_MS, hopelessMs } from "./limits.ts";
import type { Failed, Measurement } from "./measurement.ts";
import type {
  Candidate,
  Incumbent,
  Measured,
  MeasureRequest,
  Measuring,
  MeasuringOptions,
  SampleOptions,
} from "./measuring.ts";
import { warm } from "./warm.ts";

/** How a program is measured here. */
export interface MeasuringHereOptions extends Omit<MeasuringOptions, "target" | "maxMemory"> {
  /** Gives what results must be. */
  readonly reference: Reference;
  /** Called after each round of a race. What it throws ends the race. Default: none. */
  readonly afterRound?: AfterRound;
}

/**
 * Measures candidates on an open device of this process. A candidate that hangs can't be ended here: its measurement is a
 * `timeout`, and so is each later one, as the device may never answer again.
 */
export class MeasuringHere implements Measuring {
  readonly options: MeasuringOptions;
  readonly canWarm = true;
  #busyMs = 0;
  /** The candidate that the bench has as its incumbent, as JSON. */
  #adopted = "";
  /** Why nothing can be measured any longer. */
  #ended: Failed | undefined;
  #abandoned = Promise.withResolvers<void>();
  readonly #bench: Bench;
  readonly #afterRound: AfterRound | undefined;

  /**
   * Draws the inputs, and asks the reference for their outputs.
   *
   * @throws {TunebookError} if a candidate that does nothing would seem right
   */
  constructor(readonly device: Device, { reference, afterRound, ...of }: MeasuringHereOptions) {
    this.options = { ...of, target: device.target };
    const { func, shapes = {}, seed = 0, inputs = {} } = of;
    this.#bench = new Bench(device, shapes, inputSets(func, shapes, seed, inputs, reference));
    this.#afterRound = afterRound;
  }

  /** Milliseconds that were spent on candidates so far. */
  get busyMs(): number {
    return this.#busyMs;
  }

  /** True if the device no longer answers. */
  get ended(): boolean {
    return this.#ended !== undefined;
  }

  /** Checks a candidate and times it, interleaved with the incumbent if the request says so. */
  async measure({ candidate, incumbent, limits = {}, ...sampling }: MeasureRequest): Promise<Measured> {
    const made = this.#executableOf(candidate);
    if ("status" in made) return { measurement: made, promoted: false };
    const dropAboveMs = hopelessMs(limits, incumbent, this.options);
    const options = { ...sampling, ...(dropAboveMs === undefined ? {} : { dropAboveMs }) };
    const measured = await this.#within(1, async () => {
      if (!sampling.adaptive) {
        return { measurement: await this.#bench.measure(made, options), promoted: false };
      }
      if (incumbent) await this.#adopt(incumbent);
      const result = await this.#bench.challenge(made, options, incumbent !== undefined);
      if (result.promoted) this.#adopted = JSON.stringify(candidate);
      return result;
    });
    return "status" in measured ? { measurement: measured, promoted: false } : measured;
  }

  /** Lets the driver compile a candidate. Its failures are reported when it is measured. */
  async warm(candidate: Candidate): Promise<void> {
    const made = this.#executableOf(candidate);
    if ("status" in made) return;
    await this.#within(1, async () => {
      await warm(this.device, made, this.options.shapes ?? {}).catch(() => {});
      return {};
    });
  }

  /** Checks candidates and times them interleaved, in `rounds` rounds. */
  async race(
    candidates: readonly Candidate[],
    rounds: number,
    options: Pick<SampleOptions, "minSampleMs"> = {},
  ): Promise<readonly Measurement[]> {
    const made = candidates.map((c) => this.#executableOf(c));
    const right = made.filter((m): m is Executable => !("status" in m));
    if (right.length === 0) return made as readonly Failed[];
    const raced = await this.#within(
      2 * right.length,
      async () => ({ all: await this.#bench.race(right, rounds, options, this.#afterRound) }),
    );
    if ("status" in raced) return made.map((m) => "status" in m ? m : raced);
    let next = 0;
    return made.map((m) => "status" in m ? m : raced.all[next++] as Measurement);
  }

  /** Stops waiting for the current measurement. The device ends it in its own time. */
  abandon(): Promise<void> {
    this.#abandoned.resolve();
    this.#abandoned = Promise.withResolvers();
    return Promise.resolve();
  }

  /** Frees the incumbent. The device stays open. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#bench[Symbol.dispose]();
    return Promise.resolve();
  }

  #executableOf(candidate: Candidate): Executable | Failed {
    return this.#ended ?? executableOf(this.options.func, candidate, this.options.target);
  }

  async #adopt({ candidate, ms }: Incumbent): Promise<void> {
    const key = JSON.stringify(candidate);
    if (key === this.#adopted) return;
    const made = executableOf(this.options.func, candidate, this.options.target);
    await this.#bench.adopt("status" in made ? undefined : made, ms);
    this.#adopted = key;
  }

  /** Waits for `work`, at most for `times` the deadline. */
  async #within<T extends object>(times: number, work: () => Promise<T>): Promise<T | Failed> {
    const begin = performance.now(), most = (this.options.deadlineMs ?? DEADLINE_MS) * times;
    using deadline = awakeDeadline(most);
    const late = deadline.late.then(() => this.#ended = hung(most));
    const stopped = this.#abandoned.promise.then((): Failed => STOPPED);
    try {
      const doing = work();
      // What is given up may still fail.
      doing.catch(() => {});
      return await Promise.race([doing, late, stopped]);
    } catch (e) {
      if (!(e instanceof DeviceLostError)) throw e;
      return this.#ended = { status: "deviceLost", message: e.message, compileMs: NaN };
    } finally {
      this.#busyMs += performance.now() - begin;
    }
  }
}

const STOPPED: Failed = { status: "run", message: "it was given up", compileMs: NaN };

/** The failure of a device that has not answered in time. */
export function hung(ms: number): Failed {
  const message = `it did not end within ${ms} ms, and the device may not answer again`;
  return { status: "timeout", message, compileMs: NaN };
}
