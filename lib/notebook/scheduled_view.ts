/** Shows a program that a rule has scheduled: the rule, the preset, and the program. */
import type { PrimFunc } from "../ir/func.ts";
import { printable } from "../base/printable.ts";
import type { Trace } from "../schedule/trace.ts";
import type { ConfigSpace } from "../space/config_space.ts";
import type { Config } from "../space/knobs.ts";
import { counted } from "./lines.ts";
import { sourceOf } from "./source.ts";
import { configSheet } from "./space_view.ts";
import { escapeHtml } from "./tables.ts";
import { View } from "./view.ts";

/** The fields of the result of `dlight.schedule` that are shown. */
export interface ScheduledProgram {
  /** The scheduled program. */
  readonly func: PrimFunc;
  /** The trace of its schedule. */
  readonly trace: Trace;
  /** The rule that scheduled it. */
  readonly rule: string;
  /** The configuration that the rule took. */
  readonly preset: Config;
  /** The space of the rule's configurations. */
  readonly space: ConfigSpace;
}

/** A scheduled program as HTML and as text. */
export class ScheduledView extends View {
  /** Takes a scheduled program. */
  constructor(readonly scheduled: ScheduledProgram) {
    super();
  }

  /** Returns the rule, the preset and the program as HTML. */
  override html(): string {
    const { func, preset } = this.scheduled;
    return `<p>${escapeHtml(this.#head())}</p>${configSheet(preset).html()}${sourceOf(func).html()}`;
  }

  /** Returns the rule, the preset and the program as text; `colors` adds a terminal's colours, default false. */
  override text(colors = false): string {
    const { func, preset } = this.scheduled;
    return [this.#head(), configSheet(preset).text(), sourceOf(func).text(colors)].join("\n\n");
  }

  #head(): string {
    const { func, trace, rule } = this.scheduled;
    return printable(
      `${func.name}, scheduled by ${rule} in ${counted(trace.steps.length, "step")}, with these numbers:`,
    );
  }
}
