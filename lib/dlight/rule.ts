import type { PrimFunc } from "../ir/func.ts";
import type { Template } from "../space/template.ts";
import type { Target } from "../target/target.ts";

/** What a rule says to a program: a template for it, or why it is not for it. */
export type RuleMatch =
  | { readonly template: Template; readonly because: string }
  | { readonly template?: undefined; readonly because: string };

/** Sees whether a kind of program is its own, by its loops and accesses and never by its name. */
export interface Rule {
  /** Its name, as records hold it. */
  readonly name: string;
  /** Gives the template for a program, or why the rule does not take it. */
  readonly match: (func: PrimFunc, target: Target) => RuleMatch;
}

/** What one rule said. */
export interface Why {
  /** The rule. */
  readonly rule: string;
  /** Whether it takes the program. */
  readonly matched: boolean;
  /** Why, in words. */
  readonly because: string;
  /** What went wrong where it matched and its template failed at its presets; then `matched` is false. */
  readonly failed?: string;
}
