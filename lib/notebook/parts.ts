/** Shows results in several parts, one output of the cell each. */
import { Chart, shownWidth } from "../charts/chart.ts";
import { type Bundle, inCell, show } from "./jupyter.ts";
import { inConsole } from "./view.ts";

/** An object that can show itself in a cell. */
export interface Shown {
  /** Returns the formats for a notebook's cell, by media type. */
  [inCell](): Bundle | Promise<Bundle>;
}

/** Shows one object as an output of the cell. A chart's picture has twice the pixels, for sharp screens, and a text. */
export async function showPart(part: Shown): Promise<void> {
  const data = await part[inCell]();
  if (!(part instanceof Chart)) return await show(data);
  const width = shownWidth(`${data["image/png"]}`), alt = part.description;
  await show(data, { metadata: { "image/png": { width, alt } } });
}

/**
 * Makes all objects of a prototype show themselves in several outputs of a cell. The parts before the last are
 * displayed; the last one is the cell's value. A terminal prints all parts. `String` gives the same text as a terminal, or
 * that of `textOf`.
 */
export function seenInParts<T extends object>(
  prototype: T,
  partsOf: (thing: T) => readonly object[],
  textOf: (thing: T) => string = (thing) => Deno.inspect(thing),
): void {
  Object.defineProperties(prototype, {
    [inCell]: {
      configurable: true,
      async value(this: T) {
        const parts = partsOf(this) as readonly Shown[];
        for (const part of parts.slice(0, -1)) await showPart(part);
        return await parts.at(-1)?.[inCell]() ?? {};
      },
    },
    [inConsole]: {
      configurable: true,
      value(this: T, _: unknown, options: { readonly colors?: boolean }) {
        return partsOf(this).map((part) => Deno.inspect(part, { colors: options.colors ?? false })).join(
          "\n\n",
        );
      },
    },
    toString: {
      configurable: true,
      value(this: T) {
        return textOf(this);
      },
    },
  });
}
