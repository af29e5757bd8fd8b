/** The loops that a block reduces over. */
import type { Expr } from "../ir/expr.ts";
import type { Block, For } from "../ir/stmt.ts";
import { usesVar } from "../ir/visit.ts";

/** Lists the loops over which a block reduces. */
export function reduceLoops(b: Block, loops: readonly For[]): readonly For[] {
  return loops.filter((l) =>
    b.iters.some((it, k) => it.type === "reduce" && usesVar(b.bindings[k] as Expr, (v) => v === l.var))
  );
}

/** Finds a loop over which a block reduces and that also moves one of its spatial axes. */
export function mixedLoop(b: Block, loops: readonly For[]): For | undefined {
  return reduceLoops(b, loops).find((l) =>
    b.iters.some((it, k) => it.type === "spatial" && usesVar(b.bindings[k] as Expr, (v) => v === l.var))
  );
}
