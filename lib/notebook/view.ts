/** Shows objects in a cell and in a terminal. */
import { type Bundle, inCell } from "./jupyter.ts";

/** The method that Deno's console calls. Its options say whether to use colours. */
export const inConsole: unique symbol = Symbol.for("Deno.customInspect");

/** An object that shows itself as the last value of a cell, and where it is printed. */
export abstract class View {
  /** Returns HTML with every text escaped. All styles are inline, as notebook viewers drop others. */
  abstract html(): string;
  /** Returns text for a terminal; `colors` adds a terminal's colours, default false. */
  abstract text(colors?: boolean): string;

  /** Returns the text without colours. */
  toString(): string {
    return this.text();
  }

  /** Returns the formats for a notebook's cell: HTML and text. */
  [inCell](): Bundle {
    return { "text/html": this.html(), "text/plain": this.text() };
  }

  /** Returns the text for Deno's console, in colour if its options ask for it. */
  [inConsole](_inspect: unknown, options: { readonly colors?: boolean } = {}): string {
    return this.text(options.colors);
  }
}

/** Makes an object, or all objects of a prototype, show themselves as the view that `viewOf` returns. */
export function seenAs<T extends object>(object: T, viewOf: (thing: T) => View): void {
  Object.defineProperties(object, {
    [inCell]: {
      configurable: true,
      value(this: T) {
        return viewOf(this)[inCell]();
      },
    },
    [inConsole]: {
      configurable: true,
      value(this: T, inspect: unknown, options: { readonly colors?: boolean }) {
        return viewOf(this)[inConsole](inspect, options);
      },
    },
  });
}
