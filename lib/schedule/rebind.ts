import { and } from "../ir/build.ts";
import type { Expr, Var } from "../ir/expr.ts";
import type { Analyzer } from "../arith/analyzer.ts";
import type { Stmt } from "../ir/stmt.ts";
import { mapStmt, substitute } from "../ir/visit.ts";

/** Rebuilds the blocks of `s` with loop variables replaced, `where` strengthened by what `guard` says. */
export function rebind(s: Stmt, by: ReadonlyMap<Var, Expr>, analyzer: Analyzer, guard?: Expr): Stmt {
  const go = (x: Stmt): Stmt => {
    if (x.kind !== "block") return mapStmt(x, go, (e) => substitute(e, by));
    const bindings = x.bindings.map((e) => {
      const now = substitute(e, by);
      // What is left alone keeps its loop, even one of a single iteration: it may be split or bound later.
      return now === e ? e : analyzer.simplify(now);
    });
    const where = analyzer.simplify(and(substitute(x.where, by), ...(guard ? [guard] : [])));
    return { ...x, bindings, where };
  };
  return go(s);
}
