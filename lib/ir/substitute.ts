/** Replaces variables and buffers in expressions and statements. */
import type { Buffer, Expr, Var } from "./expr.ts";
import type { Stmt } from "./stmt.ts";
import { mapExpr, mapStmt, rewriter } from "./visit.ts";

/** `e` with variables replaced. */
export function substitute(e: Expr, by: ReadonlyMap<Var, Expr>): Expr {
  if (e.kind === "var") return by.get(e) ?? e;
  return by.size === 0 || e.kind === "const" ? e : substitution(by)(e);
}

/** Replaces variables. What stands at several places is one node there too. */
function substitution(by: ReadonlyMap<Var, Expr>): (e: Expr) => Expr {
  const known = new Map<Expr, Expr>();
  const go = (x: Expr): Expr => {
    if (x.kind === "var") return by.get(x) ?? x;
    if (x.kind === "const") return x;
    // So little is as soon made as looked up.
    if (x.kind === "binary" && isLeaf(x.a) && isLeaf(x.b)) return mapExpr(x, go);
    let now = known.get(x);
    if (now === undefined) known.set(x, now = mapExpr(x, go));
    return now;
  };
  return go;
}

function isLeaf(e: Expr): boolean {
  return e.kind === "var" || e.kind === "const";
}

/** `s` with variables replaced; a variable that `s` itself binds is not to be in `by`. */
export function substituteStmt(s: Stmt, by: ReadonlyMap<Var, Expr>): Stmt {
  if (by.size === 0) return s;
  const expr = substitution(by);
  const stmt = (x: Stmt): Stmt => mapStmt(x, stmt, expr);
  return stmt(s);
}

/** `s` with buffers replaced, in loads and stores. */
export function replaceBuffers(s: Stmt, by: ReadonlyMap<Buffer, Buffer>): Stmt {
  const expr = rewriter((e) => {
    const now = e.kind === "load" ? by.get(e.buffer) : undefined;
    return e.kind === "load" && now ? { ...e, buffer: now } : e;
  });
  const stmt = (x: Stmt): Stmt => {
    const y = mapStmt(x, stmt, expr);
    const now = y.kind === "store" ? by.get(y.buffer) : undefined;
    return y.kind === "store" && now ? { ...y, buffer: now } : y;
  };
  return stmt(s);
}
