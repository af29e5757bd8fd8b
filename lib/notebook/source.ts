/** Shows programs as coloured text. */
import { PrimFunc } from "../ir/func.ts";
import { printable } from "../base/printable.ts";
import type { Schedule } from "../schedule/schedule.ts";
import { Trace } from "../schedule/trace.ts";
import { ansi, inAnsi, type Language, linesInHtml } from "./highlight.ts";
import { foldedLines } from "./lines.ts";
import { View } from "./view.ts";
import { checkArgument, checkOptions, type Fields, type Kind } from "../base/check_options.ts";
import { flag, oneOf, passing } from "../base/option_kinds.ts";

/** The options of `sourceOf`. */
export interface SourceOptions {
  /** Whether each line starts with its number. Default false. */
  readonly numbered?: boolean;
}

/** A program's text. It shows itself in colour, and folds if it is long. */
export class Source extends View {
  /** The text. Control characters are escaped. */
  readonly code: string;

  /** Takes a text and its language. Control characters are escaped. */
  constructor(code: string, readonly language: Language, readonly options: SourceOptions = {}) {
    super();
    this.code = printable(code).replace(/\n+$/, "");
  }

  /** Returns the text as coloured HTML, folded if it is long. */
  override html(): string {
    const texts = this.code.split("\n");
    const lines = linesInHtml(this.code, this.language).map((html, k) => ({ html, text: texts[k] ?? "" }));
    if (!this.options.numbered) return foldedLines(lines);
    const wide = `${lines.length}`.length;
    return foldedLines(lines.map(({ html, text }, k) => {
      const number = `${k + 1}`.padStart(wide);
      const mark = `<span style="opacity:.6;user-select:none">${number}  </span>`;
      return { html, text, mark: { html: mark, width: wide + 2 } };
    }));
  }

  /** Returns the text; `colors` adds a terminal's colours, default false. */
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

/** A compiled program: the source and launch of each kernel. */
export interface Kernels {
  /** The program's name. */
  readonly name: string;
  /** The language of the sources. */
  readonly language: "wgsl" | "wasm" | "js";
  /** The kernels in the order of their launches. */
  readonly launches: readonly { readonly name: string; readonly source: string }[];
}

/** A value with a readable text: a program, a schedule, a trace, a compiled program, or a text. */
export type Readable =
  | PrimFunc
  | Schedule
  | Trace
  | Kernels
  | { readonly executable: Kernels }
  | Source
  | string;

/** The kind of an argument with a readable text. */
export const readableKind: Kind<Readable> = passing(
  "a program, a schedule, a trace, a compiled program, or a text",
  (x) => typeof x === "string" || (typeof x === "object" && x !== null && isReadable(x)),
);

function isReadable(x: object): boolean {
  if (x instanceof Source || x instanceof PrimFunc || x instanceof Trace) return true;
  if ("executable" in x) {
    return typeof x.executable === "object" && x.executable !== null && isReadable(x.executable);
  }
  return ("launches" in x && Array.isArray(x.launches)) || ("func" in x && x.func instanceof PrimFunc);
}

/** The language whose colours a kernel's text has. WebAssembly reads like JavaScript. */
export function inkOf(language: Kernels["language"]): "wgsl" | "js" {
  return language === "wgsl" ? language : "js";
}

const SOURCE_FIELDS = {
  numbered: flag,
  language: oneOf("tvmscript", "wgsl", "js", "text"),
} satisfies Fields<SourceOptions & { readonly language?: Language }>;

/**
 * Returns the text of a program in colour. `language` is that of a plain text; default `tvmscript`, the form in which
 * `String` prints a program.
 *
 * @throws {OptionError} for an argument of a wrong kind
 */
export function sourceOf(
  thing: Readable,
  options: SourceOptions & { readonly language?: Language } = {},
): Source {
  checkArgument("sourceOf", "thing", thing, readableKind);
  checkOptions("sourceOf", options, SOURCE_FIELDS);
  const { language = "tvmscript", ...rest } = options;
  if (typeof thing === "string") return new Source(thing, language, rest);
  if (thing instanceof Source) return new Source(thing.code, thing.language, { ...thing.options, ...rest });
  if ("executable" in thing) return sourceOf(thing.executable, options);
  if ("launches" in thing) {
    return new Source(thing.launches.map((l) => l.source).join("\n"), inkOf(thing.language), rest);
  }
  return new Source(`${"func" in thing ? thing.func : thing}`, "tvmscript", rest);
}
