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
  readonly func: { readonly name: string };
  readonly profile: string;
  readonly rule: string;
  readonly verdicts: readonly {
    readonly rule: string;
    readonly matched: boolean;
    readonly because: string;
  }[];
  readonly preset: Config;
  readonly source: string;
  readonly steps: readonly WalkedStep[];
  toString(): string;
}

/** An explanation as text, and as HTML in which each step unfolds to its change. */
export class ExplanationView extends View {
  constructor(readonly explained: Explained) {
    super();
  }

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

  override text(): string {
    return printable(`${this.explained}`);
  }
}
