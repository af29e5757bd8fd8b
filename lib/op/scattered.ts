/** What the operators share that write updates to positions that are data. */
import type { Fields, Kind } from "../base/check_options.ts";
import { oneOf } from "../base/option_kinds.ts";
import { add, cast, constant, ge, max as larger, min as smaller, mul, select } from "../ir/build.ts";
import { isFloat, RANGE, type ScalarType } from "../ir/dtype.ts";
import type { Expr, Var } from "../ir/expr.ts";
import { compute } from "../te/compute.ts";
import { max, min, prod, reduceAxis, sum } from "../te/reduce.ts";
import type { Tensor } from "../te/tensor.ts";
import { INDEX, type IndexOptions } from "./indices.ts";

/** How updates become elements: the last one as it is, or all of one element together with what was there. */
export type ScatterReduction = "none" | "add" | "mul" | "max" | "min";

const reduction: Kind<ScatterReduction> = oneOf("none", "add", "mul", "max", "min");

/** The options of an operator that writes updates to positions that are data. */
export interface ScatterOptions extends IndexOptions {
  /** How updates become elements. Default: none, the last update of an element replaces it. */
  readonly reduction?: ScatterReduction;
}

/** The kinds of {@linkcode ScatterOptions}. */
export const SCATTER = { reduction, ...INDEX } satisfies Fields<ScatterOptions>;

/** Whether update k is one of the element at a position, and its value. */
export type Update = (at: readonly Var[], k: Expr) => { readonly hits: Expr; readonly value: Expr };

interface Join {
  readonly over: typeof sum;
  readonly identity: Expr;
  readonly join: (a: Expr, b: Expr) => Expr;
}

const JOINS: Readonly<Record<Exclude<ScatterReduction, "none">, (dtype: ScalarType) => Join>> = {
  add: (dtype) => ({ over: sum, identity: constant(0, dtype), join: add }),
  mul: (dtype) => ({ over: prod, identity: constant(1, dtype), join: mul }),
  max: (dtype) => ({
    over: max,
    identity: constant(isFloat(dtype) ? -Infinity : RANGE[dtype][0], dtype),
    join: larger,
  }),
  min: (dtype) => ({
    over: min,
    identity: constant(isFloat(dtype) ? Infinity : RANGE[dtype][1], dtype),
    join: smaller,
  }),
};

/**
 * Writes `count` updates: each element looks for those that hit it, so that no two threads write one and results are the same
 * in every run. Floats are joined in f32.
 */
export function scattered(
  A: Tensor,
  count: Expr,
  update: Update,
  { reduction = "none", name = "B" }: ScatterOptions,
): Tensor {
  const { dtype } = A;
  if (reduction === "none") {
    const last = compute(`${name}_last`, A.shape, (...at) => {
      const k = reduceAxis(count);
      return max(select(update(at, k.var).hits, k.var, constant(-1)), [k]);
    });
    return compute(name, A.shape, (...at) => {
      const k = last.at(...at), isHit = ge(k, 0);
      return select(isHit, update(at, select(isHit, k, 0)).value, A.at(...at));
    });
  }
  const wide: ScalarType = isFloat(dtype) ? "f32" : dtype, { over, identity, join } = JOINS[reduction](wide);
  const total = compute(`${name}_total`, A.shape, (...at) => {
    const k = reduceAxis(count), { hits, value } = update(at, k.var);
    return over(select(hits, cast(wide, value), identity), [k]);
  });
  return compute(name, A.shape, (...at) => cast(dtype, join(cast(wide, A.at(...at)), total.at(...at))));
}
