/** Reductions of all elements up to a position: cumulative sums and products. */
import { checkOptions, type Fields } from "../base/check_options.ts";
import { flag, integer } from "../base/option_kinds.ts";
import { add, binary, cast, floorDiv, floorMod, ge, gt, le, lt, mul, select } from "../ir/build.ts";
import type { ScalarType } from "../ir/dtype.ts";
import type { Expr, Var } from "../ir/expr.ts";
import { identityOf } from "../ir/reducer.ts";
import { compute } from "../te/compute.ts";
import { prod, reduceAxis, sum } from "../te/reduce.ts";
import type { Tensor } from "../te/tensor.ts";
import { checkTensors, checkTypes, dimensionOf } from "./check_tensors.ts";
import { chunksOf } from "./chunks.ts";
import { RESULT, type ResultOptions } from "./kinds.ts";
import { NUMBERS } from "./reduce_by.ts";

/** The options of {@linkcode cumSum} and {@linkcode cumProd}. */
export interface ScanOptions extends ResultOptions {
  /** The dimension that is gone along; below 0 it counts from the end. Default: -1, the last one. */
  readonly axis?: number;
  /** Whether a position's own element is left out, so that the first result is 0 or 1. Default: false. */
  readonly exclusive?: boolean;
  /** Whether it goes from the end of the dimension to its start. Default: false. */
  readonly reverse?: boolean;
}
const OPTIONS = { axis: integer(), exclusive: flag, reverse: flag, ...RESULT } satisfies Fields<ScanOptions>;

/** A scan: what it combines, along which dimension and which way. */
interface Scan {
  readonly op: "add" | "mul";
  readonly axis: number;
  readonly exclusive: boolean;
  readonly reverse: boolean;
}

/** The most elements of a chunk: each thread goes through one. */
const LARGEST_CHUNK = 32;

/**
 * Scans a tensor along a dimension. A short one is scanned directly: each result goes over the whole dimension. A long one
 * is cut into chunks of up to 32 elements. Each result goes over its own chunk, and is combined with the scan of whole
 * chunks before it. So an element costs about 40 operations, however long the dimension is. In a symbolic dimension,
 * the scan of chunks is direct: its cost is quadratic in their number.
 */
export function scanned(
  operator: "cumSum" | "cumProd",
  op: "add" | "mul",
  A: Tensor,
  options: ScanOptions,
): Tensor {
  checkTensors(operator, { A });
  checkOptions(`op.${operator}`, options, OPTIONS);
  checkTypes(operator, { A }, ...NUMBERS);
  const { axis = -1, exclusive = false, reverse = false, name = "B" } = options;
  const scan: Scan = { op, axis: dimensionOf(operator, A, axis), exclusive, reverse };
  const { dtype } = A;
  if (dtype !== "f16") return along(name, A.shape, dtype, (at) => A.at(...at), scan);
  const wide = along(`${name}_f32`, A.shape, "f32", (at) => cast("f32", A.at(...at)), scan);
  return compute(name, A.shape, (...at) => cast("f16", wide.at(...at)));
}

function along(
  name: string,
  shape: readonly Expr[],
  dtype: ScalarType,
  element: (at: readonly Expr[]) => Expr,
  scan: Scan,
): Tensor {
  const { op, axis, reverse } = scan, extent = shape[axis] as Expr;
  const reduce = op === "add" ? sum : prod, nothing = identityOf(op, dtype);
  const chunks = chunksOf(extent, (n) => Math.min(LARGEST_CHUNK, Math.cbrt(2 * n)));
  if (!chunks) {
    return compute(name, shape, (...at) => {
      const k = reduceAxis(extent);
      return reduce(select(isBefore(k.var, at[axis] as Var, scan), element(at.with(axis, k.var)), nothing), [
        k,
      ]);
    });
  }
  const { size, count } = chunks;
  // What is beyond the end of the last chunk changes nothing.
  const inside = (at: readonly Expr[], position: Expr) =>
    extent.kind === "const" && extent.value % size === 0
      ? element(at.with(axis, position))
      : select(lt(position, extent), element(at.with(axis, position)), nothing);
  const within = compute(`${name}_within`, shape, (...at) => {
    const k = reduceAxis(size), i = at[axis] as Var;
    const value = inside(at, add(mul(floorDiv(i, size), size), k.var));
    return reduce(select(isBefore(k.var, floorMod(i, size), scan), value, nothing), [k]);
  });
  const counts = shape.with(axis, count);
  const whole = compute(`${name}_chunk`, counts, (...at) => {
    const k = reduceAxis(size);
    return reduce(inside(at, add(mul(at[axis] as Var, size), k.var)), [k]);
  });
  const others: Scan = { op, axis, exclusive: true, reverse };
  const before = count.kind === "const"
    ? along(`${name}_before`, counts, dtype, (at) => whole.at(...at), others)
    : compute(`${name}_before`, counts, (...at) => {
      const k = reduceAxis(count);
      return reduce(
        select(isBefore(k.var, at[axis] as Var, others), whole.at(...at.with(axis, k.var)), nothing),
        [k],
      );
    });
  return compute(name, shape, (...at: readonly Expr[]) => {
    const chunk = floorDiv(at[axis] as Expr, size);
    return binary(op, before.at(...at.with(axis, chunk)), within.at(...at));
  });
}

/** Whether the element at k counts for the result at i. */
function isBefore(k: Expr, i: Expr, { exclusive, reverse }: Scan): Expr {
  if (reverse) return exclusive ? gt(k, i) : ge(k, i);
  return exclusive ? lt(k, i) : le(k, i);
}
