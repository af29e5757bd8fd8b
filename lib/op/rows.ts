/** Operators over the rows of a matrix. Whatever the dtype, they compute in f32. */
import { add, call, cast, constant, div, mul, sub, toExpr } from "../ir/build.ts";
import { RANGE } from "../ir/dtype.ts";
import type { Expr, Var } from "../ir/expr.ts";
import { compute, type Dim, dims, max, reduceAxis, sum, type Tensor } from "../te/compute.ts";
import { TeError } from "../te/error.ts";

export interface RowsOptions {
  /** Rows of the matrix A. */
  readonly rows: Dim;
  /** Elements of a row. */
  readonly columns: Dim;
  /** Of all tensors. Default f32. */
  readonly dtype?: "f32" | "f16";
}

export function rowsOf(operator: string, options: RowsOptions): Record<"rows" | "columns", Expr> {
  return dims(operator, { rows: options.rows, columns: options.columns });
}

/** The elements of `t` in f32. */
export function f32(t: Tensor): (...at: readonly Expr[]) => Expr {
  return (...at) => cast("f32", t.at(...at));
}

/** `f(k)` over all columns, as the value of one row. */
export function overColumns(columns: Expr, reduce: typeof sum, f: (k: Var) => Expr) {
  const k = reduceAxis(columns);
  return reduce(f(k.var), [k]);
}

export function checkEps(operator: string, eps: number): void {
  if (!(eps >= 0 && eps <= RANGE.f32[1])) {
    throw new TeError(`cannot build ${operator} with eps = ${eps}: it is a finite number of at least 0`);
  }
}

/** The number of columns as an f32. */
export function countOf(columns: Expr): Expr {
  return columns.kind === "const" ? toExpr(columns.value, "f32") : cast("f32", columns);
}

/** `largest[r] = max_c A[r, c]`, and `total[r] = Σ_c exp(A[r, c] - largest[r])`. */
export function exponentials(
  A: Tensor,
  rows: Expr,
  columns: Expr,
): readonly [largest: Tensor, total: Tensor] {
  const a = f32(A);
  const largest = compute("largest", [rows], (i) => overColumns(columns, max, (k) => a(i, k)));
  const total = compute(
    "total",
    [rows],
    (i) => overColumns(columns, sum, (k) => call("exp", sub(a(i, k), largest.at(i)))),
  );
  return [largest, total];
}

export function rmsNormed(name: string, A: Tensor, weight: Tensor, eps: number): Tensor {
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
