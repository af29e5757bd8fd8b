/**
 * AutoTVM's curve features: how reuse, working set and repetition grow with each other as one goes outward
 * through a nest, sampled at fixed places, so that nests of any depth and with any buffers give as many columns.
 * AutoTVM takes one curve for each buffer; here the accesses to outside memory are added up, as the columns
 * must mean the same for programs with other buffers.
 */
import { type FeatureInput, isOutside, touched } from "../estimate/accesses.ts";
import type { NestAccess, StoreNest } from "../estimate/store_nests.ts";

/** Sample k of a relation is at 2^k (AutoTVM takes 20). */
const SAMPLES = 20;

/** An access in the loops from one of its nest inwards. */
interface Level {
  /** Distinct elements that these loops touch. */
  readonly count: number;
  /** Turns of these loops for each of them. */
  readonly reuse: number;
  /** Turns of the loops around them. */
  readonly topDown: number;
}

/** What is sampled, over the levels of all accesses, at a place `x`. */
const RELATIONS: Readonly<
  Record<string, (curves: readonly (readonly Level[])[], x: number) => number>
> = {
  // Average reuse where x elements of each access stay near: all turns for each time an element is fetched.
  "count>reuse": (curves, x) => {
    let turns = 0, fetches = 0;
    for (const levels of curves) {
      const level = outermost(levels, (l) => l.count <= x);
      const all = (levels.at(-1)?.topDown ?? 1) * (levels.at(-1)?.reuse ?? 1) * (levels.at(-1)?.count ?? 1);
      turns += all;
      fetches += all / (level?.reuse ?? 1);
    }
    return turns / Math.max(1, fetches);
  },
  // Elements that have to stay near for a reuse of x, or all of them where there is no such reuse.
  "reuse>count": (curves, x) =>
    curves.reduce((s, ls) => s + ((ls.find((l) => l.reuse >= x) ?? ls.at(-1))?.count ?? 0), 0),
  // How often a working set of x elements is filled.
  "count>topDown": (curves, x) =>
    curves.reduce((s, ls) => s + (outermost(ls, (l) => l.count <= x)?.topDown ?? 0), 0),
  // The working set of what is repeated x times.
  "topDown>count": (curves, x) =>
    curves.reduce((s, ls) => s + ((ls.find((l) => l.topDown <= x) ?? ls.at(-1))?.count ?? 0), 0),
};

export const curveNames: readonly string[] = Object.keys(RELATIONS).flatMap((name) =>
  Array.from({ length: SAMPLES }, (_, k) => `curve.${name}.${k}`)
);

export function curveFeatures({ leaves }: FeatureInput): readonly number[] {
  const curves = leaves.flatMap((leaf) =>
    [leaf.store, ...leaf.loads].filter(isOutside).map((a) => levelsOf(leaf, a))
  );
  return Object.values(RELATIONS).flatMap((at) =>
    Array.from({ length: SAMPLES }, (_, k) => at(curves, 2 ** k))
  );
}

/** The levels of an access, innermost first; the first has no loop at all. */
function levelsOf(leaf: StoreNest, access: NestAccess): readonly Level[] {
  const out: Level[] = [];
  const inside: number[] = [];
  let turns = 1;
  for (let i = leaf.loops.length; i >= 0; i--) {
    if (i < leaf.loops.length) {
      inside.push(i);
      turns *= leaf.loops[i]?.extent ?? 1;
    }
    const count = touched(access, leaf, inside);
    out.push({ count, reuse: turns / count, topDown: leaf.turns / turns });
  }
  return out;
}

/** The last level of which `holds` is true; counts grow outward, so that is the largest. */
function outermost(levels: readonly Level[], holds: (l: Level) => boolean): Level | undefined {
  return levels.findLast(holds);
}
