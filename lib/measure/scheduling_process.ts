/** Schedules untrusted programs by a rule, in a process of its own: no program can hold the caller. */
import { messageOf } from "../base/error.ts";
import type { PrimFunc } from "../ir/func.ts";
import { funcToJson } from "../ir/func_json.ts";
import type { TraceJson } from "../schedule/trace.ts";
import type { Target } from "../target/target.ts";
import type { Failed } from "./measurement.ts";
import { failureOfEnding } from "./endings.ts";
import { DEADLINE_MS } from "./limits.ts";
import { MeasuringProcess } from "./measuring_process.ts";

/** The rule that has scheduled a program, and its trace. */
export interface ScheduledApart {
  readonly rule: string;
  readonly trace: TraceJson;
}

/** A child process that is started at the first program, and again after one that has ended it. */
export class SchedulingProcess implements AsyncDisposable {
  #child: MeasuringProcess | undefined;

  /**
   * Names the limits for each program.
   *
   * @param deadlineMs milliseconds
   * @param maxMemory bytes; default half of the machine's memory
   */
  constructor(readonly deadlineMs: number = DEADLINE_MS, readonly maxMemory?: number) {}

  /** Schedules a program; a failure is a value. An aborted signal ends it at once. */
  async schedule(func: PrimFunc, target: Target, signal?: AbortSignal): Promise<ScheduledApart | Failed> {
    if (this.#child?.dead) await this.#stop();
    let child: MeasuringProcess;
    try {
      child = this.#child ??= new MeasuringProcess(this.maxMemory);
    } catch (e) {
      // This process may not start others.
      return { status: "run", message: messageOf(e), compileMs: NaN };
    }
    const stop = () => void this.#stop();
    signal?.addEventListener("abort", stop, { once: true });
    try {
      const response = await child.ask({ kind: "schedule", func: funcToJson(func), target }, this.deadlineMs);
      if ("ended" in response) {
        await this.#stop();
        return failureOfEnding(response, this.deadlineMs);
      }
      if (response.kind === "scheduled") return response.scheduled;
      return { status: "instantiate", message: `it was answered ${response.kind}`, compileMs: NaN };
    } finally {
      signal?.removeEventListener("abort", stop);
    }
  }

  /** Ends the process. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
  }

  async #stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    await child?.kill();
  }
}
