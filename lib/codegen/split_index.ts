import { add, binary, constant } from "../ir/build.ts";
import type { Expr } from "../ir/expr.ts";
import { fromLinear, linearOf } from "../arith/linear.ts";

/**
 * Splits index `index` of an array of vec4 into vector and lane. The lane is a number where all threads have the same one.
 *
 * @param lanes the elements of a vector: a word of halves has 2
 * @param wraps whether the index may wrap around: then a term's quotient is no term of the quotient
 */
export function splitIndex(
  index: Expr,
  wraps = false,
  lanes: 2 | 4 = 4,
): { readonly vector: Expr; readonly lane: number | Expr } {
  const flat = index.kind === "ramp" ? index.base : index;
  const l = linearOf(flat);
  const terms = [...l.terms.entries()];
  if (terms.every(([, t]) => t.coeff % lanes === 0)) {
    const lane = ((l.constant % lanes) + lanes) % lanes;
    if (wraps && terms.length > 0) return { vector: binary("shr", flat, constant(lanes / 2)), lane };
    const part = new Map(terms.map(([key, t]) => [key, { ...t, coeff: t.coeff / lanes }]));
    return { vector: fromLinear({ terms: part, constant: (l.constant - lane) / lanes }), lane };
  }
  return {
    vector: binary("shr", flat, constant(lanes / 2)),
    lane: binary("bitand", flat, constant(lanes - 1)),
  };
}

/** Gives the four scalars of a ramp. */
export function rampLanes(base: Expr, stride: number): readonly Expr[] {
  return [0, 1, 2, 3].map((k) => add(base, Math.imul(k, stride)));
}
