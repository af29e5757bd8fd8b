/** Expressions as graphs: a node at many places of an expression is computed once. */
import type { Expr } from "./expr.ts";
import { treeSizeOf } from "./size.ts";
import { mapExpr, someExpr } from "./visit.ts";

/** Nodes that a plain walk counts quickly; beyond, each different node is counted once. */
const FEW = 256;

/**
 * Lists the nodes that are at several places of some expressions, parts before the whole, without constants and
 * variables. The list is empty if the expressions as trees have at most `least` nodes. It is also empty if trees have
 * at most twice the nodes of the graph.
 */
export function sharedNodes(exprs: readonly Expr[], least: number): readonly Expr[] {
  let count = 0;
  const few = Math.min(least, FEW);
  if (!exprs.some((e) => someExpr(e, () => ++count > few))) return [];
  const size = exprs.reduce((n, e) => n + treeSizeOf(e), 0);
  if (size <= least) return [];
  let different = 0;
  const places = new Map<Expr, number>();
  const order: Expr[] = [];
  const visit = (e: Expr): Expr => {
    if (e.kind === "const" || e.kind === "var") {
      different++;
      return e;
    }
    const before = places.get(e) ?? 0;
    places.set(e, before + 1);
    if (before > 0) return e;
    different++;
    mapExpr(e, visit);
    order.push(e);
    return e;
  };
  exprs.forEach(visit);
  return size <= 2 * different ? [] : order.filter((e) => (places.get(e) ?? 0) > 1);
}

/** Rewrites expressions with some of their nodes replaced, those inside of the replaced ones too. */
export function replaceNodes(by: ReadonlyMap<Expr, Expr>): {
  /** An expression, itself replaced where it is among the nodes. */
  readonly whole: (e: Expr) => Expr;
  /** A node that is to stay, with the nodes below it replaced. */
  readonly below: (e: Expr) => Expr;
} {
  const known = new Map<Expr, Expr>();
  const whole = (e: Expr): Expr => {
    if (e.kind === "const" || e.kind === "var") return e;
    let now = by.get(e) ?? known.get(e);
    if (now === undefined) known.set(e, now = mapExpr(e, whole));
    return now;
  };
  return { whole, below: (e) => mapExpr(e, whole) };
}
