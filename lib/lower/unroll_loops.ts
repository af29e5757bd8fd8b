/** Unrolled loops are written out. */
import { constant, seq } from "../ir/build.ts";
import type { Const, Expr, Var } from "../ir/expr.ts";
import { fromLinear, type Linear } from "../ir/linear.ts";
import type { Stmt } from "../ir/stmt.ts";
import { mapExpr, mapStmt, substitute, usesVar, varsOf, walkStmt } from "../ir/visit.ts";
import { analyzerOf, type Draft } from "./draft.ts";
import { LimitError, LowerError } from "./error.ts";

/** Statements in one kernel; beyond it drivers take minutes to compile. */
const MAX_STATEMENTS = 1 << 14;

/** What the variables of the unrolled loops are in one copy. */
type Values = ReadonlyMap<Var, Const>;

export function unrollLoops(draft: Draft): Draft {
  const analyzer = analyzerOf(draft);
  let statements = 0, turns = 0;
  const tooMany = () =>
    new LimitError(
      `cannot unroll the loops of ${draft.name}: they make more than ${MAX_STATEMENTS} statements; unroll fewer or smaller ones`,
    );
  // One walk carries the values of all unrolled loops, so that each statement is rebuilt once.
  const stmt = (s: Stmt, values: Values): Stmt => {
    if (s.kind === "for" && s.loop === "unrolled") {
      const extent = analyzer.simplify(substitute(s.extent, values));
      if (extent.kind !== "const") {
        throw new LowerError(`cannot unroll ${s.var.name}: its extent is not constant; split it first`);
      }
      const copies: Stmt[] = [];
      for (let k = 0; k < extent.value; k++) {
        // A loop may have nothing in it, and as many turns as it likes.
        if (++turns > 4 * MAX_STATEMENTS) throw tooMany();
        copies.push(stmt(s.body, new Map(values).set(s.var, constant(k))));
      }
      return seq(...copies);
    }
    if (s.kind === "store" && ++statements > MAX_STATEMENTS) throw tooMany();
    return mapStmt(s, (x) => stmt(x, values), (e) => values.size ? instance(e, values) : e);
  };
  const unrolled = new Set<Var>();
  walkStmt(draft.body, (s) => s.kind === "for" && s.loop === "unrolled" && unrolled.add(s.var));
  // Of thousands of copies most are equal, as few mention all the loops: each is made once.
  const known = new Map<Expr, { readonly vars: readonly Var[]; readonly copies: Map<string, Expr> }>();
  const instance = (e: Expr, values: Values): Expr => {
    if (e.kind === "const") return e;
    if (e.kind === "var") return values.get(e) ?? e;
    let own = known.get(e);
    if (!own) known.set(e, own = { vars: varsOf(e).filter((v) => unrolled.has(v)), copies: new Map() });
    const key = own.vars.map((v) => values.get(v)?.value).join();
    let copy = own.copies.get(key);
    if (!copy) own.copies.set(key, copy = newInstance(e, values));
    return copy;
  };
  // They differ in their constant only: an index's linear form is made once.
  const forms = new Map<Expr, Linear>();
  const newInstance = (e: Exclude<Expr, Var>, values: Values): Expr => {
    if (e.kind !== "binary" || e.dtype !== "i32") {
      const x = mapExpr(e, (c) => instance(c, values));
      return x.dtype === "bool" || x.kind === "select" ? analyzer.simplify(x) : x;
    }
    let form = forms.get(e);
    if (!form) forms.set(e, form = analyzer.linear(e));
    let rest = form;
    for (const [key, t] of form.terms) {
      if (t.atom.kind !== "var") {
        if (usesVar(t.atom, (v) => values.has(v))) return analyzer.simplify(substitute(e, values));
        continue;
      }
      const value = values.get(t.atom);
      if (!value) continue;
      const terms = new Map(rest.terms);
      terms.delete(key);
      rest = { terms, constant: rest.constant + t.coeff * value.value };
    }
    return fromLinear(rest);
  };
  return { ...draft, body: stmt(draft.body, new Map()) };
}
