/** Times programs that lie on a device with their arguments, one after the other in each round. */
import { CheckedRuns } from "../measure/checked_runs.ts";
import { WARM_UP } from "../measure/bench.ts";
import { Idle } from "../measure/idle.ts";
import { Runner } from "../measure/runner.ts";
import { type Bound, type Spent, timeOf } from "../runtime/backend.ts";
import { RuntimeError } from "../runtime/error.ts";
import type { Target } from "../target/target.ts";

/** What {@linkcode timeInterleaved} takes. */
export interface TimingOptions {
  /** Samples of each. */
  readonly rounds: number;
  /** Shortest sample, milliseconds: runs are batched until one lasts so long. */
  readonly minSampleMs: number;
  /** Stops between two samples. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Gives the samples of each, milliseconds of one run by the device's clock, one per round. What a submission costs without
 * runs is taken off. One that is stopped has fewer.
 */
export async function timeInterleaved(
  bounds: readonly Bound[],
  { clock, language }: Pick<Target, "clock" | "language">,
  { rounds, minSampleMs, signal }: TimingOptions,
): Promise<readonly (readonly number[])[]> {
  const idle = new Idle(), read = (s: Spent) => timeOf(s, clock);
  const held = { [Symbol.dispose]() {} };
  const runners: Runner[] = [];
  for (const bound of bounds) {
    const first = await bound.run(1);
    const other = () => Promise.reject(new RuntimeError("expected one set of arguments, got another"));
    const runner = new Runner(held, bound, first, 0, new CheckedRuns(), other);
    await runner.calibrate(read, idle, WARM_UP[language], { minSampleMs });
    runners.push(runner);
  }
  const samples = runners.map((): number[] => []);
  for (let round = 0; round < rounds && !signal?.aborted; round++) {
    for (const [k, runner] of runners.entries()) {
      samples[k]?.push(await runner.once(read, idle, runner));
    }
  }
  return samples;
}
