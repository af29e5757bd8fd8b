/** A `Measuring` that answers at once and always the same, for searches whose measuring is not the point. */
import type { Executable } from "../../lib/codegen/executable.ts";
import { executableOf } from "../../lib/measure/executable_of.ts";
import { type Failed, type Failure, type Measurement, msOf } from "../../lib/measure/measurement.ts";
import type {
  Candidate,
  Measured,
  MeasureRequest,
  Measuring,
  MeasuringOptions,
  OpenMeasuring,
} from "../../lib/measure/measuring.ts";

export interface Asked {
  readonly request: MeasureRequest;
  /** What the request's candidate compiles to. */
  readonly executable: Executable;
}

/** What comes of the n-th candidate that compiles, from 0. */
export type Answer = (asked: Asked, n: number) => Measurement | Promise<Measurement>;

export class SimulatedMeasuring implements Measuring {
  /** What was to be measured and compiles, in order. */
  readonly asked: Asked[] = [];
  /** What was asked to be measured again, in turn. */
  readonly raced: Executable[] = [];
  readonly warmed: Candidate[] = [];
  /** What it was opened with, once a time. */
  readonly opened: MeasuringOptions[] = [];
  readonly canWarm = true;
  readonly busyMs = 0;
  /** Times that what was being measured was given up. */
  abandoned = 0;
  /** Times that it was closed. */
  closed = 0;

  constructor(readonly answer: Answer) {}

  /** What searches take: gives itself. */
  readonly open: OpenMeasuring = (options, signal) => {
    if (signal?.aborted) return Promise.resolve(undefined);
    this.opened.push(options);
    return Promise.resolve(this);
  };

  /** Those of the last time that it was opened. */
  get options(): MeasuringOptions {
    const options = this.opened.at(-1);
    if (!options) throw new Error("it is not open");
    return options;
  }

  /** The first success is promoted, and what is faster than the request's incumbent. */
  async measure(request: MeasureRequest): Promise<Measured> {
    const executable = this.#compiled(request.candidate);
    if ("status" in executable) return { measurement: executable, promoted: false };
    const asked = { request, executable };
    this.asked.push(asked);
    const measurement = await this.answer(asked, this.asked.length - 1);
    const { incumbent } = request;
    const promoted = measurement.status === "ok" && msOf(measurement) < (incumbent?.ms ?? Infinity);
    return { measurement, promoted };
  }

  /** As fast as the first time. */
  async race(candidates: readonly Candidate[], rounds: number): Promise<readonly Measurement[]> {
    const results: Measurement[] = [];
    for (const candidate of candidates) {
      const executable = this.#compiled(candidate);
      if ("status" in executable) {
        results.push(executable);
        continue;
      }
      this.raced.push(executable);
      const source = sourceOf(executable);
      const first = this.asked.findIndex((a) => sourceOf(a.executable) === source);
      const m = await this.answer({ request: { candidate }, executable }, Math.max(0, first));
      results.push(m.status === "ok" ? { ...m, samples: Array(rounds).fill(msOf(m)) } : m);
    }
    return results;
  }

  warm(candidate: Candidate): Promise<void> {
    this.warmed.push(candidate);
    return Promise.resolve();
  }

  abandon(): Promise<void> {
    this.abandoned++;
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.closed++;
    return Promise.resolve();
  }

  #compiled(candidate: Candidate): Executable | Failed {
    const { func, target } = this.options;
    return executableOf(func, candidate, target);
  }
}

function sourceOf(executable: Executable): string {
  return executable.launches.map((l) => l.source).join();
}

export function ok(ms: number): Measurement {
  return { status: "ok", samples: [ms, ms, ms], clock: "cpu", compileMs: 1, maxError: 0 };
}

export function failure(status: Failure, message: string): Measurement {
  return { status, message, compileMs: 1 };
}

/** Milliseconds that depend on the source alone, between 1 and 2. */
export function byText({ executable }: Pick<Asked, "executable">): Measurement {
  let hash = 0;
  for (const c of executable.launches.map((l) => l.source).join()) {
    hash = (hash * 31 + c.charCodeAt(0)) % 1009;
  }
  return ok(1 + hash / 1009);
}
