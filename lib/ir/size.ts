import type { Expr } from "./expr.ts";
import type { Stmt } from "./stmt.ts";
import { mapExpr, mapStmt, walkOnce } from "./visit.ts";

/** Statements and expressions in `s`, each as often as it is written; counting ends beyond `most`. */
export function sizeOf(s: Stmt, most = Infinity): number {
  let size = 0;
  const expr = (e: Expr): Expr => {
    if (++size <= most) mapExpr(e, expr);
    return e;
  };
  const stmt = (x: Stmt): Stmt => {
    if (++size <= most) mapStmt(x, stmt, expr);
    return x;
  };
  stmt(s);
  return size;
}

/** Statements and expressions in `s`; an expression that stands at many places counts once. */
export function nodesIn(s: Stmt): number {
  let count = 0;
  walkOnce(s, () => count++, () => count++);
  return count;
}
