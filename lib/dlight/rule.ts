import { checkArgument, type Kind } from "../base/check_options.ts";
import { having } from "../base/option_kinds.ts";
import { programKind } from "../ir/kinds.ts";
import { targetKind } from "../target/kinds.ts";
import type { PrimFunc } from "../ir/func.ts";
import type { Template } from "../space/template.ts";
import { after, normalFormOf } from "./normal_form.ts";
import type { Target } from "../target/target.ts";

/** The verdict of a rule: a template for the program, or the reason why it does not match. */
export type RuleMatch =
  | { readonly template: Template; readonly because: string }
  | { readonly template?: undefined; readonly because: string };

/** A rule: it recognises a kind of program by its loops and accesses, never by its name. */
export interface Rule {
  /** Its name, as records hold it. */
  readonly name: string;
  /** Gives the template for a program, or the reason why the rule does not match. */
  readonly match: (func: PrimFunc, target: Target) => RuleMatch;
}

/** The kind of a rule. */
export const ruleKind: Kind<Rule> = having("a rule, as dlight.rules has them", "match");

/** A rule in two parts: what it looks for in a program, and what it makes of that. */
interface RuleParts<Found extends object> {
  /** Its name, as records hold it. */
  readonly name: string;
  /** Gives what the template needs to know of a program, or the reason why the rule does not match. */
  readonly find: (func: PrimFunc) => Found | string;
  /** Gives the template, or the reason why the rule does not match. */
  readonly take: (found: Found, target: Target, func: PrimFunc) => RuleMatch;
}

/**
 * Gives a rule whose `match` checks its arguments, and looks at programs in their normal form: its template begins with the
 * steps that make it.
 */
export function checkedRule<Found extends object>({ name, find, take }: RuleParts<Found>): Rule {
  return checkedAsGiven({
    name,
    match: (func, target) => {
      const form = normalFormOf(func);
      const found = find(form.func);
      if (typeof found === "string") return { because: found };
      const taken = take(found, target, form.func);
      return taken.template ? { ...taken, template: after(form.steps, taken.template) } : taken;
    },
  });
}

/** Gives a rule whose `match` checks its arguments, and looks at programs as they are given. */
export function checkedAsGiven({ name, match }: Rule): Rule {
  const where = `match of rule ${name}`;
  return {
    name,
    match: (func, target) => {
      checkArgument(where, "func", func, programKind);
      checkArgument(where, "target", target, targetKind);
      return match(func, target);
    },
  };
}

/** The verdict of one rule, as text. */
export interface Why {
  /** The rule. */
  readonly rule: string;
  /** Whether it matches the program. */
  readonly matched: boolean;
  /** Why, in words. */
  readonly because: string;
  /** What went wrong where it matched and its template failed at its presets; then `matched` is false. */
  readonly failed?: string;
}
