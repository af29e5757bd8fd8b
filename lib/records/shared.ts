/** Reads a shared result: its programs, and schedules that can be replayed. */
import { isStackOverflow, TOO_DEEP } from "../base/within_stack.ts";
import { TunebookError } from "../base/error.ts";
import { medianInterval } from "../base/statistics.ts";
import { RecordError } from "./error.ts";
import { type ReadRecord, RecordReader, type Workload } from "./record_reader.ts";
import type { Manifest, SharedResult, SharedTask } from "./manifest.ts";
import type { TrialRecord } from "./record.ts";
import { type Outcome, summaryOf, type SummaryRow } from "./summary.ts";

/** One program of a shared result, parsed and checked. */
export interface SharedWorkload extends Workload {
  /** The program's entry in the manifest. */
  readonly task: SharedTask;
  /** The result of each method; `best` is its best schedule, missing if no trial succeeded. */
  readonly results: readonly { readonly result: SharedResult; readonly best?: ReadRecord }[];
}

/**
 * Reads the programs of a manifest. Each best schedule is checked against its program, its device and its samples.
 *
 * @param doing the caller's action in the form "opening a page", for the error
 * @throws {RecordError} if a part can't be read, or parts are not consistent
 */
export function workloadsOf(doing: string, { device, tasks }: Manifest): readonly SharedWorkload[] {
  const reader = new RecordReader();
  const target = JSON.stringify(device);
  return tasks.map((task): SharedWorkload => {
    const identity = {
      task: task.task,
      fingerprint: task.fingerprint,
      program: JSON.stringify(task.program),
      target,
    };
    try {
      const results = task.results.map((result) => {
        const record = recordOf(identity, device.name, task.seed, result);
        return { result, ...(record ? { best: reader.read(record) } : {}) };
      });
      return { ...reader.workload(identity), task, results };
    } catch (e) {
      const why = isStackOverflow(e) ? TOO_DEEP : e instanceof TunebookError ? e.message : undefined;
      if (why === undefined) throw e;
      throw new RecordError(`${doing}: ${why}`);
    }
  });
}

/** Makes the record of a trial from a method's best schedule; undefined if the method has none. */
function recordOf(
  identity: Pick<TrialRecord, "task" | "fingerprint" | "program" | "target">,
  adapter: string,
  seed: number,
  { contestant, rule, tuner, start, won }: SharedResult,
): TrialRecord | undefined {
  if (!won) return undefined;
  const { trial, config, trace, clock, ms, samples, against, maxError } = won;
  return {
    ...identity,
    adapter,
    contestant,
    rule,
    tuner,
    start,
    seed,
    trial,
    config: JSON.stringify(config),
    trace: JSON.stringify(trace),
    status: "ok",
    message: "",
    samples,
    againstMs: against?.ms ?? NaN,
    againstSamples: against?.samples ?? [],
    clock,
    medianMs: ms,
    gflops: NaN,
    gbps: NaN,
    maxError,
    compileMs: NaN,
    worker: "",
    inFlight: 1,
    secondsSinceStart: NaN,
    time: NaN,
  };
}

/** Makes the summary rows of a program, one per method, as `compare` does. */
export function outcomesOf({ func, shapes, results }: SharedWorkload): readonly SummaryRow[] {
  return summaryOf(
    func,
    shapes,
    results.map(({ result: { contestant, rule, trials, failed, seconds, won }, best }): Outcome => ({
      contestant,
      rule,
      trials,
      failed,
      seconds,
      ...(won && best
        ? { won: { ...best.record, ms: won.ms, interval: medianInterval(won.confirmed ? won.samples : []) } }
        : {}),
    })),
  );
}

/**
 * Checks that all trials belong to the programs and the device of a manifest.
 *
 * @throws {RecordError} if a trial belongs to another program or device
 */
export function checkTrials(
  path: string,
  { device, tasks }: Manifest,
  records: readonly TrialRecord[],
): void {
  const known = new Set(tasks.map((t) => JSON.stringify([t.task, t.fingerprint])));
  const other = records.find((r) =>
    r.adapter !== device.name || !known.has(JSON.stringify([r.task, r.fingerprint]))
  );
  if (!other) return;
  throw new RecordError(
    `expected trials of the manifest's programs and device, got trial ${other.trial} of ` +
      `${other.task.slice(0, 200)} on ${other.adapter.slice(0, 200)}, opening ${path}`,
  );
}
