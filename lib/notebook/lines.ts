/** Lines of a program on a page: long ones go on further in, and of many the later ones unfold. */

/** One line: as HTML, and as the text that it shows. */
export interface Line {
  readonly html: string;
  readonly text: string;
  /** The colour behind it. */
  readonly paper?: string | undefined;
}

/** Lines before a text folds, and how many of a folded one are seen. */
const FOLD = 40;
const HEAD = 24;
/** Lines that a page is given at most. */
const MOST = 2000;
/** Letters of a line that a cell has room for. */
const WIDE = 100;

/** A text's lines, folded if they are many. */
export function foldedLines(lines: readonly Line[]): string {
  if (lines.length <= FOLD) return preOf(lines);
  const rest = lines.slice(HEAD, MOST), lost = lines.length - HEAD - rest.length;
  const more = lost > 0 ? `<p>… ${counted(lost, "line")} are not shown here; the text has them.</p>` : "";
  return preOf(lines.slice(0, HEAD)) +
    unfolding(`… ${counted(lines.length - HEAD, "more line")}`, preOf(rest)) + more;
}

/** What is seen only by those who unfold it. `summary` is HTML. */
export function unfolding(summary: string, html: string): string {
  return `<details><summary style="cursor:pointer">${summary}</summary>${html}</details>`;
}

/** Lines as they are. Without their styles they would still be lines of text, as some who show notebooks drop styles. */
export function preOf(lines: readonly Line[]): string {
  return `<pre style="margin:0;white-space:pre-wrap;overflow-wrap:anywhere">${
    lines.map(hung).join("")
  }</pre>`;
}

/** The line with its end; a long one is a block whose later rows stand further in than its first. */
function hung({ html, text, paper }: Line): string {
  const ch = Math.min(text.search(/\S|$/), WIDE / 2) + 8;
  const styles = [
    ...(paper ? [`background-color:${paper}`] : []),
    ...(text.length > WIDE ? [`padding-left:${ch}ch`, `text-indent:-${ch}ch`] : []),
  ];
  if (styles.length === 0) return `${html}\n`;
  return `<span style="display:block;${styles.join(";")}">${html}\n</span>`;
}

/** `1 line`, `2 lines`. */
export function counted(n: number, what: string): string {
  return `${n.toLocaleString("en-US")} ${what}${n === 1 ? "" : "s"}`;
}
