/** One number that may vary: its candidates, and how far apart two of them are. */
import { gcd } from "../arith/gcd.ts";
import { annotations } from "./annotations.ts";
import { SpaceError } from "./error.ts";
import type { AnnotateOptions, Annotation, Answer, KnobValue, OrderPolicy, SplitOptions } from "./knobs.ts";
import { ordersOf } from "./orders.ts";
import { enumerateSplits, nearestSplit, withOuter } from "./splits.ts";

/** One free number of a space, with its candidates and its preset. */
export type Knob = SplitKnob | ChoiceKnob | FlagKnob | ReorderKnob | AnnotateKnob;

/** The candidates are the inner factors, outermost first; the outermost of all is derived from them. */
export interface SplitKnob {
  /** Tells this knob from the others. */
  readonly kind: "split";
  /** The name; unique in its space. */
  readonly name: string;
  /** Extent of the loop, or null where it is symbolic. */
  readonly extent: number | null;
  /** Number of factors, the derived one included. */
  readonly parts: number;
  /** The tuples of inner factors, outermost first. */
  readonly candidates: readonly (readonly number[])[];
  /** Position of the preset among the candidates. */
  readonly preset: number;
}

/** A choice among words or numbers. */
export interface ChoiceKnob {
  /** Tells this knob from the others. */
  readonly kind: "choice";
  /** The name; unique in its space. */
  readonly name: string;
  /** The options. */
  readonly candidates: readonly (string | number)[];
  /** Position of the preset among the candidates. */
  readonly preset: number;
}

/** A choice between true and false. */
export interface FlagKnob {
  /** Tells this knob from the others. */
  readonly kind: "flag";
  /** The name; unique in its space. */
  readonly name: string;
  /** Both values. */
  readonly candidates: readonly boolean[];
  /** Position of the preset among the candidates. */
  readonly preset: number;
}

/** An order of some loops. */
export interface ReorderKnob {
  /** Tells this knob from the others. */
  readonly kind: "reorder";
  /** The name; unique in its space. */
  readonly name: string;
  /** The loops in each of their orders, outermost first. */
  readonly candidates: readonly (readonly string[])[];
  /** Position of the preset among the candidates. */
  readonly preset: number;
}

/** An annotation for each of some loops. */
export interface AnnotateKnob {
  /** Tells this knob from the others. */
  readonly kind: "annotate";
  /** The name; unique in its space. */
  readonly name: string;
  /** What each loop takes, outermost first. */
  readonly candidates: readonly (readonly Annotation[])[];
  /** Position of the preset among the candidates. */
  readonly preset: number;
}

/**
 * The knob of a split. Its preset is the nearest legal one: a rule's preset is written for many extents,
 * and need not divide each of them.
 */
export function splitKnob(name: string, extent: number | undefined, options: SplitOptions): SplitKnob {
  const candidates = enumerateSplits(name, extent, options);
  const preset = nearestSplit(candidates, options.preset);
  return { kind: "split", name, extent: extent ?? null, parts: options.parts, candidates, preset };
}

/** The knob of a choice; the preset must be one of the options, and no option may come twice. */
export function choiceKnob(
  name: string,
  options: readonly (string | number)[],
  preset: string | number,
): ChoiceKnob {
  const shown = options.map((o) => JSON.stringify(o)).join(", ");
  if (new Set(options).size !== options.length) {
    throw new SpaceError(`cannot declare choice ${name} of ${shown}: an option comes twice; name each once`);
  }
  const at = options.indexOf(preset);
  if (at < 0) {
    throw new SpaceError(
      options.length === 0
        ? `cannot declare choice ${name}: it has no options; give at least one`
        : `cannot declare choice ${name} with preset ${JSON.stringify(preset)}: it is not among ${shown}; ` +
          `the nearest is ${JSON.stringify(nearestOption(options, preset))}`,
    );
  }
  return { kind: "choice", name, candidates: [...options], preset: at };
}

export function flagKnob(name: string, preset: boolean): FlagKnob {
  return { kind: "flag", name, candidates: [false, true], preset: preset ? 1 : 0 };
}

/** The knob of an order; its preset is the order in which the loops are given. */
export function reorderKnob(name: string, loops: readonly string[], options: OrderPolicy): ReorderKnob {
  const candidates = ordersOf(name, loops, options);
  const preset = Math.max(0, candidates.findIndex((c) => sameList(c, loops)));
  return { kind: "reorder", name, candidates, preset };
}

export function annotateKnob(name: string, options: AnnotateOptions): AnnotateKnob {
  const candidates = annotations(name, options);
  const preset = candidates.findIndex((c) => sameList(c, options.preset));
  return { kind: "annotate", name, candidates, preset };
}

/** A value as a person reads it: `8x4`, `texture`, `true`, `k,i,j`. */
export function showValue(value: KnobValue): string {
  if (typeof value !== "object") return String(value);
  return typeof value[0] === "string" ? value.join(",") : value.join("x") || "whole";
}

/** Gives the answer to the template if the knob has its candidate `at`. */
export function answerOf(knob: Knob, at: number): Answer {
  if (knob.kind === "split") return withOuter(knob.extent ?? undefined, knob.candidates[at] ?? []);
  return knob.candidates[at] as KnobValue;
}

function sameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((x, i) => x === b[i]);
}

/** The position of `value` among the knob's candidates, or -1. */
export function candidateOf(knob: Knob, value: KnobValue): number {
  switch (knob.kind) {
    case "split":
    case "reorder":
    case "annotate":
      return typeof value !== "object" ? -1 : knob.candidates.findIndex((c) => sameList(c, value));
    case "choice":
      return knob.candidates.findIndex((c) => c === value);
    case "flag":
      return knob.candidates.findIndex((c) => c === value);
    default:
      return knob satisfies never;
  }
}

/**
 * Steps from candidate `a` to candidate `b`. Splits: prime factors that have to move from one part to
 * another. Choices of numbers: places in their list, as they are listed in order. Orders: swaps of neighbours.
 * Annotations: loops that take another. Others: 1.
 */
export function knobDistance(knob: Knob, a: number, b: number): number {
  if (a === b) return 0;
  switch (knob.kind) {
    case "split":
      return splitDistance(knob.candidates[a] ?? [], knob.candidates[b] ?? []);
    case "choice":
      return knob.candidates.every((c) => typeof c === "number") ? Math.abs(a - b) : 1;
    case "flag":
      return 1;
    case "reorder":
      return swapsBetween(knob.candidates[a] ?? [], knob.candidates[b] ?? []);
    case "annotate":
      return (knob.candidates[a] ?? []).filter((x, i) => x !== knob.candidates[b]?.[i]).length;
    default:
      return knob satisfies never;
  }
}

/** Counts the pairs of loops in opposite order (Kendall's tau distance): swaps of neighbours from a to b. */
function swapsBetween(a: readonly string[], b: readonly string[]): number {
  const at = a.map((x) => b.indexOf(x));
  return at.reduce((n, p, i) => n + at.slice(i + 1).filter((q) => q < p).length, 0);
}

/** The outermost part gives and takes what the inner ones don't balance among themselves. */
function splitDistance(a: readonly number[], b: readonly number[]): number {
  const gained = new Map<number, number>(), lost = new Map<number, number>();
  a.forEach((factor, i) => {
    const other = b[i] ?? 1;
    const common = gcd(factor, other);
    for (const p of primeFactors(other / common)) gained.set(p, (gained.get(p) ?? 0) + 1);
    for (const p of primeFactors(factor / common)) lost.set(p, (lost.get(p) ?? 0) + 1);
  });
  let steps = 0;
  for (const p of new Set([...gained.keys(), ...lost.keys()])) {
    steps += Math.max(gained.get(p) ?? 0, lost.get(p) ?? 0);
  }
  return steps;
}

function primeFactors(n: number): readonly number[] {
  const out: number[] = [];
  for (let p = 2; p * p <= n; p++) {
    for (; n % p === 0; n /= p) out.push(p);
  }
  if (n > 1) out.push(n);
  return out;
}

/** For numbers the one with the least difference; for text the one that shares the longest beginning. */
function nearestOption(options: readonly (string | number)[], to: string | number): string | number {
  const unlike = (o: string | number): number => {
    if (typeof o === "number" && typeof to === "number") return Math.abs(o - to);
    const a = String(o), b = String(to);
    let same = 0;
    while (same < a.length && same < b.length && a[same] === b[same]) same++;
    return -same;
  };
  return options.toSorted((a, b) => unlike(a) - unlike(b))[0] as string | number;
}
