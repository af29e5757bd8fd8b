/** How methods are called and coloured, in every chart, table and line. */
import { printableLine } from "../base/printable.ts";

interface Looks {
  readonly label: string;
  /** Okabe and Ito's colours, which the colour-blind tell apart. */
  readonly color: string;
  /** It has one answer, and knows it from the first moment. */
  readonly fixed: boolean;
}

const METHODS: Readonly<Record<string, Looks>> = {
  "fallback": { label: "Fallback (naive)", color: "#999999", fixed: true },
  "dlight": { label: "DLight (rule)", color: "#0072B2", fixed: true },
  "autotvm": { label: "AutoTVM (from scratch)", color: "#E69F00", fixed: false },
  "autotvm+dlight": { label: "AutoTVM from DLight", color: "#009E73", fixed: false },
};
/** For methods that nobody foresaw. */
const OTHER = ["#CC79A7", "#56B4E9", "#D55E00", "#000000"];

/** Letters of a method's name that are shown. */
const LONGEST = 60;

export function labelOf(method: string): string {
  return looksOf(method)?.label ?? shownName(method);
}

/** A name from a file, perhaps a stranger's, as a chart can show it; of up to `most` letters. */
export function shownName(name: string, most = LONGEST): string {
  const shown = printableLine(name.length > most ? `${name.slice(0, most - 1)}…` : name);
  // Vega takes what every object has for a series that it knows.
  return shown in {} ? `“${shown}”` : shown;
}

function looksOf(method: string): Looks | undefined {
  return Object.hasOwn(METHODS, method) ? METHODS[method] : undefined;
}

export function colorOf(method: "fallback" | "dlight" | "autotvm+dlight"): string {
  return METHODS[method]?.color ?? "";
}

/** True for methods that don't search; those that nobody foresaw are taken to search. */
export function isFixed(method: string): boolean {
  return looksOf(method)?.fixed ?? false;
}

/** True for the methods that `compare` brings itself. */
export function isBuiltIn(method: string): boolean {
  return looksOf(method) !== undefined;
}

/** Which label has which colour, among the methods that are there; a Vega-Lite scale. */
export function colorScale(
  methods: readonly string[],
): { readonly domain: readonly string[]; readonly range: readonly string[] } {
  const known = Object.keys(METHODS).filter((c) => methods.includes(c));
  const others = [...new Set(methods)].filter((c) => !known.includes(c));
  return {
    domain: [...known, ...others].map(labelOf),
    range: [
      ...known.map((c) => METHODS[c]?.color ?? ""),
      ...others.map((_, k) => OTHER[k % OTHER.length] ?? ""),
    ],
  };
}
