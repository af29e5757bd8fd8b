import type { Budget } from "../autotvm/budget.ts";
import { createTuner } from "../autotvm/create_tuner.ts";
import { loopFeatures } from "../autotvm/features.ts";
import type { Tuner } from "../autotvm/tuner.ts";
import { estimatedNs } from "../estimate/time.ts";
import { priorFrom } from "./history.ts";
import type { SearchOptions } from "./search_options.ts";
import type { SearchSpace } from "./search_space.ts";
import type { TuningTask } from "./tuning_task.ts";

/**
 * Creates the tuner of a task. It has access to the schedules of its points and to records of other searches.
 *
 * @throws {TunerError} for an unknown tuner
 */
export function tunerFor(
  { target, tuner, start, seed }: TuningTask,
  space: SearchSpace,
  { trials }: Budget,
  history: SearchOptions["history"],
): Tuner {
  const prior = history && priorFrom(history);
  return createTuner(tuner, {
    space: space.space,
    ...(prior ? { prior } : {}),
    seed,
    start: start === "scratch" ? "scratch" : "preset",
    valid: (index) => space.scheduleAt(index) !== undefined,
    features: (index) => {
      const schedule = space.scheduleAt(index);
      return schedule && loopFeatures(schedule.func, target);
    },
    estimate: (index) => {
      const schedule = space.scheduleAt(index);
      return schedule && estimatedNs(schedule.func, target);
    },
    ...(trials === undefined ? {} : { trials }),
  });
}
