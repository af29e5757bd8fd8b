import type { Expr, Var } from "../ir/expr.ts";
import { gcd } from "../arith/gcd.ts";
import type { Analyzer } from "../arith/analyzer.ts";
import { usesVar } from "../ir/visit.ts";

/**
 * Tells whether two values of `v` always give two elements at `indices`, for any values of the other variables. Also true
 * if an index is not a plain sum over `v`, because then nothing is known.
 */
export function isInjective(indices: readonly Expr[], v: Var, analyzer: Analyzer): boolean {
  return indices.some((index) => {
    const terms = [...analyzer.linear(index).terms.values()];
    if (terms.some((t) => t.atom !== v && usesVar(t.atom, (x) => x === v))) return true;
    const own = terms.find((t) => t.atom === v);
    if (!own) return false;
    const step = Math.abs(own.coeff);
    const span = (e: Expr) => analyzer.bounds(e).reduce((lo, hi) => hi - lo);
    const others = terms.filter((t) => t !== own).map((t) => ({
      step: Math.abs(t.coeff),
      span: span(t.atom),
    }));
    const inner = others.filter((t) => t.step < step).reduce((n, t) => n + t.step * t.span, 0);
    const outer = others.filter((t) => t.step >= step).reduce((g, t) => gcd(g, t.step), 0);
    return inner < step && (outer === 0 || step * span(v) + inner < outer);
  });
}
