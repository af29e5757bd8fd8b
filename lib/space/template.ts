import type { PrimFunc } from "../ir/func.ts";
import { Schedule } from "../schedule/schedule.ts";
import { ConfigSpace } from "./config_space.ts";
import { DeclaringKnobs } from "./declare.ts";
import { FixedKnobs } from "./fixed.ts";
import type { Config, Knobs } from "./knobs.ts";
import { RejectedConfig } from "./knobs.ts";

/** Schedules a program, and declares the numbers that may vary where it uses them. */
export type Template = (sch: Schedule, knobs: Knobs) => void;

/**
 * The space of a template on a program: every knob that it declares while it runs at its presets.
 *
 * @throws {RejectedConfig} if the template rejects its own presets
 */
export function spaceOf(func: PrimFunc, template: Template): ConfigSpace {
  return runAtPresets(func, template).space;
}

/** The schedule at a template's presets, with the space that it declared on the way. */
export function runAtPresets(
  func: PrimFunc,
  template: Template,
): { readonly schedule: Schedule; readonly space: ConfigSpace } {
  const knobs = new DeclaringKnobs();
  const schedule = new Schedule(func);
  template(schedule, knobs);
  const [reason] = knobs.rejections;
  if (reason !== undefined) {
    throw new RejectedConfig(`the template rejects its own presets for ${func.name}: ${reason}`);
  }
  return { schedule, space: new ConfigSpace(knobs.knobs) };
}

/**
 * The schedule at one point of a template's space.
 *
 * @throws {RejectedConfig} if the template's own constraints rule the point out
 * @throws {ScheduleError} if a step is not legal there
 */
export function instantiate(
  func: PrimFunc,
  template: Template,
  space: ConfigSpace,
  config: Config,
): Schedule {
  const knobs = new FixedKnobs(space, config);
  const schedule = new Schedule(func);
  template(schedule, knobs);
  knobs.finish();
  return schedule;
}
