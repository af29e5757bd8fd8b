import type { MeasuringOptions } from "../measure/measuring.ts";
import type { SearchOptions } from "./search_options.ts";
import type { TuningTask } from "./tuning_task.ts";

/** What a task is measured with. What is not given is left out. */
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
