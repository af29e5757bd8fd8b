/** Shows the lines of a program on a page: long lines wrap with an indent, and many lines fold. */

/** One line of a program on a page. */
export interface Line {
  /** The line as HTML. */
  readonly html: string;
  /** The text that the HTML shows. */
  readonly text: string;
  /** HTML that stands before the line, and its characters: a sign or a number. Default: nothing. */
  readonly mark?: { readonly html: string; readonly width: number };
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
/** Characters that a wrapped line goes further in than it began. */
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

/** The width of a space of an indent: that of a character, and less on a phone. */
const SPACE = "min(1ch,2vw - 6px)", SPACE_FONT = "min(1em,3.32vw - 10px)";

/** Returns a line with its newline. A long line is a block that wraps with an indent. */
function hung({ html, text, paper, mark }: Line): string {
  const indent = text.search(/\S|$/), spaces = text.slice(0, indent);
  const code = indent === 0 || !html.startsWith(spaces)
    ? html
    : `<span style="font-size:${SPACE_FONT}">${spaces}</span>${html.slice(indent)}`;
  const shown = `${mark?.html ?? ""}${code}`, wide = text.length + (mark?.width ?? 0) > NARROW;
  const further = (mark?.width ?? 0) + FURTHER, by = indent === 0 ? `${further}ch` : "";
  const styles = [
    ...(paper ? [`background-color:${paper}`] : []),
    ...(wide
      ? [
        `padding-left:${by || `calc(${indent}*${SPACE} + ${further}ch)`}`,
        `text-indent:${by ? `-${by}` : `calc(-${indent}*${SPACE} - ${further}ch)`}`,
      ]
      : []),
  ];
  if (styles.length === 0) return `${shown}\n`;
  return `<span style="display:block;${styles.join(";")}">${shown}\n</span>`;
}

/** Writes a count with its noun: `1 line`, `2 lines`. */
export function counted(n: number, what: string): string {
  return `${n.toLocaleString("en-US")} ${what}${n === 1 ? "" : "s"}`;
}
