import { isConst } from "../ir/build.ts";
import type { PrimFunc } from "../ir/func.ts";
import { reducerOf } from "../ir/reducer.ts";
import type { Block, For, Stmt } from "../ir/stmt.ts";
import { mapStmt, usesVar, walkStmt } from "../ir/visit.ts";

/**
 * Reorders reductions for speed. Where an operand is read across its rows, the loop along its rows becomes the
 * innermost. Every element still adds its terms in the same order, so results are the same to the last bit.
 *
 *     for j: for k: C[j] += A[k]·B[k, j]   →   for k: for j: C[j] += A[k]·B[k, j]
 */
export function interchanged(f: PrimFunc): PrimFunc {
  const stmt = (s: Stmt): Stmt => {
    if (s.kind !== "for") return mapStmt(s, stmt);
    const nest: For[] = [];
    let at: Stmt = s;
    for (; at.kind === "for"; at = at.body) nest.push(at);
    const inner = at.kind === "block" ? loopAlongRows(at, nest) : undefined;
    if (!inner) return mapStmt(s, stmt);
    return [...nest.filter((l) => l !== inner), inner].reduceRight<Stmt>((body, l) => ({ ...l, body }), at);
  };
  return f.with({ body: stmt(f.body) });
}

/** Finds the loop that should be the innermost of a reduction's nest; undefined if it is already. */
function loopAlongRows(b: Block, nest: readonly For[]): For | undefined {
  const straight = b.bindings.length === nest.length && b.bindings.every((e, k) => e === nest[k]?.var);
  if (!straight || !isConst(b.where, 1) || b.body.kind !== "store" || !reducerOf(b.body)) return undefined;
  if (nest.some((l, k) => nest.slice(k + 1).some((m) => usesVar(m.extent, (v) => v === l.var)))) {
    return undefined;
  }
  const last = b.iters.at(-1), along = b.body.indices.at(-1);
  if (last?.type !== "reduce" || along?.kind !== "var") return undefined;
  let across = false;
  walkStmt(b.body, () => {}, (e) => {
    if (e.kind !== "load" || e.indices.at(-1) !== along) return;
    if (e.indices.some((i) => usesVar(i, (v) => v === last.var))) across = true;
  });
  return across ? nest[b.iters.findIndex((it) => it.var === along)] : undefined;
}
