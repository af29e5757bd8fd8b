/** Quotients and remainders of linear forms by constants. */
import { floorDiv, floorMod, isConst } from "../ir/build.ts";
import { gcd } from "./gcd.ts";
import type { ConstIntBound } from "./interval.ts";
import {
  divideLinear,
  fromLinear,
  type Linear,
  linearAdd,
  linearAtom,
  linearConst,
  onlyAtom,
} from "./linear.ts";
import type { Ranges } from "./ranges.ts";

/** Divides an exact linear form by a positive constant, rounding down. */
export function floorDivLinear(ranges: Ranges, l: Linear, c: number): Linear {
  if (c === 1) return l;
  const [whole, rest] = divideLinear(l, c);
  const q = constantQuotient(ranges.boundsOf(rest), c);
  if (q !== undefined) return linearAdd(whole, linearConst(q));
  const g = commonStep(ranges, rest, c);
  if (g > 1) return linearAdd(whole, floorDivLinear(ranges, divideLinear(rest, g)[0], c / g));
  const only = onlyAtom(rest);
  if (only?.kind === "binary" && only.op === "floordiv" && isConst(only.b) && only.b.value > 0) {
    const by = only.b.value * c, inner = ranges.linear(only.a);
    if (by < 2 ** 31 && ranges.isExact(inner)) return linearAdd(whole, floorDivLinear(ranges, inner, by));
  }
  if (!ranges.isExact(rest)) return linearAtom(floorDiv(fromLinear(l), c));
  return linearAdd(whole, linearAtom(floorDiv(fromLinear(rest), c)));
}

/** Finds the remainder of an exact linear form by a positive constant, which is never negative. */
export function floorModLinear(ranges: Ranges, l: Linear, c: number): Linear {
  if (c === 1) return linearConst(0);
  const [, rest] = divideLinear(l, c);
  const q = constantQuotient(ranges.boundsOf(rest), c);
  if (q !== undefined) return linearAdd(rest, linearConst(-q * c));
  const g = commonStep(ranges, rest, c);
  if (g > 1) {
    const [high, low] = divideLinear(rest, g);
    return linearAdd(low, floorModLinear(ranges, high, c / g), g);
  }
  const only = onlyAtom(rest);
  if (only?.kind === "binary" && only.op === "floormod" && isConst(only.b) && only.b.value % c === 0) {
    const inner = ranges.linear(only.a);
    if (ranges.isExact(inner)) return floorModLinear(ranges, inner, c);
  }
  return linearAtom(floorMod(fromLinear(ranges.isExact(rest) ? rest : l), c));
}

/** Finds the largest divisor g of c, 1 < g < c, such that `l = g·x + rest` with rest in 0 … g-1. */
function commonStep(ranges: Ranges, l: Linear, c: number): number {
  const steps = new Set<number>();
  for (const t of l.terms.values()) {
    const g = gcd(Math.abs(t.coeff), c);
    if (g > 1 && g < c) steps.add(g);
  }
  for (const g of [...steps].toSorted((a, b) => b - a)) {
    const [lo, hi] = ranges.boundsOf(divideLinear(l, g)[1]);
    if (lo >= 0 && hi < g) return g;
  }
  return 1;
}

/** Finds the quotient that all values of an interval have, if they have one. */
function constantQuotient([lo, hi]: ConstIntBound, c: number): number | undefined {
  const q = Math.floor(lo / c);
  return Number.isFinite(q) && q === Math.floor(hi / c) ? q : undefined;
}
