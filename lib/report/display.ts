/** Showing things in a notebook's cell, or in a terminal. */
import { Chart, shownWidth } from "./chart.ts";
import { type Bundle, drain, inCell, jupyter, show, shownAs } from "./jupyter.ts";
import { viewOf } from "./looks.ts";
import { inConsole, type View } from "./view.ts";

/** What can be shown; a string is shown as it is. */
export type Showable = string | number | boolean | object;

/** What says itself how it is shown, and shows more than itself if it likes. */
interface Shown {
  [inCell](): Bundle | Promise<Bundle>;
}

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
  if (!isThing(thing)) return await show({ "text/plain": folded(`${thing}`) });
  const data = await lookable(thing)[inCell]();
  const width = thing instanceof Chart ? shownWidth(`${data["image/png"]}`) : undefined;
  await show(data, width === undefined ? {} : { metadata: { "image/png": { width } } });
}

/** Cells are not type-checked: null and undefined come, too. */
function isThing(x: unknown): x is object {
  return typeof x === "object" && x !== null;
}

function lookable(thing: object): Shown {
  return inCell in thing ? thing as Shown : viewOf(thing);
}

/**
 * The same value, which shows itself in several outputs of a cell: the parts before the last as if they were
 * displayed, the last as the cell's value. It prints all of them.
 */
export function shownInParts<T extends object>(value: T, parts: () => readonly (Chart | View)[]): T {
  const shown = shownAs(value, async () => {
    const all = parts();
    for (const part of all.slice(0, -1)) await showOne(part);
    return await all.at(-1)?.[inCell]() ?? {};
  });
  return Object.defineProperty(shown, inConsole, {
    value: (_: unknown, options: { readonly colors?: boolean }) =>
      parts().map((part) => Deno.inspect(part, { colors: options.colors ?? false })).join("\n\n"),
  });
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
