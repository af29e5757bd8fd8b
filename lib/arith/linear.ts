/**
 * Linear forms: an i32 expression as `c0 + Σ ci·atomi`, where an atom is anything that is not a sum or
 * a product with a constant. Two expressions with the same form are equal.
 */
import { add, constant, floorDiv, isConst, mul, sub } from "../ir/build.ts";
import type { Const, Expr, Var } from "../ir/expr.ts";
import { keyOf } from "../ir/key.ts";

export interface Term {
  readonly atom: Expr;
  readonly coeff: number;
}

/** Gives the key that equal atoms share: a variable itself, the text of any other atom. */
export type AtomKey = Var | string;

export function atomKey(atom: Expr): AtomKey {
  return atom.kind === "var" ? atom : keyOf(atom);
}

/** Immutable; terms by the key of their atom, in order of first appearance. */
export interface Linear {
  readonly terms: ReadonlyMap<AtomKey, Term>;
  readonly constant: number;
}

const I32_MIN = -(2 ** 31);
const NO_TERMS: ReadonlyMap<AtomKey, Term> = new Map();

export function linearConst(value: number): Linear {
  return { terms: NO_TERMS, constant: value };
}

export function linearAtom(atom: Expr, coeff = 1): Linear {
  return { terms: new Map([[atomKey(atom), { atom, coeff }]]), constant: 0 };
}

/** Computes `a + scale·b` in exact integers. `reduceLinear` reduces the result to i32. */
export function linearAdd(a: Linear, b: Linear, scale = 1): Linear {
  if (scale === 0) return a;
  if (b.terms.size === 0) return { terms: a.terms, constant: a.constant + scaleCoeff(scale, b.constant) };
  const terms = new Map(a.terms);
  for (const [key, t] of b.terms) addTerm(terms, key, t.atom, scaleCoeff(scale, t.coeff));
  return { terms, constant: a.constant + scaleCoeff(scale, b.constant) };
}

/** Adds a term to an unfinished form, in place. */
export function addTerm(terms: Map<AtomKey, Term>, key: AtomKey, atom: Expr, by: number): void {
  const coeff = (terms.get(key)?.coeff ?? 0) + by;
  if (coeff === 0) terms.delete(key);
  else terms.set(key, { atom, coeff });
}

export function linearScale(a: Linear, by: number): Linear {
  return by === 1 ? a : linearAdd(linearConst(0), a, by);
}

/** `a · b` of coefficients; modulo 2³² where the product is no longer an exact number. */
export function scaleCoeff(a: number, b: number): number {
  const product = a * b;
  return Number.isSafeInteger(product) ? product : Math.imul(a, b);
}

/**
 * Reduces the coefficients and the constant of a form to i32. i32 wraps around, so the expression has the same value:
 * `2³²·x` is 0, and `x + 2³¹` is `x - 2³¹`.
 */
export function reduceLinear(l: Linear): Linear {
  let reduced = l.constant === (l.constant | 0);
  for (const t of l.terms.values()) reduced &&= t.coeff === (t.coeff | 0);
  if (reduced) return l;
  const terms = new Map<AtomKey, Term>();
  for (const [key, t] of l.terms) addTerm(terms, key, t.atom, t.coeff | 0);
  return { terms, constant: l.constant | 0 };
}

/** Converts a form to an expression: positive terms first, so that it reads as a sum. */
export function fromLinear(a: Linear): Expr {
  const terms = [...a.terms.values()];
  // -2³¹ has no opposite in i32: it is added.
  const isAdded = (x: number) => x > 0 || x === I32_MIN;
  let e: Expr | undefined;
  for (const t of terms.filter((t) => isAdded(t.coeff))) {
    const x = mul(t.atom, t.coeff);
    e = e === undefined ? x : add(e, x);
  }
  if (isAdded(a.constant) && e !== undefined) e = add(e, a.constant);
  const begun = e !== undefined;
  e ??= constant(a.constant);
  for (const t of terms.filter((t) => !isAdded(t.coeff))) e = sub(e, mul(t.atom, -t.coeff));
  return begun && a.constant < 0 && !isAdded(a.constant) ? sub(e, -a.constant) : e;
}

/** `l = c·whole + rest`, coefficient by coefficient, the constant of rest in 0 … c-1. */
export function divideLinear(l: Linear, c: number): readonly [whole: Linear, rest: Linear] {
  const whole = new Map<AtomKey, Term>(), rest = new Map<AtomKey, Term>();
  for (const [key, t] of l.terms) {
    if (t.coeff % c === 0) whole.set(key, { atom: t.atom, coeff: t.coeff / c });
    else rest.set(key, t);
  }
  const q = Math.floor(l.constant / c);
  return [{ terms: whole, constant: q }, { terms: rest, constant: l.constant - q * c }];
}

/** The atom that the form is, if it is just one. */
export function onlyAtom(l: Linear): Expr | undefined {
  if (l.terms.size !== 1 || l.constant !== 0) return undefined;
  const [t] = l.terms.values();
  return t?.coeff === 1 ? t.atom : undefined;
}

/** `c·floordiv(x, c) + floormod(x, c)` is `x`. */
export function recombine(l: Linear): Linear {
  for (const t of l.terms.values()) {
    const x = t.atom;
    if (x.kind !== "binary" || x.op !== "floormod" || !isConst(x.b)) continue;
    const other = l.terms.get(atomKey(quotientOf(x.a, x.b.value)));
    if (other?.coeff !== t.coeff * x.b.value) continue;
    const without = linearAdd(linearAdd(l, linearAtom(x, -t.coeff)), linearAtom(other.atom, -other.coeff));
    return recombine(linearAdd(without, linearOf(x.a), t.coeff));
  }
  return l;
}

/** `floordiv(x, c)` as the analyzer has it: a quotient of a quotient is one. */
function quotientOf(x: Expr, c: number): Expr {
  const nested = x.kind === "binary" && x.op === "floordiv" && isConst(x.b) && x.b.value > 0;
  return nested ? floorDiv(x.a, (x.b as Const).value * c) : floorDiv(x, c);
}

/** The form of an expression that is already simplified. */
export function linearOf(e: Expr): Linear {
  if (e.kind === "const") return linearConst(e.value);
  if (e.kind === "binary" && e.op === "add") return linearAdd(linearOf(e.a), linearOf(e.b));
  if (e.kind === "binary" && e.op === "sub") return linearAdd(linearOf(e.a), linearOf(e.b), -1);
  if (e.kind === "binary" && e.op === "mul" && isConst(e.b)) return linearScale(linearOf(e.a), e.b.value);
  return linearAtom(e);
}
