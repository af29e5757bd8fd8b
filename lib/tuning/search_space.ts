import { attempt } from "../measure/executable_of.ts";
import type { Failed } from "../measure/measurement.ts";
import type { Candidate } from "../measure/measuring.ts";
import type { PrimFunc } from "../ir/func.ts";
import { ScheduleError } from "../schedule/error.ts";
import type { Schedule } from "../schedule/schedule.ts";
import type { ConfigSpace } from "../space/config_space.ts";
import { type Config, RejectedConfig } from "../space/knobs.ts";
import { narrow, type Narrowing } from "../space/narrow.ts";
import { instantiate, spaceOf, type Template } from "../space/template.ts";

/** Schedules that are remembered. */
const REMEMBERED = 256;

/** A program's space, and the schedules of its points. */
export class SearchSpace {
  readonly space: ConfigSpace;
  readonly #schedules = new Map<number, Schedule | undefined>();

  constructor(readonly func: PrimFunc, readonly template: Template, narrowing: Narrowing = {}) {
    this.space = narrow(spaceOf(func, template), narrowing);
  }

  /** Index of the rule's own point. */
  get preset(): number {
    return this.space.preset;
  }

  /** The schedule of a point; undefined where the template or a step refuses it. */
  scheduleAt(index: number): Schedule | undefined {
    if (this.#schedules.has(index)) return this.#schedules.get(index);
    const schedule = scheduleAt(this.func, this.template, this.space, this.space.at(index));
    this.#schedules.set(index, schedule);
    if (this.#schedules.size > REMEMBERED) {
      this.#schedules.delete(this.#schedules.keys().next().value as number);
    }
    return schedule;
  }

  /** Gives the candidate of a point, or the reason why it has none. */
  candidateAt(index: number): Candidate | Failed {
    const known = this.#schedules.get(index);
    return attempt(() => {
      const schedule = known ?? instantiate(this.func, this.template, this.space, this.space.at(index));
      return { trace: schedule.trace.toJSON() };
    });
  }
}

/** The schedule of a configuration; undefined where the template or a step refuses it. */
export function scheduleAt(
  func: PrimFunc,
  template: Template,
  space: ConfigSpace,
  config: Config,
): Schedule | undefined {
  try {
    return instantiate(func, template, space, config);
  } catch (e) {
    if (e instanceof RejectedConfig || e instanceof ScheduleError) return undefined;
    throw e;
  }
}
