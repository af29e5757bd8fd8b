/** The progress of a search, as a reporter shows it and a budget counts it. */
import type { Budget } from "../autotvm/budget.ts";
import { fastest } from "../records/best.ts";
import type { TrialRecord } from "../records/record.ts";
import type { Progress } from "./reporter.ts";
import type { TuningTask } from "./tuning_task.ts";

/** Trials since the fastest one. */
export function sinceBest(records: readonly TrialRecord[]): number {
  let best = Infinity, at = -1;
  records.forEach((r, k) => {
    if (r.status !== "ok" || !(r.medianMs < best)) return;
    best = r.medianMs;
    at = k;
  });
  return records.length - 1 - at;
}

/** Gives the state as a reporter shows it. */
export function progressOf(
  task: Pick<TuningTask, "func" | "method">,
  records: readonly TrialRecord[],
  budget: Budget,
  secondsSpent: number,
): Progress {
  const best = fastest(records);
  return {
    task: task.func.name,
    method: task.method,
    trials: records.length,
    failed: records.filter((r) => r.status !== "ok").length,
    failures: countsOf(records.flatMap((r) => r.status === "ok" ? [] : [r.status])),
    secondsSpent,
    ...(best ? { bestGflops: best.gflops, bestGbps: best.gbps, bestMs: best.medianMs } : {}),
    ...(budget.seconds === undefined ? {} : { secondsTotal: budget.seconds }),
    ...(budget.trials === undefined ? {} : { trialsTotal: budget.trials }),
  };
}

function countsOf<K extends string>(kinds: readonly K[]): Readonly<Partial<Record<K, number>>> {
  const counts: Partial<Record<K, number>> = {};
  for (const kind of kinds) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}
