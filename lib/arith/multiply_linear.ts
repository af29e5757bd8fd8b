import { isConst, mul } from "../ir/build.ts";
import type { Expr } from "../ir/expr.ts";
import { keyOf } from "../ir/key.ts";
import { printExpr } from "../ir/print.ts";
import { treeSizeOf } from "../ir/size.ts";
import {
  addTerm,
  type AtomKey,
  atomKey,
  fromLinear,
  type Linear,
  linearAtom,
  linearScale,
  scaleCoeff,
  type Term,
} from "./linear.ts";

/**
 * Terms that a product is written out to, factors of one term, and nodes of all of them: many times what index arithmetic
 * has. Nodes are counted as well, since the atoms of one product may be long, and those of the next one longer.
 */
const MOST_TERMS = 64, MOST_FACTORS = 16, MOST_NODES = 512;

/**
 * Multiplies two linear forms. A product of atoms is an atom whose factors have a fixed order. A product that would have
 * too many terms or factors is an atom itself, as powers of sums have numbers of terms without end.
 */
export function multiplyLinear(a: Linear, b: Linear): Linear {
  if (a.terms.size === 0) return linearScale(b, a.constant);
  if (b.terms.size === 0) return linearScale(a, b.constant);
  const nodes = b.terms.size * nodesOf(a) + a.terms.size * nodesOf(b);
  const count = a.terms.size * b.terms.size;
  if (count > MOST_TERMS || (count > 1 && nodes > MOST_NODES) || degreeOf(a) + degreeOf(b) > MOST_FACTORS) {
    const [p, q] = inOrder([fromLinear(a), fromLinear(b)]) as [Expr, Expr];
    return linearAtom(mul(p, q));
  }
  const terms = new Map<AtomKey, Term>();
  for (const s of a.terms.values()) {
    for (const t of b.terms.values()) {
      const factors = inOrder([...factorsOf(s.atom), ...factorsOf(t.atom)]);
      const atom = factors.reduce((p, q) => mul(p, q));
      addTerm(terms, atomKey(atom), atom, scaleCoeff(s.coeff, t.coeff));
    }
  }
  for (const [key, t] of a.terms) addTerm(terms, key, t.atom, scaleCoeff(b.constant, t.coeff));
  for (const [key, t] of b.terms) addTerm(terms, key, t.atom, scaleCoeff(a.constant, t.coeff));
  return { terms, constant: scaleCoeff(a.constant, b.constant) };
}

/** The most factors of a term. */
function degreeOf(l: Linear): number {
  let degree = 0;
  for (const { atom } of l.terms.values()) degree = Math.max(degree, factorsOf(atom).length);
  return degree;
}

/**
 * Sorts factors by their text, variables last. Keys depend on what the process saw before, so an order by key would
 * differ from run to run.
 */
function inOrder(factors: readonly Expr[]): readonly Expr[] {
  const rank = (e: Expr) => `${+(e.kind === "var")} ${printExpr(e)} ${keyOf(e)}`;
  return factors.map((e) => ({ e, at: rank(e) })).toSorted((p, q) => p.at < q.at ? -1 : 1).map(({ e }) => e);
}

/** The factors of an atom. A product of a sum, which was not written out, is one factor. */
function factorsOf(e: Expr): readonly Expr[] {
  return e.kind === "binary" && e.op === "mul" && !isConst(e.b) && !isSum(e.a) && !isSum(e.b)
    ? [...factorsOf(e.a), ...factorsOf(e.b)]
    : [e];
}

function isSum(e: Expr): boolean {
  return e.kind === "binary" && (e.op === "add" || e.op === "sub");
}

function nodesOf(l: Linear): number {
  let nodes = 0;
  for (const { atom } of l.terms.values()) nodes += treeSizeOf(atom);
  return nodes;
}
