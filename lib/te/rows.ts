/** Operators over the rows of a matrix. Whatever the dtype, they compute in f32. */
import { add, call, cast, constant, div, mul, sub, toExpr } from "../ir/build.ts";
import { RANGE } from "../ir/dtype.ts";
import type { Expr, Var } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import {
  compute,
  type Dim,
  dims,
  max,
  placeholder,
  primFunc,
  reduceAxis,
  sum,
  type Tensor,
} from "./compute.ts";
import { TeError } from "./error.ts";

export interface RowsOptions {
  /** Rows of the matrix A. */
  readonly rows: Dim;
  /** Elements of a row. */
  readonly columns: Dim;
  /** Of all tensors. Default f32. */
  readonly dtype?: "f32" | "f16";
}

function rowsOf(operator: string, options: RowsOptions): Record<"rows" | "columns", Expr> {
  return dims(operator, { rows: options.rows, columns: options.columns });
}

/** The elements of `t` in f32. */
function f32(t: Tensor): (...at: readonly Expr[]) => Expr {
  return (...at) => cast("f32", t.at(...at));
}

/** `f(k)` over all columns, as the value of one row. */
function overColumns(columns: Expr, reduce: typeof sum, f: (k: Var) => Expr) {
  const k = reduceAxis(columns);
  return reduce(f(k.var), [k]);
}

function checkEps(operator: string, eps: number): void {
  if (!(eps >= 0 && eps <= RANGE.f32[1])) {
    throw new TeError(`cannot build ${operator} with eps = ${eps}: it is a finite number of at least 0`);
  }
}

/** The number of columns as an f32. */
function countOf(columns: Expr): Expr {
  return columns.kind === "const" ? toExpr(columns.value, "f32") : cast("f32", columns);
}

/** `largest[r] = max_c A[r, c]`, and `total[r] = Σ_c exp(A[r, c] - largest[r])`. */
function exponentials(A: Tensor, rows: Expr, columns: Expr): readonly [largest: Tensor, total: Tensor] {
  const a = f32(A);
  const largest = compute("largest", [rows], (i) => overColumns(columns, max, (k) => a(i, k)));
  const total = compute(
    "total",
    [rows],
    (i) => overColumns(columns, sum, (k) => call("exp", sub(a(i, k), largest.at(i)))),
  );
  return [largest, total];
}

/**
 * `B[r, c] = exp(A[r, c] - max_c A[r, c]) / Σ_c exp(A[r, c] - max_c A[r, c])`. Parameters A and
 * B[rows, columns].
 *
 * @throws {TeError} for an impossible extent
 */
export function softmax(options: RowsOptions): PrimFunc {
  const { dtype = "f32" } = options;
  const { rows, columns } = rowsOf("softmax", options);
  const A = placeholder("A", [rows, columns], dtype), a = f32(A);
  const [largest, total] = exponentials(A, rows, columns);
  const B = compute(
    "B",
    [rows, columns],
    (i, j) => cast(dtype, div(call("exp", sub(a(i, j), largest.at(i))), total.at(i))),
  );
  return primFunc("softmax", [A, B]);
}

/**
 * `B[r] = log Σ_c exp(A[r, c])`, taken about the row's maximum. Parameters A[rows, columns], B[rows].
 *
 * @throws {TeError} for an impossible extent
 */
export function logSumExp(options: RowsOptions): PrimFunc {
  const { dtype = "f32" } = options;
  const { rows, columns } = rowsOf("logSumExp", options);
  const A = placeholder("A", [rows, columns], dtype);
  const [largest, total] = exponentials(A, rows, columns);
  const B = compute("B", [rows], (i) => cast(dtype, add(call("log", total.at(i)), largest.at(i))));
  return primFunc("log_sum_exp", [A, B]);
}

/**
 * `B[r, c] = A[r, c]·weight[c] / sqrt(mean_c A[r, c]² + eps)` (Zhang and Sennrich, arXiv 1910.07467); eps is
 * 1e-5 by default. Parameters A[rows, columns], weight[columns], B[rows, columns].
 *
 * @throws {TeError} for an impossible extent, or an eps that is negative or not finite
 */
export function rmsNorm(options: RowsOptions & { readonly eps?: number }): PrimFunc {
  const { eps = 1e-5, dtype = "f32" } = options;
  checkEps("rmsNorm", eps);
  const { rows, columns } = rowsOf("rmsNorm", options);
  const A = placeholder("A", [rows, columns], dtype);
  const weight = placeholder("weight", [columns], dtype);
  return primFunc("rms_norm", [A, weight, rmsNormed("B", A, weight, eps)]);
}

/**
 * A layer's residual and its norm in one: `S = A + D`, `B = rmsNorm(S)`. Parameters A and D[rows, columns],
 * weight[columns], S and B[rows, columns]; both S and B are results.
 *
 * @throws {TeError} for an impossible extent, or an eps that is negative or not finite
 */
export function addRmsNorm(options: RowsOptions & { readonly eps?: number }): PrimFunc {
  const { eps = 1e-5, dtype = "f32" } = options;
  checkEps("addRmsNorm", eps);
  const { rows, columns } = rowsOf("addRmsNorm", options);
  const A = placeholder("A", [rows, columns], dtype), D = placeholder("D", [rows, columns], dtype);
  const weight = placeholder("weight", [columns], dtype);
  // The norm adds up its input by itself: reading S back would cost more.
  const added = (name: string) => compute(name, [rows, columns], (i, j) => add(A.at(i, j), D.at(i, j)));
  return primFunc("add_rms_norm", [A, D, weight, added("S"), rmsNormed("B", added("added"), weight, eps)]);
}

function rmsNormed(name: string, A: Tensor, weight: Tensor, eps: number): Tensor {
  const [rows, columns] = A.buffer.shape as [Expr, Expr];
  const a = f32(A), w = f32(weight);
  const squares = compute(
    "squares",
    [rows],
    (i) => overColumns(columns, sum, (k) => mul(a(i, k), a(i, k))),
  );
  return compute(name, [rows, columns], (i, j) => {
    const mean = div(squares.at(i), countOf(columns));
    const scaled = mul(mul(a(i, j), call("rsqrt", add(mean, constant(eps, "f32")))), w(j));
    return cast(A.buffer.dtype, scaled);
  });
}

/**
 * `B[r, c] = (A[r, c] - mean)·weight[c] / sqrt(variance + eps) + bias[c]`, mean and variance of row r; eps is
 * 1e-5 by default. Parameters A[rows, columns], weight and bias[columns], B[rows, columns].
 *
 * @throws {TeError} for an impossible extent, or an eps that is negative or not finite
 */
export function layerNorm(options: RowsOptions & { readonly eps?: number }): PrimFunc {
  const { eps = 1e-5, dtype = "f32" } = options;
  checkEps("layerNorm", eps);
  const { rows, columns } = rowsOf("layerNorm", options);
  const A = placeholder("A", [rows, columns], dtype), a = f32(A);
  const weight = placeholder("weight", [columns], dtype), bias = placeholder("bias", [columns], dtype);
  const total = compute("total", [rows], (i) => overColumns(columns, sum, (k) => a(i, k)));
  const mean = compute("mean", [rows], (i) => div(total.at(i), countOf(columns)));
  const squares = compute("squares", [rows], (i) =>
    overColumns(columns, sum, (k) => {
      const d = sub(a(i, k), mean.at(i));
      return mul(d, d);
    }));
  const B = compute("B", [rows, columns], (i, j) => {
    const deviation = call("rsqrt", add(div(squares.at(i), countOf(columns)), constant(eps, "f32")));
    const normal = mul(sub(a(i, j), mean.at(i)), deviation);
    return cast(dtype, add(mul(normal, f32(weight)(j)), f32(bias)(j)));
  });
  return primFunc("layer_norm", [A, weight, bias, B]);
}

/**
 * `B[r] = Σ_c A[r, c]`. Parameters A[rows, columns], B[rows], or B[columns] with axis 0.
 *
 * @throws {TeError} for an impossible extent
 */
export function reduceSum(
  options: RowsOptions & { /** 0 sums over rows: `B[c] = Σ_r A[r, c]`. Default 1. */ readonly axis?: 0 | 1 },
): PrimFunc {
  const { axis = 1, dtype = "f32" } = options;
  const { rows, columns } = rowsOf("reduceSum", options);
  const A = placeholder("A", [rows, columns], dtype), a = f32(A);
  const [kept, reduced] = axis === 1 ? [rows, columns] : [columns, rows];
  const value = (i: Var) => overColumns(reduced, sum, (k) => axis === 1 ? a(i, k) : a(k, i));
  if (dtype === "f32") return primFunc("reduce_sum", [A, compute("B", [kept], (i) => value(i))]);
  const total = compute("total", [kept], (i) => value(i));
  return primFunc("reduce_sum", [A, compute("B", [kept], (i) => cast(dtype, total.at(i)))]);
}

/**
 * `B[c, r] = A[r, c]`. Parameters A[rows, columns], B[columns, rows].
 *
 * @throws {TeError} for an impossible extent
 */
export function transpose(options: RowsOptions): PrimFunc {
  const { rows, columns } = rowsOf("transpose", options);
  const A = placeholder("A", [rows, columns], options.dtype);
  const B = compute("B", [columns, rows], (i, j) => A.at(j, i));
  return primFunc("transpose", [A, B]);
}
