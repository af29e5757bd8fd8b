import { TOO_DEEP, withinStack } from "../base/within_stack.ts";
import { TunebookError } from "../base/error.ts";
import { checkInPlace } from "../ir/in_place.ts";
import type { PrimFunc } from "../ir/func.ts";
import type { Trace } from "../schedule/trace.ts";
import type { ConfigSpace } from "../space/config_space.ts";
import type { Config } from "../space/knobs.ts";
import { runAtPresets, spaceOf, type Template } from "../space/template.ts";
import type { Target } from "../target/target.ts";
import { scatterRule } from "./rules/scatter.ts";
import { bestPositionRule } from "./rules/best_position.ts";
import { conv2dRule } from "./rules/conv2d.ts";
import { elementwiseRule } from "./rules/elementwise.ts";
import { fallback } from "./fallback/fallback.ts";
import { gemvRule } from "./rules/gemv.ts";
import { generalReductionRule } from "./rules/general_reduction.ts";
import { matmulRule } from "./rules/matmul.ts";
import { poolRule } from "./rules/pool.ts";
import { reductionRule } from "./rules/reduction.ts";
import { reductionChainRule } from "./rules/reduction_chain.ts";
import type { Rule, Why } from "./rule.ts";
import { transposeRule } from "./rules/transpose.ts";

/** The rules in order; the first that matches and whose template works schedules the program. */
export const rules: readonly Rule[] = [
  matmulRule,
  gemvRule,
  conv2dRule,
  poolRule,
  reductionRule,
  generalReductionRule,
  reductionChainRule,
  transposeRule,
  bestPositionRule,
  scatterRule,
  elementwiseRule,
  fallback,
];

/** A program scheduled by a rule. */
export interface Ruled {
  /** The scheduled program. */
  readonly func: PrimFunc;
  /** The steps that schedule it. */
  readonly trace: Trace;
  /** The rule that fired. */
  readonly rule: string;
  /** The values of its knobs. */
  readonly preset: Config;
  /** The space that its template declares around them. */
  readonly space: ConfigSpace;
  /** Every rule that was asked, with its reason. */
  readonly why: readonly Why[];
}

/** A rule that takes a program: its name, its template, and what every rule that was asked says. */
export interface Matched {
  readonly rule: string;
  readonly template: Template;
  readonly why: readonly Why[];
}

/**
 * Finds the first rule that matches `func` and whose template works, and says why the ones before it are not taken. A
 * template works if its space can be declared and, where `then` is given, if that goes on from its presets. The
 * last rule of `among` is taken without a trial.
 *
 * @throws {TunebookError} an error that names all rules where none matches
 */
export function match(
  func: PrimFunc,
  target: Target,
  among: readonly Rule[] = rules,
  then?: (func: PrimFunc) => unknown,
): Matched {
  return firstThatWorks(func, target, among, (template, isLast) => {
    if (isLast) return;
    if (then) then(runAtPresets(func, template).schedule.func);
    else spaceOf(func, template);
  }).matched;
}

/**
 * Schedules a program by the first rule that matches it, at the rule's presets for the target. Where a template
 * fails there, the next rule that matches is taken; `why` says what failed. Needs no device and takes milliseconds.
 */
export function schedule(func: PrimFunc, target: Target, among: readonly Rule[] = rules): Ruled {
  return scheduleThen(func, target, among, (ruled) => ruled).ruled;
}

/**
 * Schedules a program as `schedule` does, and goes on with `then`, as compiling it. A rule works only if `then` does:
 * where it throws a {@linkcode TunebookError}, the next rule that matches is taken.
 */
export function scheduleThen<T>(
  func: PrimFunc,
  target: Target,
  among: readonly Rule[],
  then: (func: PrimFunc) => T,
): { readonly ruled: Ruled; readonly made: T } {
  const { matched, made } = firstThatWorks(func, target, among, (template) => {
    const at = runAtPresets(func, template);
    return { at, made: then(at.schedule.func) };
  });
  const { schedule: sch, space } = made.at;
  const { rule, why } = matched;
  const ruled = { func: sch.func, trace: sch.trace, rule, preset: space.at(space.preset), space, why };
  return { ruled, made: made.made };
}

/** The way down: asks the rules in order, until what `attempt` does with a rule's template works. */
function firstThatWorks<T>(
  func: PrimFunc,
  target: Target,
  among: readonly Rule[],
  attempt: (template: Template, isLast: boolean) => T,
): { readonly matched: Matched; readonly made: T } {
  const tooDeep = () => new TunebookError(`cannot schedule ${func.name}: ${TOO_DEEP}`);
  withinStack(() => checkInPlace(func), tooDeep);
  const why: Why[] = [];
  let last: TunebookError | undefined;
  for (const [k, asked] of among.entries()) {
    const rule = asked.name;
    const { template, because } = withinStack(() => asked.match(func, target), tooDeep);
    if (!template) {
      why.push({ rule, matched: false, because });
      continue;
    }
    try {
      const made = withinStack(() => attempt(template, k === among.length - 1), tooDeep);
      why.push({ rule, matched: true, because });
      return { matched: { rule, template, why }, made };
    } catch (e) {
      if (!(e instanceof TunebookError)) throw e;
      last = e;
      const failed = e.message.split("\n")[0] ?? "";
      why.push({ rule, matched: false, because: `${because}; but its template fails: ${failed}`, failed });
    }
  }
  if (last) throw last;
  const said = why.map((w) => `${w.rule}: ${w.because}`).join("; ");
  throw new TunebookError(
    `no rule of ${among.length} schedules ${func.name} (${said}); Fallback schedules any program`,
  );
}
