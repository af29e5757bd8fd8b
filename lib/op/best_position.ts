/** What argmax and argmin share. */
import { checkOptions, type Fields } from "../base/check_options.ts";
import { flag, integer } from "../base/option_kinds.ts";
import { add, lt, mul, select } from "../ir/build.ts";
import type { ScalarType } from "../ir/dtype.ts";
import type { Expr, Var } from "../ir/expr.ts";
import { bestPosition, ordered } from "../te/argmax.ts";
import { compute } from "../te/compute.ts";
import { reduceAxis } from "../te/reduce.ts";
import type { Tensor } from "../te/tensor.ts";
import { reduce } from "../te/tuple_reduction.ts";
import { checkTensors, checkTypes } from "./check_tensors.ts";
import { chunksOf } from "./chunks.ts";
import { RESULT, type ResultOptions } from "./kinds.ts";
import { reducedOver } from "./reduce_axes.ts";

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

/** Finds positions of best values. Long rows are cut into chunks, which threads search side by side. */
export function positionOfBest(
  operator: "argmax" | "argmin",
  op: "max" | "min",
  A: Tensor,
  options: ArgOptions,
): Tensor {
  checkTensors(operator, { A });
  checkOptions(`op.${operator}`, options, OPTIONS);
  checkTypes(operator, { A }, "f32", "f16", "i32", "u32");
  const { last = false, name = "B" } = options;
  const { shape, indexAt, dimensions: [axis = 0] } = reducedOver(operator, A, options);
  const by = bestPosition(op, A.dtype as ScalarType, last), extent = A.shape[axis] as Expr;
  const value = (at: readonly Var[], k: Expr) => ordered(op, A.at(...indexAt(at, [k])));
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
