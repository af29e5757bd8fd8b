/** Rules that encode what is known to be good, for a page: they need no device and take milliseconds. */
import { checkArgument } from "../base/check_options.ts";
import { match as matchOf, type Matched, type Ruled, schedule as scheduleOf } from "../dlight/schedule.ts";
import type { PrimFunc } from "../ir/func.ts";
import { programKind } from "../ir/kinds.ts";
import { targetKind } from "../target/kinds.ts";
import type { Target } from "../target/target.ts";

export { fallback } from "../dlight/fallback/fallback.ts";
export { type Ruled, rules } from "../dlight/schedule.ts";
export type { Matched };

/**
 * Schedules a program by the first rule that matches it, at the rule's presets for the target.
 *
 * @throws {OptionError} for an argument of a wrong kind
 * @throws {TunebookError} if no rule matches the program
 */
export function schedule(func: PrimFunc, target: Target): Ruled {
  checkArgument("dlight.schedule", "func", func, programKind);
  checkArgument("dlight.schedule", "target", target, targetKind);
  return scheduleOf(func, target);
}

/**
 * Finds the template of the first rule that matches a program, and says why the rules before it did not.
 *
 * @throws {OptionError} for an argument of a wrong kind
 * @throws {TunebookError} if no rule takes the program
 */
export function match(func: PrimFunc, target: Target): Matched {
  checkArgument("dlight.match", "func", func, programKind);
  checkArgument("dlight.match", "target", target, targetKind);
  return matchOf(func, target);
}
