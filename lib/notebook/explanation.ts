/** Shows in a notebook's cell why a program is scheduled as it is: each rule's verdict, the preset, and the steps. */
import { printable, printableLine } from "../base/printable.ts";
import type { WalkedStep } from "../schedule/walk.ts";
import { showValue } from "../space/knob.ts";
import type { Config } from "../space/knobs.ts";
import { Steps } from "./steps.ts";
import { escapeHtml, htmlOf } from "./tables.ts";
import { View } from "./view.ts";

/** The fields of an explanation that `dlight.explain` returns. */
export interface Explained {
  /** The program. */
  readonly func: { readonly name: string };
  /** The profile of the target. */
  readonly profile: string;
  /** The rule that schedules the program. */
  readonly rule: string;
  /** For each rule that was tried: whether it matches, and why. */
  readonly verdicts: readonly {
    readonly rule: string;
    readonly matched: boolean;
    readonly because: string;
  }[];
  /** The preset that the rule takes for the target. */
  readonly preset: Config;
  /** Where the preset comes from, in words. */
  readonly source: string;
  /** The steps of the schedule, with the program before and after each. */
  readonly steps: readonly WalkedStep[];
  /** Returns the explanation as text. */
  toString(): string;
}

/** An explanation as text, and as HTML in which each step unfolds to its change. */
export class ExplanationView extends View {
  /** Takes an explanation. */
  constructor(readonly explained: Explained) {
    super();
  }

  /** Returns the explanation as HTML. */
  override html(): string {
    const e = this.explained;
    const knobs = Object.entries(e.preset).map(([knob, value]) => [knob, showValue(value)]);
    return [
      `<p><code>${escapeHtml(printable(e.func.name))}</code> is scheduled by <b>${escapeHtml(e.rule)}</b>, ` +
      `for ${escapeHtml(e.profile)}.</p>`,
      htmlOf([
        ["rule", "matches", "because"],
        ...e.verdicts.map((v) => [v.rule, v.matched ? "yes" : "no", printableLine(v.because)]),
      ]),
      `<p>The preset: ${escapeHtml(e.source)}.</p>`,
      knobs.length > 0 ? htmlOf([["knob", "value"], ...knobs]) : "<p>There is nothing to choose.</p>",
      `<p>The steps; each unfolds to what it changed:</p>`,
      new Steps(e.steps).html(),
    ].join("");
  }

  /** Returns the explanation as text. */
  override text(): string {
    return printable(`${this.explained}`);
  }
}
