import { TOO_DEEP, withinStack } from "../base/within_stack.ts";
import { TunebookError } from "../base/error.ts";
import type { PrimFunc } from "../ir/func.ts";
import type { Trace } from "../schedule/trace.ts";
import type { ConfigSpace } from "../space/config_space.ts";
import type { Config } from "../space/knobs.ts";
import { runAtPresets, type Template } from "../space/template.ts";
import type { Target } from "../target/target.ts";
import { conv2dRule } from "./rules/conv2d.ts";
import { elementwiseRule } from "./rules/elementwise.ts";
import { fallback } from "./fallback/fallback.ts";
import { gemvRule } from "./rules/gemv.ts";
import { generalReductionRule } from "./rules/general_reduction.ts";
import { matmulRule } from "./rules/matmul.ts";
import { poolRule } from "./rules/pool.ts";
import { reductionRule } from "./rules/reduction.ts";
import type { Rule, Why } from "./rule.ts";
import { transposeRule } from "./rules/transpose.ts";

/** The rules in order; the first that matches schedules the program. */
export const rules: readonly Rule[] = [
  matmulRule,
  gemvRule,
  conv2dRule,
  poolRule,
  reductionRule,
  generalReductionRule,
  transposeRule,
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

/** The template of the first rule that matches `func`, and why the ones before it did not. */
export function match(
  func: PrimFunc,
  target: Target,
  among: readonly Rule[] = rules,
): { readonly rule: string; readonly template: Template; readonly why: readonly Why[] } {
  const why: Why[] = [];
  for (const rule of among) {
    const { template, because } = rule.match(func, target);
    why.push({ rule: rule.name, matched: template !== undefined, because });
    if (template) return { rule: rule.name, template, why };
  }
  const said = why.map((w) => `${w.rule}: ${w.because}`).join("; ");
  throw new TunebookError(
    `no rule of ${among.length} schedules ${func.name} (${said}); Fallback schedules any program`,
  );
}

/**
 * Schedules a program by the first rule that matches it, at the rule's presets for the target. Needs no
 * device and takes milliseconds.
 */
export function schedule(func: PrimFunc, target: Target, among: readonly Rule[] = rules): Ruled {
  return withinStack(
    () => scheduleBy(func, target, among),
    () => new TunebookError(`cannot schedule ${func.name}: ${TOO_DEEP}`),
  );
}

function scheduleBy(func: PrimFunc, target: Target, among: readonly Rule[]): Ruled {
  const { rule, template, why } = match(func, target, among);
  const { schedule: sch, space } = runAtPresets(func, template);
  return { func: sch.func, trace: sch.trace, rule, preset: space.at(space.preset), space, why };
}
