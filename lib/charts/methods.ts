/** The labels and colours of methods, in every chart, table and line. */
import { printableLine } from "../base/printable.ts";

interface Looks {
  readonly label: string;
  /** One of Okabe and Ito's colours, distinct for the colour-blind. */
  readonly color: string;
  /** True for a method with one answer from the start, without a search. */
  readonly fixed: boolean;
}

const METHODS: Readonly<Record<string, Looks>> = {
  "fallback": { label: "Fallback (naive)", color: "#999999", fixed: true },
  "dlight": { label: "DLight (rule)", color: "#0072B2", fixed: true },
  "autotvm": { label: "AutoTVM (from scratch)", color: "#E69F00", fixed: false },
  "autotvm+dlight": { label: "AutoTVM from DLight", color: "#009E73", fixed: false },
};
/** Colours of levels: from grey over the rules' blue to the searches' green. */
const LEVELS = ["#999999", "#0072B2", "#56B4E9", "#009E73"];
/** Colours of other methods. */
const OTHER = ["#CC79A7", "#56B4E9", "#D55E00", "#000000"];

/** Most visible characters of a method's name. */
const LONGEST = 60;

/** Returns the label of a method; its name, made printable, if the method is unknown. */
export function labelOf(method: string): string {
  return looksOf(method)?.label ?? shownName(method);
}

/** Makes a name from a file, which is untrusted input, printable in a chart, with at most `most` characters. */
export function shownName(name: string, most = LONGEST): string {
  const shown = printableLine(name.length > most ? `${name.slice(0, most - 1)}…` : name);
  // Vega would take a property of every object, such as `constructor`, for a known series.
  return shown in {} ? `“${shown}”` : shown;
}

function looksOf(method: string): Looks | undefined {
  return Object.hasOwn(METHODS, method) ? METHODS[method] : undefined;
}

/** Returns the colour of a method, `#rrggbb`. */
export function colorOf(method: "fallback" | "dlight" | "autotvm+dlight"): string {
  return METHODS[method]?.color ?? "";
}

/** Returns the colour of a level of building, 0 to 3, `#rrggbb`. */
export function levelColor(level: number): string {
  return LEVELS[level] ?? "#999999";
}

/** True for methods without a search. Unknown methods are assumed to search. */
export function isFixed(method: string): boolean {
  return looksOf(method)?.fixed ?? false;
}

/** True for the methods that `compare` brings itself. */
export function isBuiltIn(method: string): boolean {
  return looksOf(method) !== undefined;
}

/** Makes a Vega-Lite scale from the labels of these methods to their colours. */
export function colorScale(
  methods: readonly string[],
): { readonly domain: readonly string[]; readonly range: readonly string[] } {
  const known = Object.keys(METHODS).filter((c) => methods.includes(c));
  const others = [...new Set(methods)].filter((c) => !known.includes(c));
  return {
    domain: [...known, ...others].map(labelOf),
    range: [
      ...known.map((c) => METHODS[c]?.color ?? ""),
      ...others.map((name, k) => {
        const [, level] = /^level ([0-3])$/.exec(name) ?? [];
        return level === undefined ? OTHER[k % OTHER.length] ?? "" : levelColor(Number(level));
      }),
    ],
  };
}
