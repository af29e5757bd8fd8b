/** Templates: one function that schedules a program and declares what may vary in it. */
import { checkArgument, type Kind } from "../base/check_options.ts";
import { aFunction, text } from "../base/option_kinds.ts";
import { shownValue } from "../base/shown_value.ts";
import { programKind } from "../ir/kinds.ts";
import { TunebookError } from "../base/error.ts";
import type { PrimFunc } from "../ir/func.ts";
import { Schedule } from "../schedule/schedule.ts";
import { ConfigSpace, spaceKind } from "./config_space.ts";
import { DeclaringKnobs } from "./declaring_knobs.ts";
import { SpaceError } from "./error.ts";
import { FixedKnobs } from "./fixed_knobs.ts";
import { type Config, type Knobs, RejectedConfig } from "./knobs.ts";

/** Schedules the program of `sch`, asking `knobs` for each number where it uses it. */
export type Template = (sch: Schedule, knobs: Knobs) => void;

/** The kind of an argument that is a template. */
export const templateKind: Kind<Template> = aFunction("a template: (schedule, knobs) => { … }");

/**
 * Names a template; records hold the name.
 *
 * @throws {OptionError} for an argument of a wrong kind
 * @throws {SpaceError} for a name without a letter, or of more than 100
 */
export function namedTemplate(name: string, template: Template): Template {
  checkArgument("template", "name", name, text);
  checkArgument("template", "template", template, templateKind);
  if (!/\p{L}/u.test(name) || name.length > 100) {
    throw new SpaceError(
      `expected a name of 1 to 100 characters with a letter among them, got ${shownValue(name)}, in template`,
    );
  }
  const own: Template = (sch, knobs) => template(sch, knobs);
  return Object.defineProperty(own, "name", { value: name });
}

/** A schedule, and the space that its template declares around it. */
export interface AtPresets {
  readonly schedule: Schedule;
  readonly space: ConfigSpace;
}

/**
 * Finds the space that `template` declares for `func`. The template must run to its end at its presets, because it
 * declares knobs as it runs. Its constraints may refuse the presets.
 *
 * @throws {OptionError} for an argument of a wrong kind
 * @throws {SpaceError} where a declaration is wrong, or the template fails at its presets
 */
export function spaceOf(func: PrimFunc, template: Template): ConfigSpace {
  checkArgument("spaceOf", "func", func, programKind);
  checkArgument("spaceOf", "template", template, templateKind);
  return declare(func, template).space;
}

/**
 * Runs `template` at its presets: no search and no device.
 *
 * @throws {RejectedConfig} where the template rejects its own presets
 * @throws {SpaceError} where a declaration is wrong, or the template fails at its presets
 */
export function runAtPresets(func: PrimFunc, template: Template): AtPresets {
  const { schedule, space, rejections } = declare(func, template);
  if (rejections.length > 0) {
    throw new RejectedConfig(
      `the template rejects its presets for ${func.name}, ${space.show(space.at(space.preset))}: ` +
        rejections.join("; "),
    );
  }
  return { schedule, space };
}

/**
 * The schedule at one configuration.
 *
 * @throws {OptionError} for an argument of a wrong kind
 * @throws {RejectedConfig} where the template rejects it
 * @throws {ScheduleError} where a step of the schedule is not legal there
 * @throws {SpaceError} where `config` is none of `space`, or the template declares other knobs than `space`
 */
export function instantiate(
  func: PrimFunc,
  template: Template,
  space: ConfigSpace,
  config: Config,
): Schedule {
  checkArgument("instantiate", "func", func, programKind);
  checkArgument("instantiate", "template", template, templateKind);
  checkArgument("instantiate", "space", space, spaceKind);
  const schedule = new Schedule(func);
  const knobs = new FixedKnobs(space, config);
  template(schedule, knobs);
  knobs.finish();
  return schedule;
}

function declare(func: PrimFunc, template: Template): AtPresets & { readonly rejections: readonly string[] } {
  const schedule = new Schedule(func);
  const knobs = new DeclaringKnobs();
  try {
    template(schedule, knobs);
  } catch (error) {
    if (!(error instanceof TunebookError) || error instanceof SpaceError) throw error;
    // A requirement that was missed is the likelier cause, and says it in the template's own words.
    const reasons = [...knobs.rejections, error.message].join("; ");
    throw new SpaceError(
      `cannot declare the space of ${func.name}: the template must run to its end at its presets, ` +
        `and it failed after ${knobs.knobs.length} knobs: ${reasons}`,
      { cause: error },
    );
  }
  return { schedule, space: new ConfigSpace(knobs.knobs, knobs.constraints), rejections: knobs.rejections };
}
