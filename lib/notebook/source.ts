/** Programs as text, in colour. */
import type { PrimFunc } from "../ir/func.ts";
import { printable } from "../base/printable.ts";
import type { Schedule } from "../schedule/schedule.ts";
import type { Trace } from "../schedule/trace.ts";
import { ansi, inAnsi, type Language, linesInHtml } from "./highlight.ts";
import { foldedLines } from "./lines.ts";
import { View } from "./view.ts";
import { checkOptions, type Fields } from "../base/check_options.ts";
import { flag, oneOf } from "../base/option_kinds.ts";

export interface SourceOptions {
  /** Whether its lines have their numbers before them. Default false. */
  readonly numbered?: boolean;
}

/** A program's text, which shows itself in colour; a long one folds. */
export class Source extends View {
  /** What is written; letters that would act on whoever shows them are escapes. */
  readonly code: string;

  constructor(code: string, readonly language: Language, readonly options: SourceOptions = {}) {
    super();
    this.code = printable(code).replace(/\n+$/, "");
  }

  override html(): string {
    const texts = this.code.split("\n");
    const lines = linesInHtml(this.code, this.language).map((html, k) => ({ html, text: texts[k] ?? "" }));
    if (!this.options.numbered) return foldedLines(lines);
    const wide = `${lines.length}`.length;
    return foldedLines(lines.map(({ html, text }, k) => {
      const number = `${k + 1}`.padStart(wide);
      return {
        html: `<span style="opacity:.6;user-select:none">${number}  </span>${html}`,
        text: `${number}  ${text}`,
      };
    }));
  }

  override text(colors = false): string {
    const code = colors ? inAnsi(this.code, this.language) : this.code;
    if (!this.options.numbered) return code;
    const lines = code.split("\n"), wide = `${lines.length}`.length;
    return lines.map((line, k) => {
      const number = `${k + 1}`.padStart(wide);
      return `${colors ? ansi("2", number) : number}  ${line}`;
    }).join("\n");
  }
}

/** What a device is given: source and launch plan. */
export interface Kernels {
  readonly name: string;
  readonly language: "wgsl" | "js";
  readonly launches: readonly { readonly name: string; readonly source: string }[];
}

/** What has a text to be read: a program, a schedule, a trace, what a program was compiled to, or a text itself. */
export type Readable =
  | PrimFunc
  | Schedule
  | Trace
  | Kernels
  | { readonly executable: Kernels }
  | Source
  | string;

const SOURCE_FIELDS = {
  numbered: flag,
  language: oneOf("tvmscript", "wgsl", "js", "text"),
} satisfies Fields<SourceOptions & { readonly language?: Language }>;

/** The text of a program, in colour. Without a `language`, a plain text is taken for a program's as `String` prints it. */
export function sourceOf(
  thing: Readable,
  options: SourceOptions & { readonly language?: Language } = {},
): Source {
  checkOptions("sourceOf", options, SOURCE_FIELDS);
  const { language = "tvmscript", ...rest } = options;
  if (typeof thing === "string") return new Source(thing, language, rest);
  if (thing instanceof Source) return new Source(thing.code, thing.language, { ...thing.options, ...rest });
  if ("executable" in thing) return sourceOf(thing.executable, options);
  if ("launches" in thing) {
    return new Source(thing.launches.map((l) => l.source).join("\n"), thing.language, rest);
  }
  return new Source(`${"func" in thing ? thing.func : thing}`, "tvmscript", rest);
}
