import type { Buffer, Expr, Load } from "../ir/expr.ts";
import type { For, Stmt, Store } from "../ir/stmt.ts";
import { mapStmt, walkExpr } from "../ir/visit.ts";

/** One load or store, and the loops around it, outermost first. */
export interface Access {
  readonly indices: readonly Expr[];
  readonly loops: readonly For[];
  readonly write: boolean;
}

/** Every access of `body` by its buffer, in order. */
export function accessesOf(body: Stmt): ReadonlyMap<Buffer, readonly Access[]> {
  const accesses = new Map<Buffer, Access[]>();
  const note = (x: Load | Store, loops: readonly For[]) => {
    const list = accesses.get(x.buffer) ?? [];
    list.push({ indices: x.indices, loops, write: x.kind === "store" });
    accesses.set(x.buffer, list);
  };
  const stmt = (s: Stmt, loops: readonly For[]): void => {
    if (s.kind === "store") note(s, loops);
    mapStmt(
      s,
      (x) => (stmt(x, s.kind === "for" ? [...loops, s] : loops), x),
      (e) => (walkExpr(e, (x) => x.kind === "load" && note(x, loops)), e),
    );
  };
  stmt(body, []);
  return accesses;
}

/** The loops that are around every one of the accesses. */
export function commonLoops(accesses: readonly Access[]): readonly For[] {
  return accesses.map((a) => a.loops).reduce((p, q) => p.slice(0, p.findIndex((l, k) => l !== q[k]) >>> 0));
}
