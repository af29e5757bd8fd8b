/** Small programs of the shapes that schedules are about. */
import { add, constant, ge, mul, select, sub, variable } from "../../lib/ir/build.ts";
import type { Expr } from "../../lib/ir/expr.ts";
import type { PrimFunc } from "../../lib/ir/func.ts";
import { argmax } from "../../lib/te/argmax.ts";
import { compute } from "../../lib/te/compute.ts";
import { placeholder } from "../../lib/te/tensor.ts";
import { primFunc } from "../../lib/te/prim_func.ts";
import { update } from "../../lib/te/update.ts";
import { reduceAxis, sum } from "../../lib/te/reduce.ts";

const one = constant(1, "f32"), two = constant(2, "f32");

/** `B[i] = A[i] + 1` */
export function addOne(n = 10): PrimFunc {
  const A = placeholder("A", [n]);
  return primFunc("add_one", [A, compute("B", [n], (i) => add(A.at(i), one))]);
}

/** `B[i, j] = A[i, j] + 1` */
export function addOne2(n = 4, m = 6): PrimFunc {
  const A = placeholder("A", [n, m]);
  return primFunc("add_one", [A, compute("B", [n, m], (i, j) => add(A.at(i, j), one))]);
}

/** `B[i] = A[i] + 1` over `n` elements, n symbolic. */
export function addOneSymbolic(): PrimFunc {
  const n = variable("n"), A = placeholder("A", [n]);
  return primFunc("add_one", [A, compute("B", [n], (i) => add(A.at(i), one))]);
}

/** `T[i] = A[i] * 2`, `B[i] = T[i] + 1` */
export function chain(n = 12): PrimFunc {
  const A = placeholder("A", [n]);
  const T = compute("T", [n], (i) => mul(A.at(i), two));
  return primFunc("chain", [A, compute("B", [n], (i) => add(T.at(i), one))]);
}

/** `T[i, j] = A[i, j] * 2`, `B[i, j] = T[i, j] + T[i, j-1]` */
export function stencil(n = 4, m = 8): PrimFunc {
  const A = placeholder("A", [n, m]);
  const T = compute("T", [n, m], (i, j) => mul(A.at(i, j), two));
  const B = compute(
    "B",
    [n, m],
    (i, j) => add(T.at(i, j), select(ge(j, 1), T.at(i, sub(j, 1)), constant(0, "f32"))),
  );
  return primFunc("stencil", [A, B]);
}

/** `T = cache · 2`, then `cache[i + 1] = X[i] + 3 + T[i]` in place, then `R = cache + 1`. */
export function updated(): PrimFunc {
  const cache = placeholder("cache", [8]), X = placeholder("X", [4]);
  const T = compute("T", [8], (i) => mul(cache.at(i), two));
  const Y = compute("Y", [4], (i) => add(X.at(i), constant(3, "f32")));
  const now = update(
    cache,
    [4],
    (i) => ({ at: [add(i as Expr, 1)], value: add(Y.at(i as Expr), T.at(i as Expr)) }),
  );
  return primFunc("updated", [X, now, compute("R", [8], (i) => add(now.at(i), one))]);
}

/** `B[i] = Σ_k A[i, k]` */
export function rowSum(n = 4, m = 6): PrimFunc {
  const A = placeholder("A", [n, m]), k = reduceAxis(m);
  return primFunc("row_sum", [A, compute("B", [n], (i) => sum(A.at(i, k.var), [k]))]);
}

/** `T[i] = Σ_k A[i, k]`, `B[i, j] = A[i, j] - T[i]` */
export function center(n = 4, m = 6): PrimFunc {
  const A = placeholder("A", [n, m]), k = reduceAxis(m);
  const T = compute("T", [n], (i) => sum(A.at(i, k.var), [k]));
  return primFunc("center", [A, compute("B", [n, m], (i, j) => sub(A.at(i, j), T.at(i)))]);
}

/** `C[i, j] = Σ_k A[i, k] * D[k, j]` */
export function product(n = 4, m = 6, l = 5): PrimFunc {
  const A = placeholder("A", [n, l]), D = placeholder("D", [l, m]), k = reduceAxis(l);
  const C = compute("C", [n, m], (i, j) => sum(mul(A.at(i, k.var), D.at(k.var, j)), [k]));
  return primFunc("product", [A, D, C]);
}

/** `T = A * 2`, `S = A + 1`, `B = T * S` */
export function diamond(n = 8): PrimFunc {
  const A = placeholder("A", [n]);
  const T = compute("T", [n], (i) => mul(A.at(i), two)), S = compute("S", [n], (i) => add(A.at(i), one));
  return primFunc("diamond", [A, compute("B", [n], (i) => mul(T.at(i), S.at(i)))]);
}

/** `at[i], best[i] = argmax_k A[i, k]` */
export function bestPosition(n = 4, m = 6): PrimFunc {
  const A = placeholder("A", [n, m]), k = reduceAxis(m);
  return primFunc("argmax", [A, ...compute(["at", "best"], [n], (i) => argmax(A.at(i, k.var), k))]);
}
