/** What a thing looks like in a cell and in a terminal. */
import { type Bundle, inCell } from "./jupyter.ts";

/** The method that Deno's console asks for. It says whether to colour: in a terminal, where nobody forbids it. */
export const inConsole: unique symbol = Symbol.for("Deno.customInspect");

/** Something to look at: it shows itself as the last value of a cell, and where it is printed. */
export abstract class View {
  /** Every text in it escaped, and all styles in line: who receives a notebook is shown no others. */
  abstract html(): string;
  /** For a terminal, coloured by its escapes if `colors`. */
  abstract text(colors?: boolean): string;

  toString(): string {
    return this.text();
  }

  [inCell](): Bundle {
    return { "text/html": this.html(), "text/plain": this.text() };
  }

  [inConsole](_inspect: unknown, options: { readonly colors?: boolean } = {}): string {
    return this.text(options.colors);
  }
}

/** Lets an object, or all that inherit from a prototype, be seen as `viewOf` says. */
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
