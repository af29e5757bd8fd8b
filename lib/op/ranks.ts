/** The order of the elements of rows, by counting: an element's rank is the number of those before it. */
import { add, and, cast, constant, eq, floorDiv, floorMod, gt, lt, mul, or, select } from "../ir/build.ts";
import type { ScalarType } from "../ir/dtype.ts";
import type { Expr } from "../ir/expr.ts";
import { identityOf } from "../ir/reducer.ts";
import { ordered } from "../te/argmax.ts";
import { compute, type ComputeOptions } from "../te/compute.ts";
import { max, reduceAxis, sum } from "../te/reduce.ts";
import type { Tensor } from "../te/tensor.ts";

/** Rows of elements. */
export interface Keys {
  /** The extents of all dimensions except that of a row. */
  readonly lead: readonly Expr[];
  /** The number of elements of a row. */
  readonly columns: Expr;
  /** Gives an element, from its row and its position there. */
  readonly at: (row: readonly Expr[], position: Expr) => Expr;
}

/** Which elements come first: the largest (`max`) or the smallest (`min`). Equal ones keep their order. */
export type First = "max" | "min";

/** The rows of a tensor along a dimension. NaN counts as what comes last. */
export function keysOf(A: Tensor, axis: number, first: First): Keys {
  const at = (row: readonly Expr[], position: Expr) =>
    ordered(first, A.at(...row.toSpliced(axis, 0, position)));
  return { lead: A.shape.toSpliced(axis, 1), columns: A.shape[axis] as Expr, at };
}

/**
 * Finds the positions of the first `count` elements of each row, in order: [...lead, count] of i32. Each element is
 * compared with all others of its row, and each result with all ranks.
 */
export function positionsInOrder(
  name: string,
  keys: Keys,
  count: Expr,
  first: First,
  options: ComputeOptions = {},
): Tensor {
  const { lead, columns, at } = keys;
  const rank = compute(`${name}_rank`, [...lead, columns], (...index) => {
    const row = index.slice(0, -1), i = index.at(-1) as Expr, k = reduceAxis(columns);
    const own = at(row, i), other = at(row, k.var);
    const isBefore = first === "max" ? gt(other, own) : lt(other, own);
    return sum(cast("i32", or(isBefore, and(eq(other, own), lt(k.var, i)))), [k]);
  });
  // A maximum stays within the row, whatever a device makes of NaN.
  return compute(name, [...lead, count], (...index) => {
    const row = index.slice(0, -1), i = reduceAxis(columns);
    return max(select(eq(rank.at(...row, i.var), index.at(-1) as Expr), i.var, constant(0)), [i]);
  }, options);
}

/** The most elements of a row whose first ones are found at once. */
const SHORT = 1024;

/**
 * Finds the positions of the first `count` elements of each row, in order. Of a long row, it first finds those of each
 * chunk, and then compares these alone.
 */
export function firstPositions(
  name: string,
  keys: Keys,
  count: number,
  first: First,
  dtype: ScalarType,
  options: ComputeOptions = {},
): Tensor {
  const { lead, columns, at } = keys;
  const size = 2 ** Math.ceil(Math.log2(Math.max(64, 4 * count)));
  if (columns.kind !== "const" || columns.value <= Math.max(SHORT, 2 * size)) {
    return positionsInOrder(name, keys, constant(count), first, options);
  }
  const chunks = Math.ceil(columns.value / size), worst = identityOf(first, dtype);
  const inChunk: Keys = {
    lead: [...lead, constant(chunks)],
    columns: constant(size),
    at: (row, k) => {
      const position = add(mul(row.at(-1) as Expr, size), k);
      const value = at(row.slice(0, -1), position);
      return chunks * size === columns.value ? value : select(lt(position, columns), value, worst);
    },
  };
  const local = positionsInOrder(`${name}_chunk`, inChunk, constant(count), first);
  const found = (row: readonly Expr[], q: Expr) => {
    const chunk = floorDiv(q, count);
    return { chunk, place: local.at(...row, chunk, floorMod(q, count)) };
  };
  const many = constant(chunks * count);
  const candidates = compute(`${name}_candidate`, [...lead, many], (...index) => {
    const row = index.slice(0, -1), { chunk, place } = found(row, index.at(-1) as Expr);
    return inChunk.at([...row, chunk], place);
  });
  const among: Keys = { lead, columns: many, at: (row, q) => candidates.at(...row, q) };
  const best = firstPositions(`${name}_best`, among, count, first, dtype);
  return compute(name, [...lead, constant(count)], (...index) => {
    const { chunk, place } = found(index.slice(0, -1), best.at(...index));
    return add(mul(chunk, size), place);
  });
}
