/** The stores that reduce several values at once. */
import { buffer, load, store } from "../ir/build.ts";
import type { Buffer, Expr, Var } from "../ir/expr.ts";
import type { Stmt, Store } from "../ir/stmt.ts";
import { seq } from "../ir/build.ts";
import { rewriter, someExpr } from "../ir/visit.ts";
import type { TupleReduction, TupleStep } from "./tensor.ts";

/**
 * Writes a reduction of several values as stores to their results, at the position `axes`. A store follows those that
 * read what it overwrites. Where they would wait for each other, a result is copied before.
 *
 *     (i, v) with (k, x) → (k if x > v else i, max(x, v))       X[r] = T.if_then_else(A[r, k] > V[r], k, X[r])
 *                                                               V[r] = T.max(V[r], A[r, k])
 */
export function tupleStep(
  results: readonly Buffer[],
  axes: readonly Var[],
  reduction: TupleReduction,
): TupleStep {
  const own = results.map((b) => load(b, ...axes));
  let waiting = reduction.combine(own, reduction.values).map((value, k) => ({
    to: results[k] as Buffer,
    value,
  }));
  const stores: Stmt[] = [], copies: Buffer[] = [];
  while (waiting.length > 0) {
    const free = waiting.find(({ to }) => !waiting.some((w) => w.to !== to && reads(w.value, to)));
    if (free) {
      stores.push(store(free.to, axes, free.value));
      waiting = waiting.filter((w) => w !== free);
      continue;
    }
    const { to } = waiting[0] as typeof waiting[number];
    const copy = buffer(`${to.name}_before`, to.shape, to.dtype);
    copies.push(copy);
    stores.push(store(copy, axes, load(to, ...axes)));
    waiting = waiting.map((w) => w.to === to ? w : { ...w, value: reading(w.value, to, copy) });
  }
  const init = reduction.identity.map((e, k): Store => store(results[k] as Buffer, axes, e));
  return { kind: "step", results, copies, init: seq(...init), update: seq(...stores), axes: reduction.axes };
}

function reads(e: Expr, b: Buffer): boolean {
  return someExpr(e, (x) => x.kind === "load" && x.buffer === b);
}

function reading(e: Expr, from: Buffer, to: Buffer): Expr {
  return rewriter((x) => x.kind === "load" && x.buffer === from ? { ...x, buffer: to } : x)(e);
}
