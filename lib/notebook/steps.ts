/** A schedule step by step, for reading. */
import type { PrimFunc } from "../ir/func.ts";
import { printableLine } from "../base/printable.ts";
import type { Schedule } from "../schedule/schedule.ts";
import { showStep } from "../schedule/step.ts";
import type { Trace, TraceJson } from "../schedule/trace.ts";
import { walk, type WalkedStep } from "../schedule/walk.ts";
import { Diff, printed } from "./diff.ts";
import { inAnsi, linesInHtml } from "./highlight.ts";
import { counted, unfolding } from "./lines.ts";
import { Source } from "./source.ts";
import { View } from "./view.ts";

/** Unchanged lines around what a step changes. */
const CONTEXT = 2;

/**
 * Steps, each of which unfolds to what it changed. What only moved further in or out is no change: a split would
 * change all that is inside of its loop.
 */
export class Steps extends View {
  constructor(readonly steps: readonly WalkedStep[]) {
    super();
  }

  override html(): string {
    if (this.steps.length === 0) return "<p>No steps.</p>";
    const items = this.#told().map(({ call, change }) => {
      const [html] = linesInHtml(call, "tvmscript");
      const lines = change.changes((between) =>
        `<p style="margin:0;opacity:.6">⋮ ${counted(between.length, "line")}</p>`
      );
      return `<li>${unfolding(`<code>${html}</code> <small>${change.tally}</small>`, lines)}</li>`;
    });
    return `<ol>${items.join("")}</ol>`;
  }

  override text(colors = false): string {
    if (this.steps.length === 0) return "no steps";
    const wide = `${this.steps.length}`.length, hang = " ".repeat(wide + 2);
    return this.#told(0).flatMap(({ call, change }, k) => [
      `${`${k + 1}`.padStart(wide)}  ${colors ? inAnsi(call, "tvmscript") : call}`,
      ...change.hunks.flatMap((h) => h.lines).map((line) => hang + (colors ? printed(line) : line)),
    ]).join("\n");
  }

  /** Each step as a call, with what it changed. */
  #told(context = CONTEXT) {
    return this.steps.map(({ step, before, after }) => {
      const [old, now] = [new Source(before, "tvmscript"), new Source(after, "tvmscript")];
      return {
        call: printableLine(showStep(step)),
        change: new Diff(old, now, { context, indentation: false }),
      };
    });
  }
}

/**
 * A schedule step by step: each step, and what it changed of the program. It shows itself in a cell, and prints in a
 * terminal.
 *
 * @throws {ScheduleError} where the trace does not fit the program
 */
export function steps(func: PrimFunc, trace: Trace | TraceJson | string): Steps;
/** The steps of a schedule so far. */
export function steps(schedule: Schedule): Steps;
export function steps(of: PrimFunc | Schedule, trace?: Trace | TraceJson | string): Steps {
  if ("trace" in of) return new Steps(walk(of.start, of.trace));
  return new Steps(walk(of, trace as Trace));
}
