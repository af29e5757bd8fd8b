/**
 * Arithmetic over the ranges of variables: simplification, bounds, proofs. i32 wraps around. Quotients, comparisons and
 * bounds are simplified only where the ranges show that nothing wraps; index arithmetic over variables without known
 * bounds is assumed not to wrap. Floating-point expressions keep their exact value: only their indices and conditions
 * are simplified.
 */
import { and, binary, cast, constant, FALSE, isConst, not, or, select, TRUE } from "../ir/build.ts";
import { foldCall } from "../ir/fold_call.ts";
import { equalExpr } from "../ir/equal.ts";
import type { Binary, Const, Expr, Select, Var } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import type { Stmt } from "../ir/stmt.ts";
import { mapExpr, walkStmt } from "../ir/visit.ts";
import { floorDivLinear, floorModLinear } from "./floor_div_linear.ts";
import { dropRepeatedConditions, foldScalar } from "./fold.ts";
import {
  boundsOfAtom,
  boundsOfBinary,
  type ConstIntBound,
  fitsI32,
  I32,
  isBounded,
  scaleBound,
  UNBOUNDED,
} from "./interval.ts";
import { isIndex } from "./is_index.ts";
import {
  addTerm,
  type AtomKey,
  fromLinear,
  type Linear,
  linearAdd,
  linearAtom,
  linearConst,
  onlyAtom,
  recombine,
  reduceLinear,
  scaleCoeff,
  type Term,
} from "./linear.ts";
import { multiplyLinear } from "./multiply_linear.ts";
import { normalizeComparison } from "./normalize_comparison.ts";
import { isRemainder, proves, refutes } from "./prove.ts";
import type { Ranges } from "./ranges.ts";

/** The largest constant in a sum of variables without known bounds that counts as exact: an index is no farther off. */
const FAR = 2 ** 24;

/** Knows the ranges of variables. A variable that was never bound may have any value. */
export class Analyzer implements Ranges {
  readonly #ranges = new Map<Var, ConstIntBound>();
  readonly #extents = new Map<Var, Expr>();
  readonly #memo = new Map<Expr, Expr>();
  /** Forms and bounds that were computed for the present ranges. */
  readonly #forms = new Map<Binary, Linear>();
  readonly #bounds = new Map<Binary | Select, ConstIntBound>();

  /** An analyzer that knows every loop of `func`, and that its shape variables are at least 1. */
  static of(func: PrimFunc): Analyzer {
    const analyzer = new Analyzer();
    for (const v of func.shapeVars) analyzer.bindRange(v, [1, Infinity]);
    analyzer.bindLoops(func.body);
    return analyzer;
  }

  /** Binds the variables of all loops in `s`, and those of its blocks. */
  bindLoops(s: Stmt): void {
    walkStmt(s, (x) => {
      if (x.kind === "for") this.bind(x.var, x.extent);
      if (x.kind === "block") { for (const it of x.iters) this.bind(it.var, it.extent); }
    });
  }

  /** `v` runs over `0 … extent-1`. */
  bind(v: Var, extent: Expr): void {
    const hi = extent.kind === "const" ? extent.value : this.bounds(extent)[1];
    this.bindRange(v, [0, Math.max(0, hi - 1)]);
    if (extent.kind === "const" || this.#extents.get(v) === extent) return;
    this.#extents.set(v, extent);
    this.#forget();
  }

  bindRange(v: Var, range: ConstIntBound): void {
    const known = this.#ranges.get(v);
    if (known?.[0] === range[0] && known[1] === range[1]) return;
    this.#ranges.set(v, range);
    this.#forget();
  }

  #forget(): void {
    if (this.#forms.size > 0) this.#forms.clear();
    if (this.#bounds.size > 0) this.#bounds.clear();
  }

  /** The extent that `v` was bound with, where it is not a constant. */
  symbolicExtentOf(v: Var): Expr | undefined {
    return this.#extents.get(v);
  }

  /** The extent that `v` was bound with. */
  extentOf(v: Var): Expr | undefined {
    const extent = this.#extents.get(v);
    if (extent) return extent;
    const range = this.#ranges.get(v);
    return range && Number.isFinite(range[1]) ? constant(range[1] + 1) : undefined;
  }

  /** An equal expression, smaller or more regular; the same object where there is nothing to do. */
  simplify(e: Expr): Expr {
    if (e.kind === "const" || e.kind === "var") return this.#point(e);
    let result = this.#memo.get(e);
    if (result === undefined) {
      result = e.dtype === "i32" && e.kind === "binary" ? this.#index(e) : this.#other(e);
      if (result !== e && equalExpr(result, e)) result = e;
      this.#memo.set(e, result);
      this.#memo.set(result, result);
    }
    return result;
  }

  /** The linear form of an i32 expression. */
  linear(e: Expr): Linear {
    if (e.kind === "const") return linearConst(e.value);
    if (e.kind !== "binary") return this.#linear(e);
    let form = this.#forms.get(e);
    if (form === undefined) this.#forms.set(e, form = reduceLinear(this.#linear(e)));
    return form;
  }

  #linear(e: Exclude<Expr, Const>): Linear {
    if (e.kind === "binary") {
      switch (e.op) {
        case "add":
        case "sub": {
          const terms = new Map<AtomKey, Term>();
          // Zero has no sign.
          return recombine({ constant: 0 + this.#gather(e, 1, terms), terms });
        }
        case "mul": {
          const form = multiplyLinear(this.linear(e.a), this.linear(e.b));
          const atom = onlyAtom(form);
          // It is its own form. Finding that again would go through the whole of a long product.
          if (atom?.kind === "binary") this.#forms.set(atom, form);
          return form;
        }
        case "floordiv": {
          const by = this.linear(e.b);
          if (by.terms.size === 0 && by.constant > 0 && this.isExact(this.linear(e.a))) {
            return floorDivLinear(this, this.linear(e.a), by.constant);
          }
          if (isRemainder(this, e.a, e.b)) return linearConst(0);
          break;
        }
        case "floormod": {
          const by = this.linear(e.b);
          if (by.terms.size === 0 && by.constant > 0 && this.isExact(this.linear(e.a))) {
            return floorModLinear(this, this.linear(e.a), by.constant);
          }
          if (isRemainder(this, e.a, e.b)) return this.linear(e.a);
          break;
        }
        case "min":
        case "max": {
          const a = this.linear(e.a), b = this.linear(e.b);
          if (this.isExact(a) && this.isExact(b)) {
            const [lo, hi] = this.boundsOf(linearAdd(a, b, -1));
            if (hi <= 0) return e.op === "min" ? a : b;
            if (lo >= 0) return e.op === "min" ? b : a;
          }
          return linearAtom(binary(e.op, fromLinear(a), fromLinear(b)));
        }
        default:
      }
    }
    if (e.kind === "binary") {
      const x = mapExpr(e, (c) => this.simplify(c));
      const folded = x.kind === "binary" ? foldScalar(x) : x;
      return folded.kind === "const" ? linearConst(folded.value) : linearAtom(x);
    }
    const x = this.simplify(e);
    return x.kind === "const" || x.kind === "binary" ? this.linear(x) : linearAtom(x);
  }

  /** Adds the terms of `scale·e` to those of a sum, and returns its constant. A long sum thus needs one form only. */
  #gather(e: Expr, scale: number, terms: Map<AtomKey, Term>): number {
    if (e.kind === "const") return scaleCoeff(scale, e.value);
    const isSum = e.kind === "binary" && (e.op === "add" || e.op === "sub");
    if (isSum && !this.#forms.has(e)) {
      return this.#gather(e.a, scale, terms) + this.#gather(e.b, e.op === "add" ? scale : -scale, terms);
    }
    if (e.kind === "binary" && e.op === "mul" && e.b.kind === "const") {
      return this.#gather(e.a, scaleCoeff(scale, e.b.value), terms);
    }
    if (e.kind === "var" && this.#point(e) === e) {
      addTerm(terms, e, e, scale);
      return 0;
    }
    const form = this.linear(e);
    for (const [key, t] of form.terms) addTerm(terms, key, t.atom, scaleCoeff(scale, t.coeff));
    return scaleCoeff(scale, form.constant);
  }

  /** Inclusive bounds of an integer expression. */
  bounds(e: Expr): ConstIntBound {
    if (e.kind === "const") return [e.value, e.value];
    const form = this.linear(e);
    return this.isExact(form) ? this.boundsOf(form) : I32;
  }

  isExact(l: Linear): boolean {
    const bounds = this.boundsOf(l);
    if (fitsI32(bounds)) return true;
    if (isBounded(bounds) || Math.abs(l.constant) > FAR) return false;
    for (const t of l.terms.values()) if (!isIndex(t.atom)) return false;
    return true;
  }

  boundsOf(l: Linear): ConstIntBound {
    let lo = l.constant, hi = l.constant;
    for (const t of l.terms.values()) {
      const [a, b] = this.#atomBounds(t.atom);
      lo += t.coeff > 0 ? scaleBound(t.coeff, a) : scaleBound(t.coeff, b);
      hi += t.coeff > 0 ? scaleBound(t.coeff, b) : scaleBound(t.coeff, a);
    }
    return [lo, hi];
  }

  /** Tells whether `cond` holds for all values of the bound variables; false where that can't be shown. */
  proves(cond: Expr): boolean {
    return proves(this, cond);
  }

  /** Tells whether `a == b` for all values of the bound variables. */
  provesEqual(a: Expr, b: Expr): boolean {
    const d = linearAdd(this.linear(a), this.linear(b), -1);
    return d.terms.size === 0 && d.constant === 0;
  }

  #point(e: Expr): Expr {
    if (e.kind !== "var" || e.dtype !== "i32") return e;
    const range = this.#ranges.get(e);
    return range && range[0] === range[1] ? constant(range[0]) : e;
  }

  #index(e: Binary): Expr {
    return fromLinear(this.linear(e));
  }

  #other(e: Expr): Expr {
    const x = mapExpr(e, (c) => this.simplify(c));
    switch (x.kind) {
      case "select":
        if (this.proves(x.cond)) return x.a;
        if (refutes(this, x.cond)) return x.b;
        return select(x.cond, x.a, x.b);
      case "not":
        return x.a.kind === "not" ? x.a.a : not(x.a);
      case "cast":
        return x.a.kind === "const" ? cast(x.dtype, x.a) : x;
      case "call":
        return foldCall(x);
      case "binary": {
        if (x.dtype === "bool") {
          if (x.op === "and") return dropRepeatedConditions(and(x.a, x.b));
          if (x.op === "or") {
            return isConst(x.a, 0)
              ? x.b
              : isConst(x.b, 0)
              ? x.a
              : isConst(x.a) || isConst(x.b)
              ? TRUE
              : or(x.a, x.b);
          }
          if (this.proves(x)) return TRUE;
          if (refutes(this, x)) return FALSE;
          if (x.a.dtype === "i32") return normalizeComparison(this, x, (y) => this.#other(y));
        }
        return foldScalar(x);
      }
      default:
        return x;
    }
  }

  #atomBounds(e: Expr): ConstIntBound {
    if (e.kind === "var") return this.#ranges.get(e) ?? UNBOUNDED;
    if (e.kind === "select") {
      let found = this.#bounds.get(e);
      if (found === undefined) {
        const [a, b] = this.bounds(e.a), [c, d] = this.bounds(e.b);
        this.#bounds.set(e, found = [Math.min(a, c), Math.max(b, d)]);
      }
      return found;
    }
    if (e.kind !== "binary" || e.dtype !== "i32") return boundsOfAtom(e);
    let found = this.#bounds.get(e);
    if (found === undefined) {
      const a = this.bounds(e.a), b = this.bounds(e.b), bounds = boundsOfBinary(e.op, a, b);
      // A value that wraps around may be anything; so may data without known bounds.
      const known = fitsI32(bounds) || (!(isBounded(a) && isBounded(b)) && isIndex(e));
      found = known ? bounds : I32;
      this.#bounds.set(e, found);
    }
    return found;
  }
}
