/** A measurer that answers at once and always the same, for searches whose measuring is not the point. */
import type { Executable } from "../../lib/codegen/executable.ts";
import type { PrimFunc } from "../../lib/ir/func.ts";
import { type Failure, type Measurement, msOf } from "../../lib/measure/measurement.ts";
import type { Measurer, MeasurerOptions } from "../../lib/measure/measurer.ts";
import type { MeasureOptions } from "../../lib/measure/protocol.ts";

export interface Asked {
  readonly executable: Executable;
  readonly options: MeasureOptions;
  readonly deadlineMs: number;
}

/** What comes of the n-th candidate, from 0. */
export type Answer = (asked: Asked, n: number) => Measurement | Promise<Measurement>;

export class SimulatedMeasurer {
  readonly asked: Asked[] = [];
  /** What was asked to be measured again, in turn. */
  readonly raced: Executable[] = [];
  readonly warmed: Executable[] = [];
  readonly options: MeasurerOptions;
  readonly canWarm = true;
  busyMs = 0;
  /** Times that what was being measured was given up. */
  abandoned = 0;

  constructor(
    func: PrimFunc,
    readonly answer: Answer,
    options: Partial<MeasurerOptions> = {},
  ) {
    this.options = { backend: "cpu", func, ...options };
  }

  async measure(executable: Executable, options: MeasureOptions = {}, deadlineMs = Infinity) {
    const asked = { executable, options, deadlineMs };
    this.asked.push(asked);
    return await this.answer(asked, this.asked.length - 1);
  }

  /** As fast as the first time. */
  async race(executables: readonly Executable[], rounds: number): Promise<readonly Measurement[]> {
    const results: Measurement[] = [];
    for (const executable of executables) {
      this.raced.push(executable);
      const source = sourceOf(executable);
      const first = this.asked.findIndex((a) => sourceOf(a.executable) === source);
      const m = await this.answer({ executable, options: {}, deadlineMs: Infinity }, Math.max(0, first));
      results.push(m.status === "ok" ? { ...m, samples: Array(rounds).fill(msOf(m)) } : m);
    }
    return results;
  }

  warm(executable: Executable): Promise<void> {
    this.warmed.push(executable);
    return Promise.resolve();
  }

  abandon(): Promise<void> {
    this.abandoned++;
    return Promise.resolve();
  }

  /** What `tune` takes. */
  get measurer(): Measurer {
    return this as unknown as Measurer;
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
export function byText({ executable }: Asked): Measurement {
  let hash = 0;
  for (const c of executable.launches.map((l) => l.source).join()) {
    hash = (hash * 31 + c.charCodeAt(0)) % 1009;
  }
  return ok(1 + hash / 1009);
}
