/**
 * Linear forms: an i32 expression as `c0 + Σ ci·atomi`, where an atom is anything that is not a sum or
 * a product with a constant. Two expressions with the same form are equal.
 */
import { add, constant, mul, sub } from "./build.ts";
import type { Expr } from "./expr.ts";
import { keyOf } from "./key.ts";

export interface Term {
  readonly atom: Expr;
  readonly coeff: number;
}

/** Immutable; terms by the key of their atom, in order of first appearance. */
export interface Linear {
  readonly terms: ReadonlyMap<string, Term>;
  readonly constant: number;
}

const NO_TERMS: ReadonlyMap<string, Term> = new Map();

export function linearConst(value: number): Linear {
  return { terms: NO_TERMS, constant: value };
}

export function linearAtom(atom: Expr, coeff = 1): Linear {
  return { terms: new Map([[keyOf(atom), { atom, coeff }]]), constant: 0 };
}

/** `a + scale·b` */
export function linearAdd(a: Linear, b: Linear, scale = 1): Linear {
  if (scale === 0) return a;
  if (b.terms.size === 0) return { terms: a.terms, constant: a.constant + scale * b.constant };
  const terms = new Map(a.terms);
  for (const [key, t] of b.terms) {
    const coeff = (terms.get(key)?.coeff ?? 0) + scale * t.coeff;
    if (coeff === 0) terms.delete(key);
    else terms.set(key, { atom: t.atom, coeff });
  }
  return { terms, constant: a.constant + scale * b.constant };
}

export function linearScale(a: Linear, by: number): Linear {
  return by === 1 ? a : linearAdd(linearConst(0), a, by);
}

/** The form as an expression: positive terms first, so that it reads as a sum. */
export function fromLinear(a: Linear): Expr {
  const terms = [...a.terms.values()];
  let e: Expr | undefined;
  for (const t of terms.filter((t) => t.coeff > 0)) {
    const x = mul(t.atom, t.coeff);
    e = e === undefined ? x : add(e, x);
  }
  if (a.constant > 0 && e !== undefined) e = add(e, a.constant);
  e ??= constant(a.constant);
  for (const t of terms.filter((t) => t.coeff < 0)) e = sub(e, mul(t.atom, -t.coeff));
  return a.constant < 0 && terms.some((t) => t.coeff > 0) ? sub(e, -a.constant) : e;
}
