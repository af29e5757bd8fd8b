/** Measures candidates in a child process, so that no candidate can take the caller with it. */
import type { Executable } from "../codegen/executable.ts";
import { TunebookError } from "../base/error.ts";
import type { PrimFunc } from "../ir/func.ts";
import { funcToJson } from "../ir/func_json.ts";
import type { Shapes } from "../runtime/arguments.ts";
import { type Failed, type Measurement, msOf } from "./measurement.ts";
import { TextLineStream } from "./lines.ts";
import { projectConfig } from "./project_config.ts";
import { MARK, type MeasureOptions, type MeasuringDevice, type Request, type Response } from "./protocol.ts";

export interface MeasurerOptions extends MeasuringDevice {
  readonly func: PrimFunc;
  readonly shapes?: Shapes;
  /** Of the random inputs. Default 0. */
  readonly seed?: number;
  /** Longest time for one candidate, milliseconds, after which its process is killed. Default 30,000. */
  readonly deadlineMs?: number;
  /** What candidates are measured in turn with at first, and what it is known to take, milliseconds. Default: none. */
  readonly incumbent?: { readonly executable: Executable; readonly ms: number };
}

/** The measuring process can't be started at all, or was not asked properly; no candidate is to blame. */
export class MeasurerError extends TunebookError {
  override readonly name = "MeasurerError";
}

/** A first start compiles the worker's modules and the reference's loops. */
const START_DEADLINE_MS = 120_000;
const DEADLINE_MS = 30_000;
/** A longer timer would ring at once. */
const LONGEST_MS = 2 ** 31 - 1;
/** Time after a deadline to read an answer that came before it, while this process was busy. */
const GRACE_MS = 50;

/** How a request ended other than by an answer. */
type Ending = { readonly ended: "timeout" } | { readonly ended: "died"; readonly how: string };

/** A warm child process with a deadline; restarted after one that hung or died. Requests are served in turn. */
export class Measurer implements AsyncDisposable {
  #child: Child | undefined;
  #served: Promise<unknown> = Promise.resolve();
  #closed = false;
  /** What candidates are measured in turn with, so that a process that starts anew learns of it. */
  #incumbent: { readonly executable: Executable; readonly ms: number } | undefined;
  /** A second process, which has the driver compile while the first one measures. */
  #warmer: Child | undefined;
  #warming = false;
  #busyMs = 0;

  private constructor(readonly options: MeasurerOptions) {
    this.#incumbent = options.incumbent;
  }

  /** @throws {MeasurerError} if the deadline is none, or if the process can't be started or can't run the reference */
  static async open(options: MeasurerOptions): Promise<Measurer> {
    const { deadlineMs } = options;
    if (deadlineMs !== undefined && !(deadlineMs > 0)) {
      throw new MeasurerError(
        `cannot measure with a deadline of ${deadlineMs} ms: it is a positive number`,
      );
    }
    const measurer = new Measurer(options);
    await measurer.#warm();
    return measurer;
  }

  /** Process id of the child, while there is one. */
  get pid(): number | undefined {
    return this.#child?.dead ? undefined : this.#child?.pid;
  }

  /** Milliseconds that the process has been busy with candidates so far. */
  get busyMs(): number {
    return this.#busyMs;
  }

  /** Measures one candidate; whatever goes wrong with it is a value. `deadlineMs` can only shorten the deadline. */
  async measure(
    executable: Executable,
    options: MeasureOptions = {},
    deadlineMs = Infinity,
  ): Promise<Measurement> {
    const deadline = Math.min(deadlineMs, this.#deadline);
    const response = await this.#ask({ kind: "measure", executable, options }, deadline);
    if ("ended" in response) {
      if (response.ended === "timeout") this.#busyMs += deadline;
      return failure(response, deadline);
    }
    if (response.kind !== "measured") {
      throw new MeasurerError(`the measuring process answered ${response.kind}`);
    }
    const { measurement, promoted, busyMs } = response;
    this.#busyMs += busyMs;
    if (promoted && measurement.status === "ok") this.#incumbent = { executable, ms: msOf(measurement) };
    return measurement;
  }

  /** Whether a candidate could be warmed now: one at a time is, and JavaScript has nothing to compile ahead. */
  get canWarm(): boolean {
    return this.options.prefer === "webgpu" && !this.#warming && !this.#closed;
  }

  /**
   * Has the driver compile a candidate that is to be measured soon, in a process of its own; into the driver's
   * cache, where it keeps one. What goes wrong with it will show when it is measured.
   */
  async warm(executable: Executable): Promise<void> {
    if (!this.canWarm) return;
    this.#warming = true;
    try {
      if (this.#warmer?.dead) await this.#endWarmer();
      const { shapes = {} } = this.options;
      const child = this.#warmer ??= new Child();
      const response = await child.ask(
        { kind: "warm", device: this.#device, executable, shapes },
        this.#deadline,
      );
      if ("ended" in response) await this.#endWarmer();
    } finally {
      this.#warming = false;
    }
  }

  async #endWarmer(): Promise<void> {
    const child = this.#warmer;
    this.#warmer = undefined;
    await child?.kill();
  }

  /** Checks candidates and times them in turn, so that drift hits all alike. */
  async race(
    executables: readonly Executable[],
    rounds: number,
    options: MeasureOptions = {},
  ): Promise<readonly Measurement[]> {
    if (executables.length === 0) return [];
    const deadline = this.#deadline * executables.length * 2;
    const response = await this.#ask({ kind: "race", executables, rounds, options }, deadline);
    if ("ended" in response) return executables.map(() => failure(response, deadline));
    if (response.kind === "raced") return response.measurements;
    throw new MeasurerError(`the measuring process answered ${response.kind}`);
  }

  get #device(): MeasuringDevice {
    const { prefer, subgroups = false } = this.options;
    return { prefer, subgroups };
  }

  get #deadline(): number {
    return this.options.deadlineMs ?? DEADLINE_MS;
  }

  #ask(request: Request, deadlineMs: number): Promise<Response | Ending> {
    const served = this.#served.then(async () => {
      const child = await this.#warm();
      const response = await child.ask(request, deadlineMs);
      if ("ended" in response) await this.#stop();
      return response;
    });
    this.#served = served.catch(() => {});
    return served;
  }

  /** The child, ready: its start-up is never counted against a candidate. */
  async #warm(): Promise<Child> {
    if (this.#closed) throw new MeasurerError("cannot measure: the measurer is closed; open another");
    if (this.#child && !this.#child.dead) return this.#child;
    await this.#stop();
    const child = this.#child = new Child();
    const { func, shapes = {}, seed = 0 } = this.options;
    const response = await child.ask(
      { kind: "prepare", device: this.#device, func: funcToJson(func), shapes, seed },
      START_DEADLINE_MS,
    );
    if ("ended" in response || response.kind !== "prepared") {
      const why = "ended" in response
        ? (response.ended === "died" ? response.how : "it does not answer")
        : response.kind;
      await this.#stop();
      throw new MeasurerError(`cannot start the measuring process for ${func.name}: ${why}`);
    }
    if (!this.#incumbent) return child;
    const adopted = await child.ask({ kind: "adopt", ...this.#incumbent }, this.#deadline);
    if (!("ended" in adopted)) return child;
    // It took the process with it this time: the next success will be the incumbent.
    this.#incumbent = undefined;
    return await this.#warm();
  }

  /** Ends what is being measured, with its process, whoever waits for it; the next request starts another. */
  async abandon(): Promise<void> {
    await Promise.all([this.#stop(), this.#endWarmer()]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await this.abandon();
  }

  async #stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    await child?.kill();
  }
}

function failure(end: Ending, deadlineMs: number): Failed {
  return end.ended === "timeout"
    ? {
      status: "timeout",
      message: `it did not end within ${(deadlineMs / 1000).toFixed(1)} s and was killed`,
      compileMs: NaN,
    }
    : { status: "deviceLost", message: `the measuring process died: ${end.how}`, compileMs: NaN };
}

/** Puts the worker into the graph of modules, so that `deno cache` fetches it and a lock file names it; never called. */
const _worker = () => import("./worker.ts");

/** One child process and the line that is spoken with it. */
class Child {
  readonly #process: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #lines: ReadableStreamDefaultReader<string>;
  #stderr = "";
  dead = false;

  constructor() {
    const url = new URL("./worker.ts", import.meta.url);
    this.#process = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--allow-all", "--no-prompt", ...projectConfig(), url.href],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      // Jupyter interrupts a kernel with its whole process group, and a candidate is not to blame for that.
      detached: true,
    }).spawn();
    this.#writer = this.#process.stdin.getWriter();
    this.#lines = this.#process.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream())
      .getReader();
    this.#process.status.then(() => this.dead = true);
    this.#drain();
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Keeps the end of what the child complains about. */
  async #drain(): Promise<void> {
    for await (const text of this.#process.stderr.pipeThrough(new TextDecoderStream())) {
      this.#stderr = (this.#stderr + text).slice(-2000);
    }
  }

  async ask(request: Request, deadlineMs: number): Promise<Response | Ending> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<Ending>((resolve) => {
      timer = setTimeout(() => {
        timer = setTimeout(() => resolve({ ended: "timeout" }), GRACE_MS);
      }, Math.min(deadlineMs, LONGEST_MS));
    });
    try {
      return await Promise.race([this.#exchange(request), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #exchange(request: Request): Promise<Response | Ending> {
    try {
      await this.#writer.write(new TextEncoder().encode(`${JSON.stringify(request)}\n`));
      while (true) {
        const { value, done } = await this.#lines.read();
        if (done) return { ended: "died", how: await this.#epitaph() };
        if (value.startsWith(MARK)) return JSON.parse(value.slice(MARK.length)) as Response;
      }
    } catch (e) {
      return { ended: "died", how: `${await this.#epitaph()} (${e instanceof Error ? e.message : e})` };
    }
  }

  async #epitaph(): Promise<string> {
    const { code, signal } = await this.#process.status;
    const said = this.#stderr.split("\n").filter((l) => l && !l.includes("XDG_RUNTIME_DIR")).slice(-3).join(
      " ",
    );
    return `${signal ? `signal ${signal}` : `exit code ${code}`}${said ? `: ${said}` : ""}`;
  }

  async kill(): Promise<void> {
    try {
      this.#process.kill("SIGKILL");
    } catch (e) {
      // It has ended by itself already.
      if (!(e instanceof TypeError || e instanceof Deno.errors.NotFound)) throw e;
    }
    await this.#process.status;
    await this.#writer.abort().catch(() => {});
    await this.#lines.cancel().catch(() => {});
  }
}
