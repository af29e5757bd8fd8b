import { add, binary, constant } from "../ir/build.ts";
import type { Expr } from "../ir/expr.ts";
import { fromLinear } from "../ir/linear.ts";
import { Analyzer } from "../ir/simplify.ts";

/** An element of an array of vec4 as vector and lane; the lane is a number where it is the same for all threads. */
export interface SplitIndex {
  readonly vector: Expr;
  readonly lane: number | Expr;
}

/** One index stands at many places of an unrolled kernel. */
const known = new WeakMap<Expr, SplitIndex>();

/** Element `index` of an array of vec4. */
export function splitIndex(index: Expr): SplitIndex {
  let split = known.get(index);
  if (!split) known.set(index, split = split4(index));
  return split;
}

function split4(index: Expr): SplitIndex {
  const flat = index.kind === "ramp" ? index.base : index;
  const l = new Analyzer().linear(flat);
  const terms = [...l.terms.entries()];
  if (terms.every(([, t]) => t.coeff % 4 === 0)) {
    const quarter = new Map(terms.map(([key, t]) => [key, { ...t, coeff: t.coeff / 4 }]));
    const lane = ((l.constant % 4) + 4) % 4;
    return { vector: fromLinear({ terms: quarter, constant: (l.constant - lane) / 4 }), lane };
  }
  return { vector: binary("shr", flat, constant(2)), lane: binary("bitand", flat, constant(3)) };
}

/** The scalars of a ramp. */
export function rampLanes(base: Expr, stride: number): readonly Expr[] {
  return [0, 1, 2, 3].map((k) => add(base, k * stride));
}
