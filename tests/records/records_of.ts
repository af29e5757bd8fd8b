/** Records as a search makes them, with made-up times. */
import { candidateAt } from "../../lib/tuning/candidate.ts";
import { checkSubject, recordOf } from "../../lib/tuning/tuning_task.ts";
import { match } from "../../lib/dlight/schedule.ts";
import type { PrimFunc } from "../../lib/ir/func.ts";
import type { Shapes } from "../../lib/ir/shapes.ts";
import type { TrialRecord } from "../../lib/records/record.ts";
import { spaceOf } from "../../lib/space/template.ts";
import type { Target } from "../../lib/target/target.ts";

/** Points of the space of `func` that schedule and compile for `target`, the rule's own first. */
export function pointsOf(func: PrimFunc, target: Target, count: number): readonly number[] {
  const { template } = match(func, target);
  const space = spaceOf(func, template);
  const points: number[] = [];
  for (const index of [space.preset, ...space.neighbours(space.preset)]) {
    if (points.length === count) break;
    if ("launches" in candidateAt(func, template, space, space.at(index), target).outcome) points.push(index);
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
  const space = spaceOf(func, template);
  const subject = {
    func,
    target,
    shapes: checkSubject(func, shapes, 0),
    seed: 0,
    contestant: "autotvm+dlight",
    rule,
    tuner: "xgb",
    start: "preset",
  };
  return pointsOf(func, target, times.length).map((index, trial) =>
    recordOf(subject, {
      trial,
      config: space.at(index),
      candidate: candidateAt(func, template, space, space.at(index), target),
      measurement: {
        status: "ok",
        samples: [times[trial] as number],
        clock: target.clock,
        compileMs: 1,
        maxError: 0,
      },
      seconds: trial,
    })
  );
}
