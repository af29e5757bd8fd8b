import type { Expr } from "./expr.ts";
import type { Stmt } from "./stmt.ts";
import { mapExpr, walkDirect, walkOnce } from "./visit.ts";

const sizes = new WeakMap<Expr, number>();

/** Counts the nodes of an expression as a tree. Its time grows with the number of different nodes. */
export function treeSizeOf(e: Expr): number {
  if (e.kind === "const" || e.kind === "var") return 1;
  let size = sizes.get(e);
  if (size === undefined) {
    let sum = 1;
    mapExpr(e, (child) => (sum += treeSizeOf(child), child));
    sizes.set(e, size = sum);
  }
  return size;
}

/** Counts the statements and expressions in `s`, each expression as a tree. */
export function sizeOf(s: Stmt): number {
  let size = 0;
  walkDirect(s, () => size++, (e) => size += treeSizeOf(e));
  return size;
}

/** Counts the statements and expressions in `s`; an expression at many places counts once. */
export function nodesIn(s: Stmt): number {
  let count = 0;
  walkOnce(s, () => count++, () => count++);
  return count;
}
