import { isConst, mul } from "../ir/build.ts";
import type { Expr } from "../ir/expr.ts";
import { keyOf } from "../ir/key.ts";
import { printExpr } from "../ir/print.ts";
import { type Linear, linearAdd, linearAtom, linearConst, linearScale, scaleCoeff } from "./linear.ts";

/** Multiplies two linear forms. A product of atoms is an atom whose factors have a fixed order. */
export function multiplyLinear(a: Linear, b: Linear): Linear {
  if (a.terms.size === 0) return linearScale(b, a.constant);
  if (b.terms.size === 0) return linearScale(a, b.constant);
  let out = linearConst(scaleCoeff(a.constant, b.constant));
  for (const s of a.terms.values()) {
    for (const t of b.terms.values()) {
      const factors = inOrder([...factorsOf(s.atom), ...factorsOf(t.atom)]);
      out = linearAdd(out, linearAtom(factors.reduce((p, q) => mul(p, q)), scaleCoeff(s.coeff, t.coeff)));
    }
  }
  out = linearAdd(out, { terms: a.terms, constant: 0 }, b.constant);
  return linearAdd(out, { terms: b.terms, constant: 0 }, a.constant);
}

/**
 * Sorts factors by their text, variables last. Keys depend on what the process saw before, so an order by key would
 * differ from run to run.
 */
function inOrder(factors: readonly Expr[]): readonly Expr[] {
  const rank = (e: Expr) => `${+(e.kind === "var")} ${printExpr(e)} ${keyOf(e)}`;
  return factors.map((e) => ({ e, at: rank(e) })).toSorted((p, q) => p.at < q.at ? -1 : 1).map(({ e }) => e);
}

function factorsOf(e: Expr): readonly Expr[] {
  return e.kind === "binary" && e.op === "mul" && !isConst(e.b)
    ? [...factorsOf(e.a), ...factorsOf(e.b)]
    : [e];
}
