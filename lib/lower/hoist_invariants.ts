/**
 * Computes loop invariants once, before the loop: terms of an index that the loop does not change, and other arithmetic
 * on memory that it does not write. Most GPU drivers do so themselves; Mesa's llvmpipe does not.
 *
 *                                                          let base = ty*64 + tx
 *     for k in range(32):                                  let scale = rsqrt(s / 4096)
 *       B[ty*64 + k*8 + tx] = A[k] * rsqrt(s / 4096)   →   for k in range(32):
 *                                                            B[base + k*8] = A[k] * scale
 */
import { variable } from "../ir/build.ts";
import { lanesOf, scalarOf } from "../ir/dtype.ts";
import type { Buffer, Expr, Var } from "../ir/expr.ts";
import { keyOf } from "../ir/key.ts";
import { divideLinear, fromLinear, linearAdd, linearAtom, linearConst } from "../arith/linear.ts";
import { Analyzer } from "../arith/analyzer.ts";
import type { For, Stmt } from "../ir/stmt.ts";
import { mapExpr, mapStmt, walkStmt } from "../ir/visit.ts";
import type { KernelDraft } from "./kernel_draft.ts";

export function hoistInvariants(draft: KernelDraft): KernelDraft {
  const stmt = (s: Stmt): Stmt => {
    if (s.kind !== "for") return mapStmt(s, stmt);
    const { loop, values } = hoisted(s, draft);
    // Outer loops come first; the rest of an index is then examined again, loop by loop.
    const inside = mapStmt(loop, stmt);
    return values.reduceRight<Stmt>((body, [v, value]) => ({ kind: "let", var: v, value, body }), inside);
  };
  return { ...draft, body: stmt(draft.body) };
}

/** Gives the loop without its invariants, and the named invariants. */
function hoisted(loop: For, { lanes, wrapping }: KernelDraft): {
  readonly loop: For;
  readonly values: readonly (readonly [Var, Expr])[];
} {
  const isFixed = fixedIn(loop);
  const values = new Map<string, readonly [Var, Expr]>();
  const name = (e: Expr): Var => {
    const known = values.get(keyOf(e)) ??
      [variable(e.dtype === "i32" ? "base" : "fixed", scalarOf(e.dtype)), e];
    values.set(keyOf(e), known);
    return known[0];
  };
  const analyzer = new Analyzer();
  /** Splits an index in `unit`s: its fixed terms get one name, without the constant, so that neighbours share it. */
  const index = (e: Expr, unit: 1 | 4): Expr => {
    if (e.kind === "const" || e.kind === "var") return e;
    if (e.kind === "ramp") {
      const base = index(e.base, unit);
      return base === e.base ? e : { ...e, base };
    }
    if (e.kind !== "binary" || e.dtype !== "i32") return expr(e);
    const form = analyzer.linear(e);
    let fixed = linearConst(0), changing = linearConst(form.constant), same = true;
    for (const t of form.terms.values()) {
      if (isFixed(t.atom)) fixed = linearAdd(fixed, linearAtom(t.atom, t.coeff));
      else {
        const atom = expr(t.atom);
        same &&= atom === t.atom;
        changing = linearAdd(changing, linearAtom(atom, t.coeff));
      }
    }
    const [whole, rest] = divideLinear(fixed, unit);
    const [base, by] = rest.terms.size === 0 ? [fromLinear(whole), unit] : [fromLinear(fixed), 1];
    const known = base.kind === "const" || base.kind === "var";
    if (known && same) return e;
    return fromLinear(linearAdd(known ? fixed : linearAtom(name(base), by), changing));
  };
  const changed = new Map<Expr, Expr>();
  const expr = (e: Expr): Expr => {
    if (e.kind === "const" || e.kind === "var") return e;
    let now = changed.get(e);
    if (now === undefined) changed.set(e, now = hoist(e));
    return now;
  };
  const hoist = (e: Expr): Expr => {
    if (e.kind === "load") {
      const indices = indicesOf(e);
      return indices.every((i, d) => i === e.indices[d]) ? e : { ...e, indices };
    }
    if (isWork(e) && isFixed(e)) return name(e);
    const isSum = e.kind === "binary" && e.dtype === "i32" && (e.op === "add" || e.op === "sub");
    return isSum ? index(e, 1) : mapExpr(e, expr);
  };
  const indicesOf = (x: { readonly buffer: Buffer; readonly indices: readonly Expr[] }) => {
    const unit = wrapping.has(x.buffer) ? 1 : lanes.get(x.buffer) ?? 1;
    return x.indices.map((e, d) => index(e, d === x.indices.length - 1 ? unit : 1));
  };
  const stmt = (s: Stmt): Stmt => {
    switch (s.kind) {
      case "store":
        return { ...s, indices: indicesOf(s), value: expr(s.value) };
      case "for":
        // Extents of loops are evaluated before the kernel runs, so they can't use names.
        return { ...s, body: stmt(s.body) };
      default:
        return mapStmt(s, stmt, expr);
    }
  };
  return { loop: { ...loop, body: stmt(loop.body) }, values: [...values.values()] };
}

/** Tells whether an expression is worth a name: it must be more than an existing value. */
function isWork(e: Expr): boolean {
  return (e.kind === "binary" || e.kind === "call" || e.kind === "select" || e.kind === "cast") &&
    lanesOf(e.dtype) === 1;
}

/** Tells whether an expression is a loop invariant: it uses no variable of the loop, and no memory that may change. */
function fixedIn(loop: For): (e: Expr) => boolean {
  const inside = new Set<Var>([loop.var]), written = new Set<Buffer>();
  walkStmt(loop.body, (s) => {
    if (s.kind === "for" || s.kind === "let") inside.add(s.var);
    if (s.kind === "store") written.add(s.buffer);
  });
  const known = new Map<Expr, boolean>();
  const isFixed = (e: Expr): boolean => {
    if (e.kind === "const") return true;
    if (e.kind === "var") return !inside.has(e);
    if (e.kind === "load" && (e.buffer.scope !== "local" || written.has(e.buffer))) return false;
    let fixed = known.get(e);
    if (fixed === undefined) {
      fixed = true;
      mapExpr(e, (child) => (fixed &&= isFixed(child), child));
      known.set(e, fixed);
    }
    return fixed;
  };
  return isFixed;
}
