/** A `Measuring` that compiles and measures nothing: every candidate takes the time that it is told. */
import type { Measurement } from "../../lib/measure/measurement.ts";
import type { Measured, Measuring, MeasuringOptions } from "../../lib/measure/measuring.ts";

const OK: Measurement = { status: "ok", samples: [1, 1, 1], clock: "cpu", compileMs: 1, maxError: 0 };

export class InstantMeasuring implements Measuring {
  readonly busyMs = 0;
  readonly canWarm = false;
  /** How often it was asked. */
  asked = 0;

  /** @param ms milliseconds that a candidate takes */
  constructor(readonly options: MeasuringOptions, readonly ms: number) {}

  async measure(): Promise<Measured> {
    this.asked++;
    if (this.ms > 0) await new Promise((resolve) => setTimeout(resolve, this.ms));
    return { measurement: OK, promoted: false };
  }

  race(candidates: readonly unknown[]): Promise<readonly Measurement[]> {
    return Promise.resolve(candidates.map(() => OK));
  }

  async warm(): Promise<void> {}
  async abandon(): Promise<void> {}
  async [Symbol.asyncDispose](): Promise<void> {}
}
