/** Why a program is scheduled as it is, for a notebook's cell: what each rule says, the numbers, step after step. */
import { showStep, type Step } from "../schedule/step.ts";
import type { Config } from "../space/knobs.ts";
import { showValue } from "../space/knob.ts";
import type { Bundle } from "./jupyter.ts";
import { escapeHtml, htmlOf } from "./tables.ts";

/** What `dlight.explain` gives. */
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
  readonly steps: readonly { readonly step: Step; readonly before: string; readonly after: string }[];
  toString(): string;
}

/** An explanation as text, and as HTML whose steps unfold to the program after them, with what they changed marked. */
export function explanationBundle(e: Explained): Bundle {
  const name = (text: string) => `<code>${escapeHtml(text)}</code>`;
  const knobs = Object.entries(e.preset).map(([knob, value]) => [knob, showValue(value)]);
  const steps = e.steps.map(({ step, before, after }) =>
    `<li><details><summary>${name(showStep(step))}</summary><pre>${
      changed(before, after)
    }</pre></details></li>`
  );
  const html = [
    `<p>${name(e.func.name)} is scheduled by <b>${escapeHtml(e.rule)}</b>, for ${escapeHtml(e.profile)}.</p>`,
    htmlOf([
      ["rule", "matches", "because"],
      ...e.verdicts.map((v) => [v.rule, v.matched ? "yes" : "no", v.because]),
    ]),
    `<p>The preset: ${escapeHtml(e.source)}.</p>`,
    knobs.length > 0 ? htmlOf([["knob", "value"], ...knobs]) : "<p>There is nothing to choose.</p>",
    `<p>The steps; each unfolds to the program after it, what it changed in bold:</p><ol>${
      steps.join("")
    }</ol>`,
  ];
  return { "text/html": html.join(""), "text/plain": `${e}` };
}

/** The lines of `after`, in bold those that `before` does not have. */
function changed(before: string, after: string): string {
  const old = new Set(before.split("\n"));
  return after.split("\n").map((l) => old.has(l) ? escapeHtml(l) : `<b>${escapeHtml(l)}</b>`).join("\n");
}
