import type { Expr } from "./expr.ts";
import type { Stmt } from "./stmt.ts";
import { mapExpr, mapStmt } from "./visit.ts";

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
