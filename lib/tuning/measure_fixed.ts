import { unlessAborted } from "../base/cancellation.ts";
import { hashOf } from "../base/hash.ts";
import type { KernelSource } from "../measure/kernel_source.ts";
import type { Failed } from "../measure/measurement.ts";
import type { Candidate, Measuring } from "../measure/measuring.ts";
import { RecordLog } from "../records/log.ts";
import type { Config } from "../space/knobs.ts";
import type { FixedMethod } from "./methods.ts";
import { SearchSpace } from "./search_space.ts";
import type { Trial } from "./trial.ts";
import { isOf, logIdentityOf, trialRecordOf, type TuningTask } from "./tuning_task.ts";

/** The one point of a method. */
interface Point {
  readonly rule: string;
  readonly index: number;
  readonly config: Config;
  readonly candidate: Candidate | Failed;
}

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
  const { rule, index, config, candidate } = pointOf(method, base);
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

function pointOf(method: FixedMethod, { func }: Pick<TuningTask, "func">): Point {
  if ("source" in method) {
    const { source } = method;
    return { rule: "source", index: 0, config: { source: keyOf(source) }, candidate: { source } };
  }
  const space = new SearchSpace(func, method.template);
  const index = space.preset;
  return { rule: method.rule, index, config: space.space.at(index), candidate: space.candidateAt(index) };
}

/** What tells a source from another in a log. */
function keyOf({ source, workgroups, entryPoint, bindings, uniforms }: KernelSource): string {
  return hashOf(JSON.stringify([source, workgroups, entryPoint, bindings, uniforms]));
}
