import { unlessAborted } from "../base/cancellation.ts";
import type { Candidate, Measuring } from "../measure/measuring.ts";
import { RecordLog } from "../records/log.ts";
import type { FixedMethod } from "./methods.ts";
import { SearchSpace } from "./search_space.ts";
import type { Trial } from "./trial.ts";
import { identityOf, isOf, recordOf, type TuningTask } from "./tuning_task.ts";

/**
 * Measures a method that has one answer, and records it like any trial; the trial that the log holds already is not
 * measured again. Undefined where the signal stops it.
 */
export async function measureFixed(
  measuring: Measuring,
  base: Omit<TuningTask, "method" | "rule" | "tuner" | "start">,
  method: FixedMethod,
  path: string | undefined,
  signal: AbortSignal,
): Promise<Trial | undefined> {
  const rule = "source" in method ? "source" : method.rule;
  const task: TuningTask = { ...base, method: method.name, rule, tuner: "none", start: "preset" };
  const space = "source" in method ? undefined : new SearchSpace(base.func, method.template);
  const index = space?.preset ?? 0;
  const config = space?.space.at(index) ?? {};
  const candidate = space ? space.candidateAt(index) : { source: (method as Ownership).source };
  const made = "status" in candidate ? undefined : candidate;
  using log = path === undefined ? RecordLog.memory() : await RecordLog.open(path, identityOf(task));
  const earlier = log.records.find((r) => isOf(task, r) && r.config === JSON.stringify(config));
  if (earlier && rule !== "source") return { record: earlier, index, preset: true, candidate: made };
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
  const record = recordOf(task, { trial: 0, config, candidate: made, measurement, seconds });
  log.append([record]);
  return { record, index, preset: true, candidate: made };
}

type Ownership = Extract<Candidate, { readonly source: unknown }>;
