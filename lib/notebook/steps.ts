/** Shows a schedule step by step. */
import { checkArgument, type Kind } from "../base/check_options.ts";
import { passing } from "../base/option_kinds.ts";
import { PrimFunc } from "../ir/func.ts";
import { printableLine } from "../base/printable.ts";
import { Schedule } from "../schedule/schedule.ts";
import { showStep } from "../schedule/step.ts";
import type { Trace, TraceJson } from "../schedule/trace.ts";
import { walk, type WalkedStep } from "../schedule/walk.ts";
import { Diff, printed } from "./diff.ts";
import { inAnsi, linesInHtml } from "./highlight.ts";
import { counted, unfolding } from "./lines.ts";
import { Source } from "./source.ts";
import { View } from "./view.ts";

/** Unchanged lines shown around a change. */
const CONTEXT = 2;

/**
 * Steps of a schedule; each unfolds to its change. Indentation alone is not a change, or a split would change the whole
 * body of its loop.
 */
export class Steps extends View {
  /** Takes the steps, each with the program before and after it. */
  constructor(readonly steps: readonly WalkedStep[]) {
    super();
  }

  /** Returns the steps as an HTML list; each unfolds to its change. */
  override html(): string {
    if (this.steps.length === 0) return "<p>No steps.</p>";
    const items = this.#told().map(({ call, change }) => {
      const [html] = linesInHtml(call, "tvmscript");
      const lines = change.changes((between) =>
        `<p style="margin:0;opacity:.6">⋮ ${counted(between.length, "line")}</p>`
      );
      return `<li>${
        unfolding(`<code style="background:none">${html}</code> <small>${change.tally}</small>`, lines)
      }</li>`;
    });
    return `<ol>${items.join("")}</ol>`;
  }

  /** Returns the steps with their changed lines; `colors` adds a terminal's colours, default false. */
  override text(colors = false): string {
    if (this.steps.length === 0) return "no steps";
    const wide = `${this.steps.length}`.length, hang = " ".repeat(wide + 2);
    return this.#told(0).flatMap(({ call, change }, k) => [
      `${`${k + 1}`.padStart(wide)}  ${colors ? inAnsi(call, "tvmscript") : call}`,
      ...change.hunks.flatMap((h) => h.lines).map((line) => hang + (colors ? printed(line) : line)),
    ]).join("\n");
  }

  /** Writes each step as a call, with its change. */
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

const STEPPED: Kind<PrimFunc | Schedule> = passing(
  "a Schedule, or a PrimFunc, as te.matmul({ … }) makes one, with its trace as the second argument",
  (x) => x instanceof Schedule || x instanceof PrimFunc,
);

/**
 * Replays a schedule step by step, with the change that each step makes. The result shows itself in a cell, and prints
 * in a terminal.
 *
 * @throws {OptionError} for an argument of a wrong kind
 * @throws {ScheduleError} if the trace does not fit the program
 */
export function steps(func: PrimFunc, trace: Trace | TraceJson | string): Steps;
/** Lists the steps of a schedule so far, with the change that each step makes. */
export function steps(schedule: Schedule): Steps;
export function steps(of: PrimFunc | Schedule, trace?: Trace | TraceJson | string): Steps {
  checkArgument("steps", "of", of, STEPPED);
  if (of instanceof Schedule) return new Steps(walk(of.start, of.trace));
  return new Steps(walk(of, trace as Trace));
}
