/** Unrolled loops are written out. */
import { constant, seq } from "../ir/build.ts";
import type { Expr, Var } from "../ir/expr.ts";
import { fromLinear, type Linear } from "../ir/linear.ts";
import type { Stmt } from "../ir/stmt.ts";
import { mapExpr, mapStmt, substitute, usesVar } from "../ir/visit.ts";
import { analyzerOf, type Draft } from "./draft.ts";
import { LimitError, LowerError } from "./error.ts";

/** Statements in one kernel; beyond it drivers take minutes to compile. */
const MAX_STATEMENTS = 1 << 14;

export function unrollLoops(draft: Draft): Draft {
  const analyzer = analyzerOf(draft);
  let statements = 0, turns = 0;
  const tooMany = () =>
    new LimitError(
      `cannot unroll the loops of ${draft.name}: they make more than ${MAX_STATEMENTS} statements; unroll fewer or smaller ones`,
    );
  // One walk carries the values of all unrolled loops, so that each statement is rebuilt once.
  const stmt = (s: Stmt, values: ReadonlyMap<Var, Expr>): Stmt => {
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
  // Thousands of copies of one index differ in their constant only: its linear form is made once.
  const forms = new Map<Expr, Linear>();
  const instance = (e: Expr, values: ReadonlyMap<Var, Expr>): Expr => {
    if (e.kind === "var") return values.get(e) ?? e;
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
      if (value?.kind !== "const") continue;
      const terms = new Map(rest.terms);
      terms.delete(key);
      rest = { terms, constant: rest.constant + t.coeff * value.value };
    }
    return fromLinear(rest);
  };
  return { ...draft, body: stmt(draft.body, new Map()) };
}
