/** Measures candidates in a child process of this machine, so that no candidate can end the caller. */
import { checkArgument } from "../base/check_options.ts";
import { messageOf, TunebookError } from "../base/error.ts";
import { DEADLINE_MS, hangingMs, hopelessMs } from "./limits.ts";
import type { Measurement } from "./measurement.ts";
import {
  type Candidate,
  type Incumbent,
  type Measured,
  type MeasureRequest,
  type Measuring,
  type MeasuringOptions,
  measuringOptions,
  type SampleOptions,
} from "./measuring.ts";
import { type Ending, MeasuringProcess } from "./measuring_process.ts";
import { candidateToJson, type Request, type Response, sessionToJson } from "./protocol.ts";
import { failureOfEnding, reasonOf } from "./endings.ts";

/** How a measuring process is started. */
export interface ProcessOptions {
  /** The module that it runs. Default: Tunebook's own. */
  readonly worker?: URL;
  /** Arguments of `deno run` for a worker that needs more than Tunebook's. Default: none. */
  readonly permissions?: readonly string[];
  /** Ends a process that is still starting. */
  readonly signal?: AbortSignal | undefined;
}

/** The measuring process can't start, or got a bad request. It is not the failure of a candidate. */
export class MeasurerError extends TunebookError {
  /** The name of the error's class. */
  override readonly name = "MeasurerError";
}

/** A first start compiles the worker's modules and the reference's loops. */
const START_DEADLINE_MS = 120_000;

/** `Measuring` on this machine: a child process with a deadline, restarted after a hang or a crash. */
export class Measurer implements Measuring {
  #child: MeasuringProcess | undefined;
  #served: Promise<unknown> = Promise.resolve();
  #closed = false;
  /** The incumbent that the child knows, and one that ended a child when it was measured. */
  #adopted = "";
  #fatal = "";
  /** A second process, which lets the driver compile while the first one measures. */
  #warmer: MeasuringProcess | undefined;
  #warming = false;
  #busyMs = 0;
  readonly #compileMs: number[] = [];
  /** Number of abandoned measurements. */
  #abandoned = 0;

  private constructor(
    readonly options: MeasuringOptions,
    readonly worker: URL | undefined,
    readonly permissions: readonly string[],
  ) {}

  /**
   * Starts the process and computes the reference.
   *
   * @throws {MeasurerError} if the deadline or the memory is not positive, or the process can't start or can't run the
   * reference, or the signal is aborted before
   */
  static async open(
    options: MeasuringOptions,
    { worker, permissions = [], signal }: ProcessOptions = {},
  ): Promise<Measurer> {
    checkArgument("Measurer.open", "options", options, measuringOptions);
    for (const name of ["deadlineMs", "maxMemory"] as const) {
      const value = options[name];
      if (value === undefined || value > 0) continue;
      throw new MeasurerError(`expected ${name} to be a positive number, got ${value}`);
    }
    const measurer = new Measurer(options, worker, permissions);
    const stop = () => void measurer.abandon();
    signal?.addEventListener("abort", stop, { once: true });
    try {
      await measurer.#start();
      return measurer;
    } finally {
      signal?.removeEventListener("abort", stop);
    }
  }

  /** Process id of the child, while there is one. */
  get pid(): number | undefined {
    return this.#child?.dead ? undefined : this.#child?.pid;
  }

  get busyMs(): number {
    return this.#busyMs;
  }

  /** One candidate is warmed at a time, and JavaScript has nothing to compile ahead. */
  get canWarm(): boolean {
    return this.options.target.language === "wgsl" && !this.#warming && !this.#closed;
  }

  /** Checks and times a candidate in the child. */
  async measure(request: MeasureRequest): Promise<Measured> {
    const { candidate, incumbent, limits = {}, ...sampling } = request;
    const deadline = Math.min(this.#deadline, hangingMs(limits, incumbent, this.#compileMs));
    const dropAboveMs = hopelessMs(limits, incumbent, this.options);
    const adopted = sampling.adaptive ? incumbent : undefined;
    const options = { ...sampling, ...(dropAboveMs === undefined ? {} : { dropAboveMs }) };
    const response = await this.#ask(deadline, async () => ({
      kind: "measure",
      candidate: candidateToJson(candidate),
      interleave: adopted !== undefined && await this.#adopt(adopted),
      options,
    }));
    if ("ended" in response) {
      if (response.ended === "timeout") this.#busyMs += deadline;
      return { measurement: failureOfEnding(response, deadline), promoted: false };
    }
    if (response.kind !== "measured") throw unexpected(response);
    const { measurement, promoted, busyMs } = response;
    this.#busyMs += busyMs;
    if (measurement.status === "ok") this.#compileMs.push(measurement.compileMs);
    if (promoted) this.#adopted = keyOf(candidate);
    return { measurement, promoted };
  }

  async warm(candidate: Candidate): Promise<void> {
    if (!this.canWarm) return;
    this.#warming = true;
    try {
      if (this.#warmer?.dead) await this.#endWarmer();
      const child = this.#warmer ?? await this.#startWarmer();
      const response = await child?.ask(
        { kind: "warm", candidate: candidateToJson(candidate) },
        this.#deadline,
      );
      if (!response || "ended" in response) await this.#endWarmer();
    } finally {
      this.#warming = false;
    }
  }

  async race(
    candidates: readonly Candidate[],
    rounds: number,
    options: Pick<SampleOptions, "minSampleMs"> = {},
  ): Promise<readonly Measurement[]> {
    if (candidates.length === 0) return [];
    const deadline = this.#deadline * candidates.length * 2;
    const response = await this.#ask(deadline, () =>
      Promise.resolve({
        kind: "race",
        candidates: candidates.map(candidateToJson),
        rounds,
        options,
      }));
    if ("ended" in response) return candidates.map(() => failureOfEnding(response, deadline));
    if (response.kind !== "raced") throw unexpected(response);
    return response.measurements;
  }

  async abandon(): Promise<void> {
    this.#abandoned++;
    await Promise.all([this.#stop(), this.#endWarmer()]);
  }

  /** Ends the child; requests are refused from now on. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await this.abandon();
  }

  get #deadline(): number {
    return this.options.deadlineMs ?? DEADLINE_MS;
  }

  /** Requests are served in order. */
  #ask(deadlineMs: number, request: () => Promise<Request>): Promise<Response | Ending> {
    const served = this.#served.then(async () => {
      const abandoned = this.#abandoned, isAbandoned = () => abandoned !== this.#abandoned;
      try {
        await this.#start();
        const asked = await request();
        if (isAbandoned()) return ABANDONED;
        const response = await (await this.#start()).ask(asked, deadlineMs);
        if ("ended" in response) await this.#stop();
        return response;
      } catch (e) {
        // A process that is given up while it starts has no fault, also where the measurer is closed meanwhile.
        if (e instanceof MeasurerError && isAbandoned()) return ABANDONED;
        throw e;
      }
    });
    this.#served = served.catch(() => {});
    return served;
  }

  /** The child, ready: its start is never counted against a candidate. */
  async #start(): Promise<MeasuringProcess> {
    if (this.#closed) throw new MeasurerError("cannot measure: the measurer is closed; open another");
    if (this.#child && !this.#child.dead) return this.#child;
    await this.#stop();
    let why: string | undefined;
    // A process that is killed from outside while it starts is started once more.
    for (let left = 1; left >= 0; left--) {
      const abandoned = this.#abandoned;
      const child = this.#child = this.#spawn();
      const ending = await prepare(child, this.options, true);
      if (ending === undefined) return child;
      why = reasonOf(ending);
      await this.#stop();
      if (this.#closed || abandoned !== this.#abandoned) break;
      if (ending.ended !== "died" || ending.told) break;
    }
    throw this.#cannotStart(`${why}`);
  }

  /** @throws {MeasurerError} where this process may not start another one, or can't */
  #spawn(): MeasuringProcess {
    try {
      return new MeasuringProcess(this.options.maxMemory, this.worker, this.permissions);
    } catch (e) {
      throw this.#cannotStart(
        `${messageOf(e)}; candidates are measured in a process of their own: run deno with ` +
          `--allow-run, --allow-read and --allow-env`,
      );
    }
  }

  #cannotStart(why: string): MeasurerError {
    return new MeasurerError(`cannot start the measuring process for ${this.options.func.name}: ${why}`);
  }

  /** Makes the incumbent known to the child. Returns false if it ended the child: it is no longer the incumbent. */
  async #adopt({ candidate, ms }: Incumbent): Promise<boolean> {
    const key = keyOf(candidate);
    if (key === this.#fatal) return false;
    if (key === this.#adopted) return true;
    const child = await this.#start();
    const response = await child.ask(
      { kind: "adopt", candidate: candidateToJson(candidate), ms },
      this.#deadline,
    );
    if ("ended" in response) {
      // The incumbent is not at fault if the measurement was abandoned.
      if (this.#child === child) {
        this.#fatal = key;
        await this.#stop();
      }
      return false;
    }
    this.#adopted = key;
    return true;
  }

  async #startWarmer(): Promise<MeasuringProcess | undefined> {
    const child = this.#warmer = this.#spawn();
    if (await prepare(child, this.options, false) === undefined) return child;
    await this.#endWarmer();
    return undefined;
  }

  async #endWarmer(): Promise<void> {
    const child = this.#warmer;
    this.#warmer = undefined;
    await child?.kill();
  }

  async #stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    this.#adopted = "";
    await child?.kill();
  }
}

const ABANDONED: Ending = { ended: "died", how: "it was given up", told: true };

function keyOf(candidate: Candidate): string {
  return JSON.stringify(candidateToJson(candidate));
}

/** Prepares a child. Returns the ending of one that failed. */
async function prepare(
  child: MeasuringProcess,
  options: MeasuringOptions,
  check: boolean,
): Promise<Ending | undefined> {
  const request: Request = { kind: "prepare", session: sessionToJson(options), check };
  const response = await child.ask(request, START_DEADLINE_MS);
  if ("ended" in response) return response;
  return response.kind === "prepared" ? undefined : { ended: "died", how: response.kind, told: true };
}

function unexpected(response: Response): MeasurerError {
  return new MeasurerError(`the measuring process answered ${response.kind}`);
}
