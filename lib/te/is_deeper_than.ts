import type { Expr } from "../ir/expr.ts";
import { mapExpr } from "../ir/visit.ts";

/** Tells whether an expression has more than `most` levels; shared parts are gone through once for each level. */
export function isDeeperThan(e: Expr, most: number): boolean {
  let level: ReadonlySet<Expr> = new Set([e]);
  for (let depth = 1; level.size > 0; depth++) {
    if (depth > most) return true;
    const below = new Set<Expr>();
    for (const x of level) {
      mapExpr(x, (c) => {
        below.add(c);
        return c;
      });
    }
    level = below;
  }
  return false;
}
