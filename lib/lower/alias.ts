/** Tells whether two accesses of a workgroup's threads may touch the same element. */
import { constant, isConst } from "../ir/build.ts";
import type { Expr, Var } from "../ir/expr.ts";
import { gcd } from "../arith/gcd.ts";
import { keyOf } from "../ir/key.ts";
import { type Linear, linearAdd } from "../arith/linear.ts";
import type { Analyzer } from "../arith/analyzer.ts";
import { substitute } from "../ir/substitute.ts";
import { usesVar } from "../ir/visit.ts";

/** Compares the elements that the threads of a workgroup access. */
export class AliasAnalysis {
  /** The decomposed indices, valid while the same variables are fixed. */
  readonly #known = new Map<Expr, Reach>();
  /** The fixed parts of indices, and the differences of two: of millions of pairs only a few differ. */
  readonly #parts = new Map<string, Linear>();
  readonly #differences = new Map<Linear, Map<Linear, readonly number[] | undefined>>();

  /** `isFixed` tells whether a variable is the same for all threads of a workgroup. */
  constructor(readonly analyzer: Analyzer, readonly isFixed: (v: Var) => boolean) {}

  /** Clears the caches; call it when other variables become fixed. */
  forget(): void {
    this.#known.clear();
  }

  /** Tells whether index `a` of no thread equals index `b` of any thread. */
  areApart(a: Expr, b: Expr): boolean {
    const p = this.#reach(a), q = this.#reach(b);
    const between = this.#between(p.fixed, q.fixed);
    return between?.every((d) => p.hi + d < q.lo || q.hi < p.lo + d || interleave(p, q, d)) ?? false;
  }

  /** Gives the values of `a - b`, if they are known. */
  #between(a: Linear, b: Linear): readonly number[] | undefined {
    let of = this.#differences.get(a);
    if (!of) this.#differences.set(a, of = new Map());
    if (!of.has(b)) of.set(b, this.#valuesOf(linearAdd(a, b, -1)));
    return of.get(b);
  }

  /** The values that `l` takes, where it is constant or tells even iterations of a loop from odd ones. */
  #valuesOf(l: Linear): readonly number[] | undefined {
    if (l.terms.size === 0) return [l.constant];
    const atoms = [...l.terms.values()].map((t) => t.atom);
    const vars = new Set<Var>();
    for (const e of atoms) {
      if (e.kind !== "binary" || e.op !== "floormod" || !isConst(e.b, 2)) return undefined;
      for (const { atom } of this.analyzer.linear(e.a).terms.values()) {
        // A sum of variables is even or odd as they are; `t // 2` is even at some odd `t` and odd at others.
        if (atom.kind !== "var") return undefined;
        vars.add(atom);
      }
    }
    const [turn, ...more] = vars;
    if (!turn || more.length > 0) return undefined;
    const at = (n: number) => {
      const by = new Map([[turn, constant(n)]]);
      return [...l.terms.values()].reduce((sum, t) => {
        const value = this.analyzer.simplify(substitute(t.atom, by));
        return sum + t.coeff * (isConst(value) ? value.value : NaN);
      }, l.constant);
    };
    const values = [at(2), at(3)];
    return values.some((n) => Number.isNaN(n)) ? undefined : values;
  }

  #reach(index: Expr): Reach {
    let reach = this.#known.get(index);
    if (!reach) this.#known.set(index, reach = this.#reachOf(index));
    return reach;
  }

  #reachOf(index: Expr): Reach {
    const base = index.kind === "ramp" ? index.base : index;
    const l = this.analyzer.linear(base);
    const isFixed = (e: Expr) => !usesVar(e, (v) => !this.isFixed(v));
    const part = (fixed: boolean) => new Map([...l.terms].filter(([, t]) => isFixed(t.atom) === fixed));
    const [lo, hi] = this.analyzer.boundsOf({ terms: part(false), constant: l.constant });
    const lanes = index.kind === "ramp" ? 3 * index.stride : 0;
    const first = Math.min(0, lanes);
    const bands = this.#bandsOf(part(false), { at: l.constant + first, width: 1 + Math.abs(lanes) });
    const terms = part(true);
    const key = [...terms.values()].map((t) => `${t.coeff}*${keyOf(t.atom)}`).join("+");
    let fixed = this.#parts.get(key);
    if (!fixed) this.#parts.set(key, fixed = { terms, constant: 0 });
    return {
      fixed,
      lo: lo + first,
      hi: hi + Math.max(0, lanes),
      bands,
    };
  }

  /** The bands that remain as, from the largest on, more and more terms are steps and not parts of a width. */
  #bandsOf(terms: Linear["terms"], whole: Pick<Band, "at" | "width">): readonly Band[] {
    const bands: Band[] = terms.size === 0 ? [{ ...whole, step: 0 }] : [];
    const steps = [...new Set([...terms.values()].map((t) => Math.abs(t.coeff)))].toSorted((a, b) => b - a);
    let step = 0;
    for (const least of steps) {
      step = gcd(step, least);
      const inner = new Map([...terms].filter(([, t]) => Math.abs(t.coeff) < least));
      const [lo, hi] = this.analyzer.boundsOf({ terms: inner, constant: 0 });
      if (hi - lo + whole.width < step) {
        bands.push({ step, at: whole.at + lo, width: hi - lo + whole.width });
      }
    }
    return bands;
  }
}

/** An index: the part that is the same for all threads, and the range of the rest. */
interface Reach {
  readonly fixed: Linear;
  readonly lo: number;
  readonly hi: number;
  /** Bands with gaps between them that hold the rest. */
  readonly bands: readonly Band[];
}

/** All that lies `width` elements from `at` on, or a multiple of `step` further. */
interface Band {
  readonly step: number;
  readonly at: number;
  readonly width: number;
}

/** Tells whether `p`, shifted by `d`, lies in the gaps of `q`: for example `8·x … 8·x + 3` and `8·y + 4 … 8·y + 7`. */
function interleave(p: Reach, q: Reach, d: number): boolean {
  return p.bands.some((a) =>
    q.bands.some((b) => {
      const step = gcd(a.step, b.step), after = floorModulo(b.at - a.at - d, step);
      return after >= a.width && step - after >= b.width;
    })
  );
}

function floorModulo(a: number, b: number): number {
  return a - Math.floor(a / b) * b;
}
