/** What argmax and argmin share. */
import { checkOptions, type Fields } from "../base/check_options.ts";
import { flag, integer } from "../base/option_kinds.ts";
import { add, constant, eq, lt, mul, select, sub } from "../ir/build.ts";
import type { ScalarType } from "../ir/dtype.ts";
import type { Expr, Var } from "../ir/expr.ts";
import { bestPosition, ordered } from "../te/argmax.ts";
import { compute } from "../te/compute.ts";
import { max, min, reduceAxis } from "../te/reduce.ts";
import type { Tensor } from "../te/tensor.ts";
import { reduce } from "../te/tuple_reduction.ts";
import { checkTensors, checkTypes } from "./check_tensors.ts";
import { chunksOf } from "./chunks.ts";
import { formulaOf } from "./element_at.ts";
import { RESULT, type ResultOptions } from "./kinds.ts";
import { reducedOver } from "./reduce_axes.ts";
import { NUMBERS } from "./reduce_by.ts";

/** The options of {@linkcode argmax} and {@linkcode argmin}. */
export interface ArgOptions extends ResultOptions {
  /** The dimension along which a position is found; below 0 it counts from the end. Default: -1, the last one. */
  readonly axis?: number;
  /** Whether the result has an extent of 1 for that dimension, and not one dimension less. Default: false. */
  readonly keepDims?: boolean;
  /** Whether the largest of several positions with the best value is taken, and not the smallest. Default: false. */
  readonly last?: boolean;
}
const OPTIONS = { axis: integer(), keepDims: flag, last: flag, ...RESULT } satisfies Fields<ArgOptions>;

/**
 * Finds positions of best values. Where A is in memory, that is two reductions: of the best value, and of the positions that
 * have it. Where A is computed as it is read, its elements may be rounded otherwise the second time. So a pair of position
 * and value is reduced at once; long rows are cut into chunks, which threads search side by side.
 */
export function positionOfBest(
  operator: "argmax" | "argmin",
  op: "max" | "min",
  A: Tensor,
  options: ArgOptions,
): Tensor {
  checkTensors(operator, { A });
  checkOptions(`op.${operator}`, options, OPTIONS);
  checkTypes(operator, { A }, ...NUMBERS);
  const { last = false, name = "B" } = options;
  const { shape, indexAt, dimensions: [axis = 0] } = reducedOver(operator, A, options);
  const by = bestPosition(op, A.dtype as ScalarType, last), extent = A.shape[axis] as Expr;
  const value = (at: readonly Var[], k: Expr) => ordered(op, A.at(...indexAt(at, [k])));
  if (!formulaOf(A)) {
    const k = reduceAxis(extent), l = reduceAxis(extent), best = op === "max" ? max : min;
    const found = compute(`${name}_best`, shape, (...at) => best(value(at, k.var), [k]));
    const [position, other] = last ? [max, constant(0)] : [min, sub(extent, 1)];
    return compute(
      name,
      shape,
      (...at) => position(select(eq(value(at, l.var), found.at(...at)), l.var, other), [l]),
    );
  }
  const chunks = chunksOf(extent);
  if (!chunks) {
    const k = reduceAxis(extent);
    return compute(
      [name, `${name}_best`],
      shape,
      (...at) => reduce({ ...by, values: [k.var, value(at, k.var)] }, [k]),
    )[0] as Tensor;
  }
  const k = reduceAxis(chunks.size), chunk = reduceAxis(chunks.count, "chunk");
  const [noPosition, worst] = by.identity as [Expr, Expr];
  const [at, best] = compute([`${name}_chunk`, `${name}_chunk_best`], [...shape, chunks.count], (...at) => {
    const position = add(mul(at.at(-1) as Var, chunks.size), k.var), isInside = lt(position, extent);
    const values = [
      select(isInside, position, noPosition),
      select(isInside, value(at.slice(0, -1), position), worst),
    ];
    return reduce({ ...by, values }, [k]);
  }) as readonly [Tensor, Tensor];
  return compute(
    [name, `${name}_best`],
    shape,
    (...i) => reduce({ ...by, values: [at.at(...i, chunk.var), best.at(...i, chunk.var)] }, [chunk]),
  )[0] as Tensor;
}
