/** Compares two programs line by line. */
import { structuredPatch } from "npm:diff@9.0.0";
import { printableLine } from "../base/printable.ts";
import { ansi, INKS, type Language, linesInHtml } from "./highlight.ts";
import { counted, foldedLines, type Line, preOf, unfolding } from "./lines.ts";
import { type Readable, readableKind, type Source, sourceOf } from "./source.ts";
import { escapeHtml } from "./tables.ts";
import { View } from "./view.ts";
import { checkArgument, checkOptions, type Fields } from "../base/check_options.ts";
import { aFunction, count, flag, text, tupleOf } from "../base/option_kinds.ts";

/** The options of `diff`. */
export interface DiffOptions {
  /** The names of the two texts. Default: before and after. */
  readonly names?: readonly [before: string, after: string];
  /** Unchanged lines shown around each change. Default 3. */
  readonly context?: number;
  /** Whether a change of indentation alone counts as a change. Default true. */
  readonly indentation?: boolean;
}

/** A hunk of a unified diff: changed lines, and the unchanged lines around them. */
export interface Hunk {
  /** First line of the old text, from 1; without old lines, the line that it stands before. */
  readonly oldStart: number;
  /** The number of lines of the old text. */
  readonly oldLines: number;
  /** First line of the new text, from 1; without new lines, the line that it stands before. */
  readonly newStart: number;
  /** The number of lines of the new text. */
  readonly newLines: number;
  /** The lines, each after its sign: a space, `+` or `-`. */
  readonly lines: readonly string[];
}

/** Most unchanged lines that do not fold. */
const FEW = 2;
/** Most added and removed lines. Beyond, equal lines are chance, and the search would take seconds. */
const EDITS = 1000;

/** The differences between two texts. A cell folds unchanged lines; a terminal prints a unified diff. */
export class Diff extends View {
  /** The hunks, in order; empty if the texts are equal. */
  readonly hunks: readonly Hunk[];
  /** The number of added lines. */
  readonly added: number;
  /** The number of removed lines. */
  readonly removed: number;
  readonly #now: readonly string[];
  readonly #names: readonly string[];
  readonly #language: Language;

  /** Compares two texts. */
  constructor(before: Source, after: Source, options: DiffOptions = {}) {
    super();
    const { names = ["before", "after"], context = 3, indentation = true } = options;
    this.#now = after.code.split("\n");
    this.#names = names.map((name) => printableLine(name, 80));
    this.#language = after.language;
    this.hunks = hunksOf(before.code, after.code, { context, ignoreWhitespace: !indentation });
    const signed = (sign: string) =>
      this.hunks.reduce((n, h) => n + h.lines.filter((line) => line.startsWith(sign)).length, 0);
    this.added = signed("+");
    this.removed = signed("-");
  }

  /** The numbers of added and removed lines: `+3 −1`. */
  get tally(): string {
    return `+${this.added} −${this.removed}`;
  }

  /** Returns the changes as HTML, with unchanged lines folded. */
  override html(): string {
    const head = this.#names.map(escapeHtml).join(" → ");
    if (this.hunks.length === 0) return `<p>${head}: no line differs.</p>`;
    return `<p>${head}: ${counted(this.added, "line")} added (+), ${this.removed} removed (−).</p>` +
      this.changes((unchanged) => {
        const lines = preOf(unchanged.map(this.#line));
        return unchanged.length > FEW
          ? unfolding(`… ${counted(unchanged.length, "unchanged line")}`, lines)
          : lines;
      });
  }

  /** Returns the hunks as HTML, and between them the HTML that `gap` makes of the unchanged lines. */
  changes(gap: (unchanged: readonly string[]) => string): string {
    checkArgument("diff.changes", "gap", gap, aFunction("a function of unchanged lines"));
    let from = 0;
    const between = (to: number) => from < to ? gap(this.#now.slice(from, to).map((line) => ` ${line}`)) : "";
    const parts = this.hunks.map((h) => {
      const start = h.newStart - 1;
      const html = between(start) + foldedLines(h.lines.map(this.#line));
      from = start + h.newLines;
      return html;
    });
    return parts.join("") + between(this.#now.length);
  }

  /** Each line keeps its sign, so that it reads without colours. */
  readonly #line = (line: string): Line => {
    const [code = ""] = linesInHtml(line.slice(1), this.#language), sign = line[0] ?? " ";
    return { html: code, text: line.slice(1), mark: { html: `${sign} `, width: 2 }, paper: PAPER[sign] };
  };

  /** Returns a unified diff; `colors` adds a terminal's colours, default false. */
  override text(colors = false): string {
    const [before, after] = this.#names;
    if (this.hunks.length === 0) return `${before} and ${after}: no line differs`;
    const line = (text: string) => colors ? printed(text) : text;
    return [
      `--- ${before}`,
      `+++ ${after}`,
      ...this.hunks.flatMap((h) => [
        `@@ -${rangeOf(h.oldStart, h.oldLines)} +${rangeOf(h.newStart, h.newLines)} @@`,
        ...h.lines,
      ]),
    ].map(line).join("\n");
  }
}

/** The colours behind added and removed lines: blue and orange, distinct for the colour-blind, on light and on dark. */
const PAPER: Readonly<Record<string, string>> = { "+": "rgba(0,114,178,0.18)", "-": "rgba(213,94,0,0.18)" };

/** Writes a range as in a patch. An empty range names the line before it. */
function rangeOf(start: number, lines: number): string {
  return `${start - (lines > 0 ? 0 : 1)},${lines}`;
}

/** Adds a terminal's colours to a line of a unified diff. */
export function printed(line: string): string {
  const [sign] = line;
  if (sign === "@") return ansi(INKS.comment.ansi, line);
  return sign === "+" ? ansi("36", line) : sign === "-" ? ansi("33", line) : line;
}

/** Finds the hunks between two texts. Texts with too many differences give one hunk. */
function hunksOf(
  before: string,
  after: string,
  options: { readonly context: number; readonly ignoreWhitespace: boolean },
): readonly Hunk[] {
  if (before === after) return [];
  const patch = structuredPatch(
    "",
    "",
    `${before}
`,
    `${after}
`,
    "",
    "",
    { ...options, maxEditLength: EDITS },
  );
  if (patch) return patch.hunks;
  const [old, now] = [before.split("\n"), after.split("\n")];
  const lines = [...old.map((line) => `-${line}`), ...now.map((line) => `+${line}`)];
  return [{ oldStart: 1, oldLines: old.length, newStart: 1, newLines: now.length, lines }];
}

const DIFF_FIELDS = {
  names: tupleOf(text, text),
  context: count,
  indentation: flag,
} satisfies Fields<DiffOptions>;

/**
 * Compares two programs, schedules, traces or kernels line by line. The result shows itself in a cell, and prints as a
 * unified diff.
 *
 * @throws {OptionError} for an argument of a wrong kind
 */
export function diff(before: Readable, after: Readable, options: DiffOptions = {}): Diff {
  checkArgument("diff", "before", before, readableKind);
  checkArgument("diff", "after", after, readableKind);
  checkOptions("diff", options, DIFF_FIELDS);
  return new Diff(sourceOf(before), sourceOf(after), options);
}
