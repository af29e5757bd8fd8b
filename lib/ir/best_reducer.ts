/** Reductions that find the position of the best value: two results at once. */
import { and, eq, gt, load, lt, max, min, or, select } from "./build.ts";
import { equalExpr } from "./equal.ts";
import type { Expr } from "./expr.ts";
import type { Block, Store } from "./stmt.ts";
import { reducerOf } from "./reducer.ts";

/** Which value is the best one, and which of several positions that have it. */
export interface BestRule {
  /** Whether the largest or the smallest value is the best. */
  readonly op: "max" | "min";
  /** Whether the largest of several positions is taken, and not the smallest. */
  readonly last: boolean;
}

/** A position and the value there. */
export type Best = readonly [position: Expr, value: Expr];

/** Gives the better of two. Values are no NaN. */
export function betterOf({ op, last }: BestRule, [i, x]: Best, [j, y]: Best): Best {
  const isBetter = op === "max" ? gt(y, x) : lt(y, x), isFirst = last ? gt(j, i) : lt(j, i);
  return [select(or(isBetter, and(eq(y, x), isFirst)), j, i), op === "max" ? max(x, y) : min(x, y)];
}

/** A block that finds the position of the best value, taken apart. */
export interface BestReducer extends BestRule {
  /** The stores of the position and of the value. */
  readonly stores: readonly [position: Store, value: Store];
  /** What is combined with the results in each step. */
  readonly step: Best;
}

/** Finds the reduction that a block is a step of, as `te.argmax` and `te.argmin` make it; undefined for any other block. */
export function bestReducerOf({ body }: Block): BestReducer | undefined {
  const [position, value, more] = body.kind === "seq" ? body.body : [];
  if (position?.kind !== "store" || value?.kind !== "store" || more) return undefined;
  const reducer = reducerOf(value), chosen = position.value;
  if (chosen.kind !== "select" || (reducer?.op !== "max" && reducer?.op !== "min")) return undefined;
  const own: Best = [load(position.buffer, ...position.indices), load(value.buffer, ...value.indices)];
  const step: Best = [chosen.a, reducer.value];
  for (const last of [false, true]) {
    const rule = { op: reducer.op, last }, [wanted] = betterOf(rule, own, step);
    if (equalExpr(chosen, wanted)) return { ...rule, stores: [position, value], step };
  }
  return undefined;
}
