/** What holds for all values of the bound variables. */
import { constant, isConst } from "../ir/build.ts";
import type { BinaryOp, Expr } from "../ir/expr.ts";
import { type Linear, linearAdd, linearAtom, linearConst, recombine } from "./linear.ts";
import type { Ranges } from "./ranges.ts";

/** Tells whether a condition holds for all values of the bound variables; false where that can't be shown. */
export function proves(ranges: Ranges, cond: Expr): boolean {
  if (cond.kind === "const") return cond.value !== 0;
  if (cond.kind === "not") return refutes(ranges, cond.a);
  if (cond.kind !== "binary") return false;
  switch (cond.op) {
    case "and":
      return proves(ranges, cond.a) && proves(ranges, cond.b);
    case "or":
      return proves(ranges, cond.a) || proves(ranges, cond.b);
    case "lt":
      return isNonNegative(ranges, cond.b, cond.a, 1);
    case "le":
      return isNonNegative(ranges, cond.b, cond.a, 0);
    case "gt":
      return isNonNegative(ranges, cond.a, cond.b, 1);
    case "ge":
      return isNonNegative(ranges, cond.a, cond.b, 0);
    case "eq":
      return cond.a.dtype === "i32" && isNonNegative(ranges, cond.a, cond.b, 0) &&
        isNonNegative(ranges, cond.b, cond.a, 0);
    case "ne":
      return isNonNegative(ranges, cond.a, cond.b, 1) || isNonNegative(ranges, cond.b, cond.a, 1);
    default:
      return false;
  }
}

/** Tells whether a condition holds for no values of the bound variables; false where that can't be shown. */
export function refutes(ranges: Ranges, cond: Expr): boolean {
  if (cond.kind === "const") return cond.value === 0;
  if (cond.kind === "not") return proves(ranges, cond.a);
  if (cond.kind !== "binary") return false;
  if (cond.op === "and") return refutes(ranges, cond.a) || refutes(ranges, cond.b);
  if (cond.op === "or") return refutes(ranges, cond.a) && refutes(ranges, cond.b);
  const negated = NEGATED[cond.op];
  return negated !== undefined && proves(ranges, { ...cond, op: negated });
}

/** Tells whether `a - b - margin >= 0`, also through the symbolic extents of loops. */
function isNonNegative(ranges: Ranges, a: Expr, b: Expr, margin: number): boolean {
  if (a.dtype !== "i32") return false;
  const first = ranges.linear(a), second = ranges.linear(b);
  if (!ranges.isExact(first) || !ranges.isExact(second)) return false;
  const l = linearAdd(linearAdd(first, second, -1), linearConst(-margin));
  if (ranges.boundsOf(l)[0] >= 0) return true;
  const lowered = lowerExtents(ranges, l);
  return (lowered !== l && ranges.boundsOf(lowered)[0] >= 0) ||
    ranges.boundsOf(lowerDivisions(ranges, lowered))[0] >= 0;
}

/** Tells whether certainly `0 <= a < b`: then `a` is its own remainder by `b`. */
export function isRemainder(ranges: Ranges, a: Expr, b: Expr): boolean {
  return isNonNegative(ranges, a, constant(0), 0) && isNonNegative(ranges, b, a, 1);
}

/** Gives a form that is never greater: loops of symbolic extent at their worst end. */
function lowerExtents(ranges: Ranges, l: Linear): Linear {
  let out = l;
  for (const t of l.terms.values()) {
    const extent = t.atom.kind === "var" ? ranges.symbolicExtentOf(t.atom) : undefined;
    if (!extent) continue;
    const worst = t.coeff < 0 ? linearAdd(ranges.linear(extent), linearConst(-1)) : linearConst(0);
    out = linearAdd(linearAdd(out, linearAtom(t.atom, -t.coeff)), worst, t.coeff);
  }
  return recombine(out);
}

/** Gives a form that is never greater: `c*floordiv(x, c)` lies in `x-c+1 … x`. */
function lowerDivisions(ranges: Ranges, l: Linear): Linear {
  let out = l;
  for (const t of l.terms.values()) {
    const x = t.atom;
    if (x.kind !== "binary" || x.op !== "floordiv" || !isConst(x.b) || x.b.value <= 0) continue;
    if (t.coeff % x.b.value !== 0) continue;
    // What wraps around is no bound of its quotient.
    const inner = ranges.linear(x.a);
    if (!ranges.isExact(inner)) continue;
    const k = t.coeff / x.b.value;
    const bound = linearAdd(inner, linearConst(k > 0 ? 1 - x.b.value : 0));
    out = linearAdd(linearAdd(out, linearAtom(x, -t.coeff)), bound, k);
  }
  return out;
}

const NEGATED: Partial<Record<BinaryOp, BinaryOp>> = {
  lt: "ge",
  ge: "lt",
  gt: "le",
  le: "gt",
  eq: "ne",
  ne: "eq",
};
