import { binary, constant, isConst } from "../ir/build.ts";
import type { Binary, BinaryOp, Expr } from "../ir/expr.ts";
import { gcd } from "./gcd.ts";
import { divideLinear, fromLinear, linearAdd, linearConst, linearScale } from "./linear.ts";
import type { Ranges } from "./ranges.ts";

/**
 * Gives all spellings of a comparison one form, so that equal conditions are the same text: `4·x + 3 < 512` is
 * `x < 128`.
 *
 * @param again simplifies the comparison that takes the place of one with a quotient
 */
export function normalizeComparison(ranges: Ranges, x: Binary, again: (x: Expr) => Expr): Expr {
  const order = ORDER[x.op];
  if (!order) return x;
  const [first, second, margin] = order(x.a, x.b);
  const a = ranges.linear(first), b = ranges.linear(second);
  if (!ranges.isExact(a) || !ranges.isExact(b)) return x;
  const l = linearAdd(linearAdd(a, b, -1), linearConst(-margin));
  const step = [...l.terms.values()].reduce((g, t) => gcd(g, Math.abs(t.coeff)), 0);
  if (step === 0) return x;
  const [whole] = divideLinear(l, step);
  const terms = [...whole.terms];
  const quotient = terms.length === 1 ? terms[0]?.[1] : undefined;
  const q = quotient?.atom;
  if (quotient && q?.kind === "binary" && q.op === "floordiv" && isConst(q.b) && q.b.value > 0) {
    // `q + d < 0` is `q.a < -d·c`, and `d - q < 0` is `(d + 1)·c <= q.a`.
    const up = quotient.coeff > 0;
    const bound = up ? -whole.constant * q.b.value : (whole.constant + 1) * q.b.value - 1;
    if (Math.abs(bound) < 2 ** 31) {
      return again(up ? binary("lt", q.a, constant(bound)) : binary("lt", constant(bound), q.a));
    }
  }
  const left = {
    terms: new Map(terms.filter(([, t]) => t.coeff > 0)),
    constant: Math.max(0, whole.constant),
  };
  const right = {
    terms: new Map(terms.filter(([, t]) => t.coeff < 0)),
    constant: Math.min(0, whole.constant),
  };
  const opposite = linearScale(right, -1);
  // The sum of all terms on one side may wrap around where neither side does.
  if (!ranges.isExact(left) || !ranges.isExact(opposite)) return x;
  return binary("lt", fromLinear(left), fromLinear(opposite));
}

/** `a op b` as `first - second - margin < 0`. */
const ORDER: Partial<
  Record<BinaryOp, (a: Expr, b: Expr) => readonly [first: Expr, second: Expr, margin: number]>
> = {
  lt: (a, b) => [a, b, 0],
  le: (a, b) => [a, b, 1],
  gt: (a, b) => [b, a, 0],
  ge: (a, b) => [b, a, 1],
};
