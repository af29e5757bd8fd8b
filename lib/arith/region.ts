/** The box of a buffer that an access touches. */
import { add, constant, isConst, le, mul } from "../ir/build.ts";
import type { Buffer, Expr, Var } from "../ir/expr.ts";
import { fromLinear, type Linear, linearAdd, linearConst } from "./linear.ts";
import type { Analyzer } from "./analyzer.ts";
import { usesVar, walkExpr } from "../ir/visit.ts";

/** `min … min + extent - 1` of one dimension. */
export interface Range {
  readonly min: Expr;
  readonly extent: Expr;
  /** True if every element of the range is touched by some value of the relaxed variables. */
  readonly exact: boolean;
}

/**
 * Gives the box of `buffer` that `indices` touch. The variables for which `relaxed` holds run over their ranges; the
 * others are fixed. A dimension without known bounds is taken whole.
 */
export function regionOf(
  buffer: Buffer,
  indices: readonly Expr[],
  relaxed: (v: Var) => boolean,
  analyzer: Analyzer,
): readonly Range[] {
  return indices.map((index, d) => {
    const whole: Range = { min: constant(0), extent: buffer.shape[d] ?? constant(1), exact: false };
    return rangeOf(analyzer.linear(index), relaxed, analyzer) ?? whole;
  });
}

function rangeOf(l: Linear, relaxed: (v: Var) => boolean, analyzer: Analyzer): Range | undefined {
  let base: Linear = linearConst(l.constant);
  let span: Expr = constant(1);
  const steps: { readonly coeff: number; readonly extent: Expr }[] = [];
  for (const [key, t] of l.terms) {
    if (!usesVar(t.atom, relaxed)) {
      base = linearAdd(base, { terms: new Map([[key, t]]), constant: 0 });
      continue;
    }
    const symbolic = t.atom.kind === "var" ? analyzer.extentOf(t.atom) : undefined;
    if (symbolic && t.coeff > 0) {
      span = add(span, mul(add(symbolic, -1), t.coeff));
      steps.push({ coeff: t.coeff, extent: symbolic });
      continue;
    }
    const [lo, hi] = analyzer.boundsOf({ terms: new Map([[key, t]]), constant: 0 });
    if (!Number.isFinite(lo) || !Number.isFinite(hi)) return undefined;
    base = linearAdd(base, linearConst(lo));
    span = add(span, hi - lo);
    steps.push({
      coeff: isFull(t.atom, relaxed, analyzer) ? Math.abs(t.coeff) : 2 ** 31,
      extent: constant((hi - lo) / Math.abs(t.coeff) + 1),
    });
  }
  const exact = isDense(steps, analyzer) && !isShared([...l.terms.values()].map((t) => t.atom), relaxed);
  return { min: fromLinear(base), extent: analyzer.simplify(span), exact };
}

/** Tells whether an atom takes every value within its bounds: a variable, or the remainder of a range without gaps. */
function isFull(e: Expr, relaxed: (v: Var) => boolean, analyzer: Analyzer): boolean {
  if (e.kind === "var") return true;
  if (e.kind !== "binary" || !isConst(e.b) || usesVar(e, (v) => !relaxed(v))) return false;
  if (e.op !== "floordiv" && e.op !== "floormod") return false;
  const inner = rangeOf(analyzer.linear(e.a), relaxed, analyzer);
  if (!inner?.exact) return false;
  return e.op === "floordiv" || (isConst(inner.extent) && inner.extent.value >= e.b.value);
}

/** Tells whether two atoms have a relaxed variable in common, so that they move together. */
function isShared(atoms: readonly Expr[], relaxed: (v: Var) => boolean): boolean {
  const seen = new Set<Var>();
  return atoms.some((e) => {
    const own = new Set<Var>();
    walkExpr(e, (x) => x.kind === "var" && relaxed(x) && own.add(x));
    const shared = !own.isDisjointFrom(seen);
    own.forEach((v) => seen.add(v));
    return shared;
  });
}

/** Tells whether Σ coeff·[0, extent) leaves no gap: each coefficient is at most the reach of the smaller ones. */
function isDense(
  steps: readonly { readonly coeff: number; readonly extent: Expr }[],
  analyzer: Analyzer,
): boolean {
  let reach: Linear = linearConst(1);
  for (const s of steps.toSorted((a, b) => a.coeff - b.coeff)) {
    const [lo] = analyzer.boundsOf(linearAdd(reach, linearConst(-s.coeff)));
    if (lo < 0) return false;
    reach = linearAdd(reach, linearAdd(analyzer.linear(s.extent), linearConst(-1)), s.coeff);
  }
  return true;
}

/** Gives the smallest box that holds both, if the order of their starts is known. */
export function unionRange(a: Range, b: Range, analyzer: Analyzer): Range | undefined {
  const d = linearAdd(analyzer.linear(b.min), analyzer.linear(a.min), -1);
  if (d.terms.size > 0) return undefined;
  const [first, second, shift] = d.constant >= 0 ? [a, b, d.constant] : [b, a, -d.constant];
  const reach = add(second.extent, shift);
  const extent = analyzer.simplify({ kind: "binary", dtype: "i32", op: "max", a: first.extent, b: reach });
  const touch = analyzer.proves(le(shift, first.extent));
  return { min: first.min, extent, exact: first.exact && second.exact && touch };
}
