/**
 * What the operators over rows share. A row is the last dimension, or another one where an operator has an axis. Whatever
 * the dtype, they compute in f32.
 */
import type { Fields } from "../base/check_options.ts";
import { integer, number, oneOf, required } from "../base/option_kinds.ts";
import { add, call, cast, constant, div, mul, sub, toExpr } from "../ir/build.ts";
import { RANGE } from "../ir/dtype.ts";
import type { Expr, Var } from "../ir/expr.ts";
import { compute } from "../te/compute.ts";
import { max, reduceAxis, sum } from "../te/reduce.ts";
import type { Reduction, Tensor } from "../te/tensor.ts";
import { type Dim, dims } from "../te/dimension.ts";
import { dimensionOf, lastOf, sharedFloat } from "./check_tensors.ts";
import { dimension, floatType, RESULT, type ResultOptions } from "./kinds.ts";

/** The options of an operator over the rows of a tensor. */
export interface AxisOptions extends ResultOptions {
  /** The dimension that makes a row; below 0 it counts from the end, so that -1 is the last one. Default: -1. */
  readonly axis?: number;
}

/** The kinds of {@linkcode AxisOptions}. */
export const AXIS = { axis: integer(), ...RESULT } satisfies Fields<AxisOptions>;

/** The options of a program over the rows of a matrix. */
export interface RowsProgramOptions {
  /** Rows of the matrix A. */
  readonly rows: Dim;
  /** Elements of a row. */
  readonly columns: Dim;
  /** The dtype of all tensors. Default: f32. */
  readonly dtype?: "f32" | "f16";
}

/** The kinds of {@linkcode RowsProgramOptions}. */
export const ROWS_PROGRAM = {
  rows: required(dimension),
  columns: required(dimension),
  dtype: floatType,
} satisfies Fields<RowsProgramOptions>;

/** The options of a program over the rows or the columns of a matrix. */
export interface AxisProgramOptions extends RowsProgramOptions {
  /** The dimension that makes a row: 1 or -1 the columns of a row, 0 or -2 the rows of a column. Default: 1. */
  readonly axis?: 0 | 1 | -1 | -2;
}

/** The kinds of {@linkcode AxisProgramOptions}. */
export const AXIS_PROGRAM = {
  ...ROWS_PROGRAM,
  axis: oneOf(0, 1, -1, -2),
} satisfies Fields<AxisProgramOptions>;

/** Writes the extents of a program over rows as expressions. */
export function matrixShape(options: RowsProgramOptions): Record<"rows" | "columns", Expr> {
  return dims({ rows: options.rows, columns: options.columns });
}

/** The option of a norm. */
export interface NormOptions {
  /** What is added to the mean square or variance, at least 0. Default: 1e-5. */
  readonly eps?: number;
}

/** The kinds of {@linkcode NormOptions}. */
export const NORM = {
  eps: number({ min: 0, max: RANGE.f32[1] }, "a finite f32 of at least 0"),
} satisfies Fields<NormOptions>;

/** A tensor, seen as rows. */
export interface Rows {
  /** The dimension that makes a row. */
  readonly axis: number;
  /** The extents of all other dimensions. */
  readonly lead: readonly Expr[];
  /** The number of elements of a row. */
  readonly columns: Expr;
  /** The tensor's dtype. */
  readonly dtype: "f32" | "f16";
}

/**
 * Reads a tensor of floats as rows along a dimension, the last one by default.
 *
 * @throws {TeError} for a tensor without that dimension, or of another dtype
 */
export function asRows(operator: string, A: Tensor, along = -1): Rows {
  lastOf(operator, "A", A, 1, "[…, columns]");
  const axis = dimensionOf(operator, A, along), { shape } = A;
  const dtype = sharedFloat(operator, { A });
  return { axis, lead: shape.toSpliced(axis, 1), columns: shape[axis] as Expr, dtype };
}

/** Gives the elements of `t` in f32. */
export function f32(t: Tensor): (...at: readonly Expr[]) => Expr {
  return (...at) => cast("f32", t.at(...at));
}

/** Reduces `f(k)` over all columns to the value of one row. */
export function overColumns(columns: Expr, reduce: typeof sum, f: (k: Var) => Expr): Reduction {
  const k = reduceAxis(columns);
  return reduce(f(k.var), [k]);
}

/** Gives the number of columns as an f32. */
export function countOf(columns: Expr): Expr {
  return columns.kind === "const" ? toExpr(columns.value, "f32") : cast("f32", columns);
}

/**
 * Computes `largest[r] = max_c A[r, c]`, and `total[r] = Σ_c exp(A[r, c] - shift(largest[r]))`.
 *
 * @param shift gives what is subtracted; the largest element by default
 */
export function exponentials(
  A: Tensor,
  { axis, lead, columns }: Rows,
  shift: (largest: Expr) => Expr = (x) => x,
): readonly [largest: Tensor, total: Tensor] {
  const element = f32(A);
  const a = (...at: readonly Expr[]) => element(...at.slice(0, -1).toSpliced(axis, 0, at.at(-1) as Expr));
  const largest = compute("largest", lead, (...at) => overColumns(columns, max, (k) => a(...at, k)));
  const total = compute(
    "total",
    lead,
    (...at) => overColumns(columns, sum, (k) => call("exp", sub(a(...at, k), shift(largest.at(...at))))),
  );
  return [largest, total];
}

/** Computes `A[r, c]·weight[c] / sqrt(mean_c A[r, c]² + eps)`. */
export function rmsNormed(
  name: string,
  A: Tensor,
  { lead, columns, dtype }: Rows,
  weight: Tensor,
  eps: number,
): Tensor {
  const a = f32(A), w = f32(weight);
  const squares = compute(
    "squares",
    lead,
    (...at) => overColumns(columns, sum, (k) => mul(a(...at, k), a(...at, k))),
  );
  return compute(name, [...lead, columns], (...at) => {
    const mean = div(squares.at(...at.slice(0, -1)), countOf(columns));
    const scaled = mul(
      mul(a(...at), call("rsqrt", add(mean, constant(eps, "f32")))),
      w(at.at(-1) as Var),
    );
    return cast(dtype, scaled);
  });
}
