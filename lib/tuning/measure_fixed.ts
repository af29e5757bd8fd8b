import { unlessAborted } from "../base/cancellation.ts";
import type { Measuring } from "../measure/measuring.ts";
import { RecordLog } from "../records/log.ts";
import { fixedPoint } from "./fixed_point.ts";
import type { FixedMethod } from "./methods.ts";
import type { Trial } from "./trial.ts";
import { isOf, logIdentityOf, trialRecordOf, type TuningTask } from "./tuning_task.ts";

/**
 * Measures a method with a single candidate, and records it like any trial. A trial that the log already holds is not
 * repeated. Returns undefined if the signal stops it.
 */
export async function measureFixed(
  measuring: Measuring,
  base: Omit<TuningTask, "method" | "rule" | "tuner" | "start">,
  method: FixedMethod,
  path: string | undefined,
  signal: AbortSignal,
): Promise<Trial | undefined> {
  const { rule, index, config, candidate } = fixedPoint(method, base.func);
  const task: TuningTask = { ...base, method: method.name, rule, tuner: "none", start: "preset" };
  const made = "status" in candidate ? undefined : candidate;
  using log = path === undefined ? RecordLog.memory() : await RecordLog.open(path, logIdentityOf(task));
  const earlier = log.records.find((r) => isOf(task, r) && r.config === JSON.stringify(config));
  if (earlier) return { record: earlier, index, preset: true, candidate: made };
  const begin = performance.now();
  const measured = "status" in candidate
    ? { measurement: candidate }
    : await unlessAborted(measuring.measure({ candidate }), signal);
  if (!measured) {
    await measuring.abandon();
    return undefined;
  }
  const seconds = (performance.now() - begin) / 1000;
  const { measurement } = measured;
  const record = trialRecordOf(task, { trial: 0, config, candidate: made, measurement, seconds });
  log.append([record]);
  return { record, index, preset: true, candidate: made };
}
