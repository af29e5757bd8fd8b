/** Shows values in a notebook's cell, or in a terminal. */
import { type Bundle, drain, inCell, jupyter, show } from "./jupyter.ts";
import { type Shown, showPart } from "./parts.ts";
import { viewOf } from "./view_registry.ts";

/** A value that can be shown. A string is shown as it is. */
export type Showable = string | number | boolean | object;

/**
 * Shows charts, tables, programs, schedules, differences, explanations, spaces, results and text, in order. A notebook
 * shows them as outputs of the cell, a terminal as text (a chart as its title). If a cell ends with an awaited
 * `display`, none of its outputs is lost.
 */
export async function display(...things: readonly Showable[]): Promise<void> {
  for (const thing of things) {
    // The console decides whether a terminal gets colours.
    if (!jupyter()) console.log(isThing(thing) ? lookable(thing) : thing);
    else await showOne(thing);
  }
  if (jupyter()) await drain();
}

async function showOne(thing: Showable): Promise<void> {
  if (isThing(thing)) await showPart(lookable(thing));
  else await show({ "text/plain": folded(`${thing}`) });
}

/** Returns the output of a cell for a value, in each format by media type. */
export async function bundleOf(thing: object): Promise<Bundle> {
  return await lookable(thing)[inCell]();
}

/** Whether a value is an object. Cells are not type-checked, so null and undefined are possible. */
function isThing(x: unknown): x is object {
  return typeof x === "object" && x !== null;
}

function lookable(thing: object): Shown {
  return inCell in thing ? thing as Shown : viewOf(thing);
}

/** Most characters of a line. A notebook would break a longer line within a word. */
const LINE = 104;

/** Breaks long lines between words, and indents the continuation. */
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
