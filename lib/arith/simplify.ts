/**
 * Arithmetic over the ranges of variables: simplification, bounds, proofs. Index arithmetic is i32 and
 * taken not to overflow. Floating-point expressions keep their value exactly: only their indices and
 * conditions are simplified.
 */
import {
  and,
  binary,
  cast,
  conjuncts,
  constant,
  FALSE,
  floorDiv,
  floorMod,
  foldBinary,
  foldCall,
  isConst,
  mul,
  not,
  or,
  select,
  TRUE,
} from "../ir/build.ts";
import { isFloat, scalarOf } from "../ir/dtype.ts";
import { equalExpr } from "../ir/equal.ts";
import type { Binary, BinaryOp, Const, Expr, Var } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { gcd } from "./gcd.ts";
import { keyOf } from "../ir/key.ts";
import {
  addTerm,
  type AtomKey,
  divideLinear,
  fromLinear,
  type Linear,
  linearAdd,
  linearAtom,
  linearConst,
  linearScale,
  onlyAtom,
  recombine,
  type Term,
} from "./linear.ts";
import { printExpr } from "../ir/print.ts";
import type { Stmt } from "../ir/stmt.ts";
import { mapExpr, readsMemory, walkStmt } from "../ir/visit.ts";

/** Inclusive bounds; infinite where nothing is known. */
export type Interval = readonly [lo: number, hi: number];
const ANY: Interval = [-Infinity, Infinity];

/** Knows the ranges of variables. A variable that was never bound may have any value. */
export class Analyzer {
  readonly #ranges = new Map<Var, Interval>();
  readonly #extents = new Map<Var, Expr>();
  readonly #memo = new Map<Expr, Expr>();
  /** What forms and bounds are known to be, while the ranges are what they are. */
  readonly #forms = new Map<Binary, Linear>();
  readonly #bounds = new Map<Binary, Interval>();

  /** An analyzer that knows every loop of `func`, and that its shape variables are at least 1. */
  static of(func: PrimFunc): Analyzer {
    const analyzer = new Analyzer();
    for (const v of func.shapeVars) analyzer.bindRange(v, [1, Infinity]);
    analyzer.bindLoops(func.body);
    return analyzer;
  }

  /** Binds the variables of all loops in `s`. */
  bindLoops(s: Stmt): void {
    walkStmt(s, (x) => {
      if (x.kind === "for") this.bind(x.var, x.extent);
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

  bindRange(v: Var, range: Interval): void {
    const known = this.#ranges.get(v);
    if (known?.[0] === range[0] && known[1] === range[1]) return;
    this.#ranges.set(v, range);
    this.#forget();
  }

  #forget(): void {
    if (this.#forms.size > 0) this.#forms.clear();
    if (this.#bounds.size > 0) this.#bounds.clear();
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
    if (form === undefined) this.#forms.set(e, form = this.#linear(e));
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
        case "mul":
          return this.#product(this.linear(e.a), this.linear(e.b));
        case "floordiv": {
          const by = this.linear(e.b);
          if (by.terms.size === 0 && by.constant > 0) return this.#floorDiv(this.linear(e.a), by.constant);
          if (this.#isRemainder(e.a, e.b)) return linearConst(0);
          break;
        }
        case "floormod": {
          const by = this.linear(e.b);
          if (by.terms.size === 0 && by.constant > 0) return this.#floorMod(this.linear(e.a), by.constant);
          if (this.#isRemainder(e.a, e.b)) return this.linear(e.a);
          break;
        }
        case "min":
        case "max": {
          const a = this.linear(e.a), b = this.linear(e.b);
          const [lo, hi] = this.boundsOf(linearAdd(a, b, -1));
          if (hi <= 0) return e.op === "min" ? a : b;
          if (lo >= 0) return e.op === "min" ? b : a;
          return linearAtom(binary(e.op, fromLinear(a), fromLinear(b)));
        }
        default:
      }
    }
    if (e.kind === "binary") return linearAtom(mapExpr(e, (c) => this.simplify(c)));
    const x = this.simplify(e);
    return x.kind === "const" || x.kind === "binary" ? this.linear(x) : linearAtom(x);
  }

  /** Adds the terms of `scale·e` to those of a sum, which has one form and not one at each plus; gives its constant. */
  #gather(e: Expr, scale: number, terms: Map<AtomKey, Term>): number {
    if (e.kind === "const") return scale * e.value;
    const isSum = e.kind === "binary" && (e.op === "add" || e.op === "sub");
    if (isSum && !this.#forms.has(e)) {
      return this.#gather(e.a, scale, terms) + this.#gather(e.b, e.op === "add" ? scale : -scale, terms);
    }
    if (e.kind === "binary" && e.op === "mul" && e.b.kind === "const") {
      return this.#gather(e.a, scale * e.b.value, terms);
    }
    if (e.kind === "var" && this.#point(e) === e) {
      addTerm(terms, e, e, scale);
      return 0;
    }
    const form = this.linear(e);
    for (const [key, t] of form.terms) addTerm(terms, key, t.atom, scale * t.coeff);
    return scale * form.constant;
  }

  /** Inclusive bounds of an integer expression. */
  bounds(e: Expr): Interval {
    return e.kind === "const" ? [e.value, e.value] : this.boundsOf(this.linear(e));
  }

  boundsOf(l: Linear): Interval {
    let lo = l.constant, hi = l.constant;
    for (const t of l.terms.values()) {
      const [a, b] = this.#atomBounds(t.atom);
      lo += t.coeff > 0 ? times(t.coeff, a) : times(t.coeff, b);
      hi += t.coeff > 0 ? times(t.coeff, b) : times(t.coeff, a);
    }
    return [lo, hi];
  }

  /** True only if `cond` holds for all values of the bound variables. */
  proves(cond: Expr): boolean {
    if (cond.kind === "const") return cond.value !== 0;
    if (cond.kind === "not") return this.#refutes(cond.a);
    if (cond.kind !== "binary") return false;
    switch (cond.op) {
      case "and":
        return this.proves(cond.a) && this.proves(cond.b);
      case "or":
        return this.proves(cond.a) || this.proves(cond.b);
      case "lt":
        return this.#nonNegative(cond.b, cond.a, 1);
      case "le":
        return this.#nonNegative(cond.b, cond.a, 0);
      case "gt":
        return this.#nonNegative(cond.a, cond.b, 1);
      case "ge":
        return this.#nonNegative(cond.a, cond.b, 0);
      case "eq":
        return cond.a.dtype === "i32" && this.#nonNegative(cond.a, cond.b, 0) &&
          this.#nonNegative(cond.b, cond.a, 0);
      case "ne":
        return this.#nonNegative(cond.a, cond.b, 1) || this.#nonNegative(cond.b, cond.a, 1);
      default:
        return false;
    }
  }

  /** `a == b` for all values of the bound variables. */
  provesEqual(a: Expr, b: Expr): boolean {
    const d = linearAdd(this.linear(a), this.linear(b), -1);
    return d.terms.size === 0 && d.constant === 0;
  }

  #refutes(cond: Expr): boolean {
    if (cond.kind === "const") return cond.value === 0;
    if (cond.kind === "not") return this.proves(cond.a);
    if (cond.kind !== "binary") return false;
    if (cond.op === "and") return this.#refutes(cond.a) || this.#refutes(cond.b);
    if (cond.op === "or") return this.#refutes(cond.a) && this.#refutes(cond.b);
    const negated = NEGATED[cond.op];
    return negated !== undefined && this.proves({ ...cond, op: negated });
  }

  /** `a - b - margin >= 0`, also through the symbolic extents of loops. */
  #nonNegative(a: Expr, b: Expr, margin: number): boolean {
    if (a.dtype !== "i32") return false;
    const l = linearAdd(linearAdd(this.linear(a), this.linear(b), -1), linearConst(-margin));
    if (this.boundsOf(l)[0] >= 0) return true;
    const lowered = this.#lowerExtents(l);
    return (lowered !== l && this.boundsOf(lowered)[0] >= 0) ||
      this.boundsOf(this.#lowerDivisions(lowered))[0] >= 0;
  }

  /** Whether certainly `0 <= a < b`: then `a` divided by `b` leaves all of `a`. */
  #isRemainder(a: Expr, b: Expr): boolean {
    return this.#nonNegative(a, constant(0), 0) && this.#nonNegative(b, a, 1);
  }

  /** A form that is never greater: loops of symbolic extent at their worst end. */
  #lowerExtents(l: Linear): Linear {
    let out = l;
    for (const t of l.terms.values()) {
      const extent = t.atom.kind === "var" ? this.#extents.get(t.atom) : undefined;
      if (!extent) continue;
      const worst = t.coeff < 0 ? linearAdd(this.linear(extent), linearConst(-1)) : linearConst(0);
      out = linearAdd(linearAdd(out, linearAtom(t.atom, -t.coeff)), worst, t.coeff);
    }
    return recombine(out);
  }

  /** A form that is never greater: `c*floordiv(x, c)` lies in `x-c+1 … x`. */
  #lowerDivisions(l: Linear): Linear {
    let out = l;
    for (const t of l.terms.values()) {
      const x = t.atom;
      if (x.kind !== "binary" || x.op !== "floordiv" || !isConst(x.b) || x.b.value <= 0) continue;
      if (t.coeff % x.b.value !== 0) continue;
      const k = t.coeff / x.b.value;
      const bound = linearAdd(this.linear(x.a), linearConst(k > 0 ? 1 - x.b.value : 0));
      out = linearAdd(linearAdd(out, linearAtom(x, -t.coeff)), bound, k);
    }
    return out;
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
        if (this.#refutes(x.cond)) return x.b;
        return select(x.cond, x.a, x.b);
      case "not":
        return x.a.kind === "not" ? x.a.a : not(x.a);
      case "cast":
        return x.a.kind === "const" ? cast(x.dtype, x.a) : x;
      case "call":
        return foldCall(x);
      case "binary": {
        if (x.dtype === "bool") {
          if (x.op === "and") return withoutRepeats(and(x.a, x.b));
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
          if (this.#refutes(x)) return FALSE;
          if (x.a.dtype === "i32") return this.#comparison(x);
        }
        return foldScalar(x);
      }
      default:
        return x;
    }
  }

  /**
   * One form for all spellings of a comparison, so that equal conditions are the same text: `4·x + 3 < 512`
   * is `x < 128`.
   */
  #comparison(x: Binary): Expr {
    const order = ORDER[x.op];
    if (!order) return x;
    const [first, second, margin] = order(x.a, x.b);
    const l = linearAdd(linearAdd(this.linear(first), this.linear(second), -1), linearConst(-margin));
    const step = [...l.terms.values()].reduce((g, t) => gcd(g, Math.abs(t.coeff)), 0);
    // Data may be as large as its type allows: one more would be less.
    if (step === 0 || [...l.terms.values()].some((t) => readsMemory(t.atom))) return x;
    const [whole] = divideLinear(l, step);
    const terms = [...whole.terms];
    const quotient = terms.length === 1 ? terms[0]?.[1] : undefined;
    const q = quotient?.atom;
    if (quotient && q?.kind === "binary" && q.op === "floordiv" && isConst(q.b) && q.b.value > 0) {
      // `q + d < 0` is `q.a < -d·c`, and `d - q < 0` is `(d + 1)·c <= q.a`.
      const up = quotient.coeff > 0;
      const bound = up ? -whole.constant * q.b.value : (whole.constant + 1) * q.b.value - 1;
      if (Math.abs(bound) < 2 ** 31) {
        return this.#other(up ? binary("lt", q.a, constant(bound)) : binary("lt", constant(bound), q.a));
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
    return binary("lt", fromLinear(left), fromLinear(linearScale(right, -1)));
  }

  #product(a: Linear, b: Linear): Linear {
    if (a.terms.size === 0) return linearScale(b, a.constant);
    if (b.terms.size === 0) return linearScale(a, b.constant);
    let out = linearConst(a.constant * b.constant);
    for (const s of a.terms.values()) {
      for (const t of b.terms.values()) {
        const factors = inOrder([...factorsOf(s.atom), ...factorsOf(t.atom)]);
        out = linearAdd(out, linearAtom(factors.reduce((p, q) => mul(p, q)), s.coeff * t.coeff));
      }
    }
    out = linearAdd(out, { terms: a.terms, constant: 0 }, b.constant);
    return linearAdd(out, { terms: b.terms, constant: 0 }, a.constant);
  }

  #floorDiv(l: Linear, c: number): Linear {
    if (c === 1) return l;
    const [whole, rest] = divideLinear(l, c);
    const q = constantQuotient(this.boundsOf(rest), c);
    if (q !== undefined) return linearAdd(whole, linearConst(q));
    const g = this.#commonStep(rest, c);
    if (g > 1) return linearAdd(whole, this.#floorDiv(divideLinear(rest, g)[0], c / g));
    const only = onlyAtom(rest);
    if (only?.kind === "binary" && only.op === "floordiv" && isConst(only.b) && only.b.value > 0) {
      return linearAdd(whole, this.#floorDiv(this.linear(only.a), only.b.value * c));
    }
    return linearAdd(whole, linearAtom(floorDiv(fromLinear(rest), c)));
  }

  #floorMod(l: Linear, c: number): Linear {
    if (c === 1) return linearConst(0);
    const [, rest] = divideLinear(l, c);
    const q = constantQuotient(this.boundsOf(rest), c);
    if (q !== undefined) return linearAdd(rest, linearConst(-q * c));
    const g = this.#commonStep(rest, c);
    if (g > 1) {
      const [high, low] = divideLinear(rest, g);
      return linearAdd(low, this.#floorMod(high, c / g), g);
    }
    const only = onlyAtom(rest);
    if (only?.kind === "binary" && only.op === "floormod" && isConst(only.b) && only.b.value % c === 0) {
      return this.#floorMod(this.linear(only.a), c);
    }
    return linearAtom(floorMod(fromLinear(rest), c));
  }

  /** The largest divisor g of c, 1 < g < c, such that `l = g·x + rest` with rest in 0 … g-1. */
  #commonStep(l: Linear, c: number): number {
    const steps = new Set<number>();
    for (const t of l.terms.values()) {
      const g = gcd(Math.abs(t.coeff), c);
      if (g > 1 && g < c) steps.add(g);
    }
    for (const g of [...steps].toSorted((a, b) => b - a)) {
      const [lo, hi] = this.boundsOf(divideLinear(l, g)[1]);
      if (lo >= 0 && hi < g) return g;
    }
    return 1;
  }

  #atomBounds(e: Expr): Interval {
    if (e.kind === "var") return this.#ranges.get(e) ?? ANY;
    if (e.kind === "select") {
      const [a, b] = this.bounds(e.a), [c, d] = this.bounds(e.b);
      return [Math.min(a, c), Math.max(b, d)];
    }
    if (e.kind !== "binary" || e.dtype !== "i32") {
      return e.kind === "cast" && e.a.dtype === "bool" ? [0, 1] : ANY;
    }
    let found = this.#bounds.get(e);
    if (found === undefined) this.#bounds.set(e, found = this.#binaryBounds(e));
    return found;
  }

  #binaryBounds(e: Binary): Interval {
    const [a, b] = this.bounds(e.a), [c, d] = this.bounds(e.b);
    switch (e.op) {
      case "floordiv":
        return c === d && c > 0 ? [Math.floor(a / c), Math.floor(b / c)] : a >= 0 && c > 0 ? [0, b] : ANY;
      case "floormod":
        return c > 0 ? [0, a >= 0 ? Math.min(b, d - 1) : d - 1] : ANY;
      case "min":
        return [Math.min(a, c), Math.min(b, d)];
      case "max":
        return [Math.max(a, c), Math.max(b, d)];
      case "mul":
        return a >= 0 && c >= 0 ? [times(a, c), times(b, d)] : ANY;
      case "shr":
        return c === d && c >= 0 && c < 31 ? [Math.floor(a / 2 ** c), Math.floor(b / 2 ** c)] : ANY;
      case "bitand":
        return c >= 0 ? [0, d] : a >= 0 ? [0, b] : ANY;
      default:
        return ANY;
    }
  }
}

const NEGATED: Partial<Record<BinaryOp, BinaryOp>> = {
  lt: "ge",
  ge: "lt",
  gt: "le",
  le: "gt",
  eq: "ne",
  ne: "eq",
};

/** `a op b` as `first - second - margin < 0`. */
const ORDER: Partial<
  Record<BinaryOp, (a: Expr, b: Expr) => readonly [first: Expr, second: Expr, margin: number]>
> = {
  lt: (a, b) => [a, b, 0],
  le: (a, b) => [a, b, 1],
  gt: (a, b) => [b, a, 0],
  ge: (a, b) => [b, a, 1],
};

/** 0·∞ is 0 here: a coefficient of 0 never contributes. */
function times(a: number, b: number): number {
  return a === 0 || b === 0 ? 0 : a * b;
}

function withoutRepeats(cond: Expr): Expr {
  const terms = conjuncts(cond);
  const once = new Map(terms.map((t) => [keyOf(t), t]));
  return once.size === terms.length ? cond : and(...once.values());
}

function constantQuotient([lo, hi]: Interval, c: number): number | undefined {
  const q = Math.floor(lo / c);
  return Number.isFinite(q) && q === Math.floor(hi / c) ? q : undefined;
}

/**
 * Factors by their text, variables last. Keys count what was there before: by them alone, the same steps taken
 * again would give another order.
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

/** Identities that hold exactly in every type, and constants. */
function foldScalar(x: Binary): Expr {
  if (x.a.kind === "const" && x.b.kind === "const") {
    const value = foldBinary(x.op, scalarOf(x.a.dtype), x.a.value, x.b.value);
    return value === undefined ? x : constant(value, scalarOf(x.dtype));
  }
  if (isFloat(x.dtype)) {
    return isConst(x.b, 1) && (x.op === "mul" || x.op === "div")
      ? x.a
      : isConst(x.a, 1) && x.op === "mul"
      ? x.b
      : x;
  }
  if (
    isConst(x.b, 0) &&
    (x.op === "add" || x.op === "sub" || x.op === "shl" || x.op === "shr" || x.op === "bitor")
  ) return x.a;
  if (isConst(x.a, 0) && x.op === "add") return x.b;
  if (isConst(x.b, 1) && (x.op === "mul" || x.op === "floordiv")) return x.a;
  if (isConst(x.a, 1) && x.op === "mul") return x.b;
  return x;
}
