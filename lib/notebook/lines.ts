/** Shows the lines of a program on a page: long lines wrap with an indent, and many lines fold. */

/** One line of a program on a page. */
export interface Line {
  /** The line as HTML. */
  readonly html: string;
  /** The text that the HTML shows. */
  readonly text: string;
  /** The background colour, CSS. Default: none. */
  readonly paper?: string | undefined;
}

/** Most lines of a text that does not fold, and the visible lines of one that does. */
const FOLD = 40;
const HEAD = 24;
/** Most lines of a text on a page. */
const MOST = 2000;
/** Characters that fit in a line on a phone. */
const NARROW = 30;
/** Most characters of an indent that a wrapped line keeps, and those that it goes further in. */
const INDENT = 16;
const FURTHER = 4;

/** Returns lines as HTML, folded if there are many. */
export function foldedLines(lines: readonly Line[]): string {
  if (lines.length <= FOLD) return preOf(lines);
  const rest = lines.slice(HEAD, MOST), lost = lines.length - HEAD - rest.length;
  const more = lost > 0 ? `<p>… ${counted(lost, "line")} are not shown here; the text has them.</p>` : "";
  return preOf(lines.slice(0, HEAD)) +
    unfolding(`… ${counted(lines.length - HEAD, "more line")}`, preOf(rest)) + more;
}

/** Folds HTML under a summary, which is HTML too. */
export function unfolding(summary: string, html: string): string {
  return `<details><summary style="cursor:pointer">${summary}</summary>${html}</details>`;
}

/** Returns lines as HTML. They stay readable where a notebook viewer drops styles. */
export function preOf(lines: readonly Line[]): string {
  return `<pre style="margin:0;white-space:pre-wrap;word-break:normal;overflow-wrap:anywhere">${
    lines.map(hung).join("")
  }</pre>`;
}

/** Returns a line with its newline. A long line is a block that wraps with an indent. */
function hung({ html, text, paper }: Line): string {
  const ch = Math.min(text.search(/\S|$/), INDENT) + FURTHER;
  const styles = [
    ...(paper ? [`background-color:${paper}`] : []),
    ...(text.length > NARROW ? [`padding-left:${ch}ch`, `text-indent:-${ch}ch`] : []),
  ];
  if (styles.length === 0) return `${html}\n`;
  return `<span style="display:block;${styles.join(";")}">${html}\n</span>`;
}

/** Writes a count with its noun: `1 line`, `2 lines`. */
export function counted(n: number, what: string): string {
  return `${n.toLocaleString("en-US")} ${what}${n === 1 ? "" : "s"}`;
}
