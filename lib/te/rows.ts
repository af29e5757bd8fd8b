/** Operators over the rows of a matrix. */
import { add, call, cast, constant, div, mul, sub, toExpr } from "../ir/build.ts";
import type { PrimFunc } from "../ir/func.ts";
import { compute, type Dim, dims, max, placeholder, primFunc, reduceAxis, sum } from "./compute.ts";
import { TeError } from "./error.ts";

export interface RowsOptions {
  readonly rows: Dim;
  readonly columns: Dim;
}

/** `B[r, c] = exp(A[r, c] - max_c A[r, c]) / Σ_c exp(A[r, c] - max_c A[r, c])`, f32. Parameters A, B. */
export function softmax(options: RowsOptions): PrimFunc {
  const { rows, columns } = dims("softmax", { rows: options.rows, columns: options.columns });
  const A = placeholder("A", [rows, columns]);
  const k = reduceAxis(columns), l = reduceAxis(columns);
  const largest = compute("largest", [rows], (i) => max(A.at(i, k.var), [k]));
  const total = compute("total", [rows], (i) => sum(call("exp", sub(A.at(i, l.var), largest.at(i))), [l]));
  const B = compute(
    "B",
    [rows, columns],
    (i, j) => div(call("exp", sub(A.at(i, j), largest.at(i))), total.at(i)),
  );
  return primFunc("softmax", [A, B]);
}

/** `B[r, c] = A[r, c]·weight[c] / sqrt(mean_c A[r, c]² + eps)`, f32. Parameters A, weight, B. */
export function rmsNorm(options: RowsOptions & { readonly eps?: number }): PrimFunc {
  const { eps = 1e-5 } = options;
  if (!(eps >= 0)) throw new TeError(`cannot build rmsNorm with eps = ${eps}: it is a number of at least 0`);
  const { rows, columns } = dims("rmsNorm", { rows: options.rows, columns: options.columns });
  const A = placeholder("A", [rows, columns]);
  const weight = placeholder("weight", [columns]);
  const k = reduceAxis(columns);
  const squares = compute("squares", [rows], (i) => sum(mul(A.at(i, k.var), A.at(i, k.var)), [k]));
  const count = columns.kind === "const" ? toExpr(columns.value, "f32") : cast("f32", columns);
  const B = compute("B", [rows, columns], (i, j) => {
    const mean = div(squares.at(i), count);
    return mul(mul(A.at(i, j), call("rsqrt", add(mean, constant(eps, "f32")))), weight.at(j));
  });
  return primFunc("rms_norm", [A, weight, B]);
}

/** `B[r] = Σ_c A[r, c]`, f32. Parameters A, B. */
export function reduceSum(options: RowsOptions): PrimFunc {
  const { rows, columns } = dims("reduceSum", { rows: options.rows, columns: options.columns });
  const A = placeholder("A", [rows, columns]);
  const k = reduceAxis(columns);
  const B = compute("B", [rows], (i) => sum(A.at(i, k.var), [k]));
  return primFunc("reduce_sum", [A, B]);
}

/** `B[c, r] = A[r, c]`, f32. Parameters A, B. */
export function transpose(options: RowsOptions): PrimFunc {
  const { rows, columns } = dims("transpose", { rows: options.rows, columns: options.columns });
  const A = placeholder("A", [rows, columns]);
  const B = compute("B", [columns, rows], (i, j) => A.at(j, i));
  return primFunc("transpose", [A, B]);
}
