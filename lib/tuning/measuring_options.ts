import type { MeasuringOptions } from "../measure/measuring.ts";
import type { SearchOptions } from "./search_options.ts";
import type { TuningTask } from "./tuning_task.ts";

/** The measuring options of a task; undefined options are left out. */
export function measuringOptions(
  { func, target, shapes, seed }: Pick<TuningTask, "func" | "target" | "shapes" | "seed">,
  { deadlineMs, maxMemory, inputs }: Pick<SearchOptions, "deadlineMs" | "maxMemory" | "inputs">,
): MeasuringOptions {
  return {
    func,
    target,
    shapes,
    seed,
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
    ...(maxMemory === undefined ? {} : { maxMemory }),
    ...(inputs === undefined ? {} : { inputs }),
  };
}
