/** What differs between two programs, line by line. */
import { structuredPatch } from "npm:diff@9.0.0";
import { printableLine } from "../base/printable.ts";
import { ansi, INKS, type Language, linesInHtml } from "./highlight.ts";
import { counted, foldedLines, type Line, preOf, unfolding } from "./lines.ts";
import { type Readable, type Source, sourceOf } from "./source.ts";
import { escapeHtml } from "./tables.ts";
import { View } from "./view.ts";
import { checkOptions, type Fields } from "../base/check_options.ts";
import { count, flag, text, tupleOf } from "../base/option_kinds.ts";

export interface DiffOptions {
  /** What the two are called. Default: before and after. */
  readonly names?: readonly [before: string, after: string];
  /** Unchanged lines shown around what changed. Default 3. */
  readonly context?: number;
  /** Whether a line that only moved further in or out has changed. Default true. */
  readonly indentation?: boolean;
}

/** Lines that belong together, as a patch has them. */
export interface Hunk {
  /** Line of the old text that it begins with, or goes before, from 1. */
  readonly oldStart: number;
  readonly oldLines: number;
  readonly newStart: number;
  readonly newLines: number;
  /** Each behind its sign: a space, `+` or `-`. */
  readonly lines: readonly string[];
}

/** Unchanged lines that are not worth folding. */
const FEW = 2;
/** Added and removed lines that are looked for at most: beyond, what is alike is by chance, and it takes seconds. */
const EDITS = 1000;

/** What differs between two texts: shows itself with the unchanged stretches folded, and prints as a unified diff. */
export class Diff extends View {
  readonly hunks: readonly Hunk[];
  readonly added: number;
  readonly removed: number;
  readonly #now: readonly string[];
  readonly #names: readonly string[];
  readonly #language: Language;

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

  /** How many lines came and went: `+3 −1`. */
  get tally(): string {
    return `+${this.added} −${this.removed}`;
  }

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

  /** The changed lines with those around them as HTML, and what `gap` makes of the lines between. */
  changes(gap: (unchanged: readonly string[]) => string): string {
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

  /** The sign says it for those who see no colours. */
  readonly #line = (line: string): Line => {
    const [code = ""] = linesInHtml(line.slice(1), this.#language), sign = line[0] ?? " ";
    return { html: `${sign} ${code}`, text: ` ${line}`, paper: PAPER[sign] };
  };

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

/** Behind added and removed lines: blue and orange, which the colour-blind tell apart, on light and on dark. */
const PAPER: Readonly<Record<string, string>> = { "+": "rgba(0,114,178,0.18)", "-": "rgba(213,94,0,0.18)" };

/** As a patch writes it: where there are no lines, it names the line before them. */
function rangeOf(start: number, lines: number): string {
  return `${start - (lines > 0 ? 0 : 1)},${lines}`;
}

/** A line of a unified diff in a terminal's colours. */
export function printed(line: string): string {
  const [sign] = line;
  if (sign === "@") return ansi(INKS.comment.ansi, line);
  return sign === "+" ? ansi("36", line) : sign === "-" ? ansi("33", line) : line;
}

/** Two texts' differences. Those that have next to nothing in common are one change. */
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
 * What differs between two programs, schedules, traces or kernels, line by line. It shows itself in a cell, and
 * prints as a unified diff.
 */
export function diff(before: Readable, after: Readable, options: DiffOptions = {}): Diff {
  checkOptions("diff", options, DIFF_FIELDS);
  return new Diff(sourceOf(before), sourceOf(after), options);
}
