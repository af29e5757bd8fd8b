import type { PrimFunc } from "../ir/func.ts";
import { showStep } from "../schedule/step.ts";
import { walk, type WalkedStep } from "../schedule/walk.ts";
import type { Config } from "../space/knobs.ts";
import { showValue } from "../space/knob.ts";
import type { Target } from "../target/target.ts";
import { presetSource } from "./preset_sources.ts";
import type { Rule, Why } from "./rule.ts";
import { rules, schedule } from "./schedule.ts";

/** The explanation of a program's schedule. */
export class Explanation {
  /** Takes the verdict of each rule, and the schedule by the first that matches. */
  constructor(
    readonly func: PrimFunc,
    readonly profile: string,
    /** The rule that schedules it: the first that matches. */
    readonly rule: string,
    /** The verdict of every rule, including rules after the first that matches. */
    readonly verdicts: readonly Why[],
    /** The numbers that the rule takes, by knob. */
    readonly preset: Config,
    /** The source of the numbers. */
    readonly source: string,
    readonly steps: readonly WalkedStep[],
  ) {}

  /** The explanation as text. */
  toString(): string {
    const said = this.verdicts.map((w) => `  ${w.matched ? "yes" : "no "} ${w.rule}: ${w.because}`);
    const knobs = Object.entries(this.preset).map(([name, value]) => `  ${name} = ${showValue(value)}`);
    const steps = this.steps.map((s, k) => `  ${`${k + 1}`.padStart(2)} ${showStep(s.step)}`);
    return [
      `${this.func.name} is scheduled by ${this.rule}, for ${this.profile}`,
      "What the rules say, in their order:",
      ...said,
      `The preset (${this.source}):`,
      ...(knobs.length > 0 ? knobs : ["  nothing to choose"]),
      "The steps:",
      ...steps,
    ].join("\n");
  }
}

/**
 * Explains the schedule of `func`: every rule's verdict with its reason, the numbers and their source, and each step with
 * the program before and after it. `String(…)` gives a summary.
 */
export function explain(func: PrimFunc, target: Target, among: readonly Rule[] = rules): Explanation {
  const ruled = schedule(func, target, among);
  const verdicts = among.map((rule, k): Why => {
    const asked = ruled.why[k];
    if (asked) return asked;
    const { template, because } = rule.match(func, target);
    return { rule: rule.name, matched: template !== undefined, because };
  });
  const { rule, preset, trace } = ruled;
  const source = presetSource(target), steps = walk(func, trace);
  return new Explanation(func, target.profile, rule, verdicts, preset, source, steps);
}
