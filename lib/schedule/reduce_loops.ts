/** The loops that a block reduces over. */
import type { Expr } from "../ir/expr.ts";
import type { Block, For } from "../ir/stmt.ts";
import { usesVar } from "../ir/visit.ts";

/** The loops in whose range the reduce iteration variables of `b` move. */
export function reduceLoops(b: Block, loops: readonly For[]): readonly For[] {
  return loops.filter((l) =>
    b.iters.some((it, k) => it.type === "reduce" && usesVar(b.bindings[k] as Expr, (v) => v === l.var))
  );
}

/** A loop in whose range both spatial and reduce iteration variables of `b` move, if there is one. */
export function mixedLoop(b: Block, loops: readonly For[]): For | undefined {
  return reduceLoops(b, loops).find((l) =>
    b.iters.some((it, k) => it.type === "spatial" && usesVar(b.bindings[k] as Expr, (v) => v === l.var))
  );
}
