import { isConst } from "../ir/build.ts";
import type { Expr } from "../ir/expr.ts";
import type { Analyzer } from "./analyzer.ts";
import type { Stmt } from "../ir/stmt.ts";
import { mapStmt } from "../ir/visit.ts";

/** `s` with every expression simplified, conditions that always or never hold resolved, loops of one iteration removed. */
export function simplifyStmt(s: Stmt, analyzer: Analyzer): Stmt {
  const expr = (e: Expr): Expr => analyzer.simplify(e);
  const stmt = (x: Stmt): Stmt => {
    if (x.kind === "for") analyzer.bind(x.var, x.extent);
    const y = mapStmt(x, stmt, expr);
    if (y.kind === "if" && isConst(y.cond)) return y.cond.value ? y.then : y.else ?? NOTHING;
    if (y.kind === "if" && isNothing(y.then) && !y.else) return NOTHING;
    if (y.kind === "for" && (isConst(y.extent, 0) || isNothing(y.body))) return NOTHING;
    if (y.kind === "for" && isConst(y.extent, 1) && y.body.kind !== "block") return y.body;
    if (y.kind === "seq") {
      const body = y.body.filter((z) => !isNothing(z));
      return body.length === 1 && body[0]
        ? body[0]
        : body.length === y.body.length
        ? y
        : { kind: "seq", body };
    }
    return y;
  };
  return stmt(s);
}

const NOTHING: Stmt = { kind: "seq", body: [] };

/** True for the statement that does nothing. */
export function isNothing(s: Stmt): boolean {
  return s.kind === "seq" && s.body.length === 0;
}
