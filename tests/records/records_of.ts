/** Records as a search makes them, with made-up times. */
import { executableOf } from "../../lib/measure/executable_of.ts";
import { SearchSpace } from "../../lib/tuning/search_space.ts";
import { checkTask, trialRecordOf, type TuningTask } from "../../lib/tuning/tuning_task.ts";
import { match } from "../../lib/dlight/schedule.ts";
import type { PrimFunc } from "../../lib/ir/func.ts";
import type { Shapes } from "../../lib/ir/shapes.ts";
import type { TrialRecord } from "../../lib/records/record.ts";
import type { Target } from "../../lib/target/target.ts";

/** Points of the space of `func` that schedule and compile for `target`, the rule's own first. */
export function pointsOf(func: PrimFunc, target: Target, count: number): readonly number[] {
  const { template } = match(func, target);
  const points: number[] = [], searched = new SearchSpace(func, template);
  const { space } = searched;
  for (const index of [space.preset, ...space.neighbours(space.preset)]) {
    if (points.length === count) break;
    const candidate = searched.candidateAt(index);
    if (!("status" in candidate) && "launches" in executableOf(func, candidate, target)) points.push(index);
  }
  return points;
}

/** One record a time: the first of the rule's own point, the others of points near it. */
export function recordsOf(
  func: PrimFunc,
  target: Target,
  times: readonly number[],
  shapes: Shapes = {},
): readonly TrialRecord[] {
  const { rule, template } = match(func, target);
  const searched = new SearchSpace(func, template);
  const task: TuningTask = {
    func,
    target,
    shapes: checkTask(func, shapes, 0),
    seed: 0,
    method: "autotvm+dlight",
    rule,
    tuner: "xgb",
    start: "preset",
  };
  return pointsOf(func, target, times.length).map((index, trial) => {
    const candidate = searched.candidateAt(index);
    return trialRecordOf(task, {
      trial,
      config: searched.space.at(index),
      candidate: "status" in candidate ? undefined : candidate,
      measurement: {
        status: "ok",
        samples: [times[trial] as number],
        clock: target.clock,
        compileMs: 1,
        maxError: 0,
      },
      seconds: trial,
    });
  });
}
