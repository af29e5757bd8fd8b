import { and } from "../ir/build.ts";
import type { Expr, Var } from "../ir/expr.ts";
import type { Analyzer } from "../arith/analyzer.ts";
import type { Stmt } from "../ir/stmt.ts";
import { mapStmt } from "../ir/visit.ts";
import { substitute } from "../ir/substitute.ts";

/** Rebuilds the blocks of `s` with loop variables replaced. Adds `guard` to their conditions. */
export function rebind(s: Stmt, by: ReadonlyMap<Var, Expr>, analyzer: Analyzer, guard?: Expr): Stmt {
  const go = (x: Stmt): Stmt => {
    if (x.kind !== "block") return mapStmt(x, go, (e) => substitute(e, by));
    const bindings = x.bindings.map((e) => {
      const now = substitute(e, by);
      // Other bindings keep their loops, even of a single iteration: they may be split or bound later.
      return now === e ? e : analyzer.simplify(now);
    });
    const where = analyzer.simplify(and(substitute(x.where, by), ...(guard ? [guard] : [])));
    return { ...x, bindings, where };
  };
  return go(s);
}
