/** Public calls with plain data as results: they check their arguments, and their results show themselves. */
import { checkArgument, type Kind } from "../base/check_options.ts";
import { arrayOf } from "../base/option_kinds.ts";
import { compile } from "../codegen/compile.ts";
import type { Executable } from "../codegen/executable.ts";
import { explain, type Explanation } from "../dlight/explain.ts";
import { type Rule, ruleKind, type Why } from "../dlight/rule.ts";
import type { Template } from "../space/template.ts";
import { match, type Ruled, rules, schedule } from "../dlight/schedule.ts";
import type { PrimFunc } from "../ir/func.ts";
import { programKind } from "../ir/kinds.ts";
import { targetKind } from "../target/kinds.ts";
import type { LowerOptions } from "../lower/pipeline.ts";
import { targetOf } from "../target/profiles.ts";
import type { Profile, Target } from "../target/target.ts";
import { seenAs } from "./view.ts";
import { viewOf } from "./view_registry.ts";

const TARGET: Kind<Target> = {
  ...targetKind,
  takes: 'a target: device.target, or a profile\'s name such as "nvidia"',
};

const AMONG: Kind<readonly Rule[]> = arrayOf(ruleKind);

/** Checks a target. A profile's name gives that profile's target. */
function targetFrom(where: string, target: Target | Profile): Target {
  if (typeof target === "string") return targetOf(target);
  checkArgument(where, "target", target, TARGET);
  return target;
}

function shown<T extends object>(made: T): T {
  seenAs(made, viewOf);
  return made;
}

/**
 * Compiles a scheduled program for a target: WGSL for a GPU, WebAssembly or JavaScript for the CPU. The target is a device's, or the
 * name of a profile. The result shows its kernels.
 *
 * @throws {LowerError} if the schedule can't be lowered to kernels
 * @throws {LimitError} if a kernel exceeds a limit of the device
 * @throws {OptionError} if an argument or option is invalid
 */
export function compileToShow(
  func: PrimFunc,
  target: Target | Profile,
  options: LowerOptions = {},
): Executable {
  checkArgument("compile", "func", func, programKind);
  return shown(compile(func, targetFrom("compile", target), options));
}

/**
 * Schedules a program by the first rule that matches it, at the rule's presets for the target. The target is a device's,
 * or the name of a profile. It needs no device and takes milliseconds. `among` are the rules to try, by default all.
 *
 * @throws {TunebookError} if no rule matches the program
 */
export function scheduleToShow(
  func: PrimFunc,
  target: Target | Profile,
  among: readonly Rule[] = rules,
): Ruled {
  checkArgument("dlight.schedule", "func", func, programKind);
  checkArgument("dlight.schedule", "among", among, AMONG);
  return shown(schedule(func, targetFrom("dlight.schedule", target), among));
}

/**
 * Finds the template of the first rule that matches a program, and says why the rules before it did not. The target is
 * a device's, or a profile's by its name.
 *
 * @throws {TunebookError} if no rule takes the program
 */
export function matchChecked(
  func: PrimFunc,
  target: Target | Profile,
  among: readonly Rule[] = rules,
): { readonly rule: string; readonly template: Template; readonly why: readonly Why[] } {
  checkArgument("dlight.match", "func", func, programKind);
  checkArgument("dlight.match", "among", among, AMONG);
  return match(func, targetFrom("dlight.match", target), among);
}

/**
 * Explains why a program is scheduled as it is: each rule's reason, the numbers that were taken and where they come
 * from, and each step. The target is a device's, or a profile's by its name.
 *
 * @throws {TunebookError} if no rule takes the program
 */
export function explainChecked(
  func: PrimFunc,
  target: Target | Profile,
  among: readonly Rule[] = rules,
): Explanation {
  checkArgument("dlight.explain", "func", func, programKind);
  checkArgument("dlight.explain", "among", among, AMONG);
  return explain(func, targetFrom("dlight.explain", target), among);
}
