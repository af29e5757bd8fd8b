/** Showing things in a notebook's cell, or in a terminal. */
import { type Bundle, drain, inCell, jupyter, show } from "./jupyter.ts";
import { type Shown, showPart } from "./parts.ts";
import { viewOf } from "./view_registry.ts";

/** What can be shown; a string is shown as it is. */
export type Showable = string | number | boolean | object;

/**
 * Shows charts, tables, programs, schedules, differences, explanations, spaces, results and text, in order: in a
 * notebook as outputs of the cell, in a terminal as text (a chart as its title). End a cell with it, awaited, and none
 * of its outputs is lost.
 */
export async function display(...things: readonly Showable[]): Promise<void> {
  for (const thing of things) {
    // In a terminal the console knows whether colours are wanted.
    if (!jupyter()) console.log(isThing(thing) ? lookable(thing) : thing);
    else await showOne(thing);
  }
  if (jupyter()) await drain();
}

async function showOne(thing: Showable): Promise<void> {
  if (isThing(thing)) await showPart(lookable(thing));
  else await show({ "text/plain": folded(`${thing}`) });
}

/** What a cell shows for a thing, in each format. */
export async function bundleOf(thing: object): Promise<Bundle> {
  return await lookable(thing)[inCell]();
}

/** Cells are not type-checked: null and undefined come, too. */
function isThing(x: unknown): x is object {
  return typeof x === "object" && x !== null;
}

function lookable(thing: object): Shown {
  return inCell in thing ? thing as Shown : viewOf(thing);
}

/** Letters in a line of a page; a notebook's window would break longer ones in the middle of a word. */
const LINE = 104;

/** Long lines broken between words; what goes on stands further in. */
function folded(text: string): string {
  return text.split("\n").map((line) => {
    const hang = " ".repeat(line.search(/\S|$/) + 8);
    const lines: string[] = [];
    for (let rest = line;;) {
      const at = rest.length > LINE ? rest.lastIndexOf(" ", LINE) : -1;
      if (at <= hang.length) return [...lines, rest].join("\n");
      lines.push(rest.slice(0, at));
      rest = hang + rest.slice(at + 1);
    }
  }).join("\n");
}
