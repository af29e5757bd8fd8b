/** Showing things in a notebook's cell, or in a terminal. */
import type { Table } from "apache-arrow";
import { PrimFunc } from "../ir/func.ts";
import { printable } from "../ir/printable.ts";
import { Trace } from "../schedule/trace.ts";
import { ConfigSpace } from "../space/config_space.ts";
import { Chart, shownWidth } from "./chart.ts";
import { type Explained, explanationBundle } from "./explanation.ts";
import { type Bundle, drain, inCell, jupyter, show } from "./jupyter.ts";
import { tableBundle } from "./tables.ts";

/** What can be shown; a string is shown as it is. */
export type Showable = Chart | Table | Explained | Told | string;

/** What tells itself in words. */
type Told = PrimFunc | Trace | ConfigSpace;

/**
 * Shows charts, tables, programs, explanations, spaces and text, in order: in a notebook as outputs of the cell,
 * in a terminal as text (a chart as its title). End a cell with it, awaited, and none of its outputs is lost.
 */
export async function display(...things: readonly Showable[]): Promise<void> {
  if (!jupyter()) {
    for (const thing of things) console.log(textOf(thing));
    return;
  }
  for (const thing of things) {
    if (thing instanceof Chart) {
      const data = await thing[inCell]();
      const width = shownWidth(`${data["image/png"]}`);
      await show(data, { metadata: { "image/png": { width } } });
    } else {
      await show(bundleOf(thing));
    }
  }
  await drain();
}

function bundleOf(thing: Exclude<Showable, Chart>): Bundle {
  if (isText(thing)) return { "text/plain": folded(wordsOf(thing)) };
  return isExplained(thing) ? explanationBundle(thing) : tableBundle(thing);
}

/** Letters in a line of a page; a notebook's window would break longer ones in the middle of a word. */
const LINE = 104;

/** Long lines broken between words; what goes on stands further in. */
function folded(text: string): string {
  return text.split("\n").map((line) => {
    const hang = " ".repeat(line.search(/\S|$/) + 8);
    const lines: string[] = [];
    for (let rest = line;;) {
      const at = rest.length > LINE ? breakOf(rest) : -1;
      if (at <= hang.length) return [...lines, rest].join("\n");
      lines.push(rest.slice(0, at));
      rest = hang + rest.slice(at + 1);
    }
  }).join("\n");
}

/** The last space that a line has room for; behind a parameter of a program, if there is one. */
function breakOf(line: string): number {
  const parameter = line.lastIndexOf('"), ', LINE - 3);
  return parameter > LINE / 2 ? parameter + 3 : line.lastIndexOf(" ", LINE);
}

function textOf(thing: Showable): string {
  if (isText(thing)) return wordsOf(thing);
  return thing instanceof Chart || isExplained(thing)
    ? printable(`${thing}`)
    : tableBundle(thing)["text/plain"];
}

/** A text is the caller's own; what a program or a trace is called may be a stranger's. */
function wordsOf(thing: Told | string): string {
  return typeof thing === "string" ? thing : printable(`${thing}`);
}

function isExplained(thing: Table | Explained): thing is Explained {
  return "verdicts" in thing;
}

function isText(thing: Showable): thing is Told | string {
  return typeof thing === "string" || [PrimFunc, Trace, ConfigSpace].some((Kind) => thing instanceof Kind);
}
