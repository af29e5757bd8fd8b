/** Programs that the conformance table leaves out: the functions of `expr`, reductions, scans and orders. */
import type { ScalarType } from "../../../lib/ir/dtype.ts";
import type { Expr } from "../../../lib/ir/expr.ts";
import type { PrimFunc } from "../../../lib/ir/func.ts";
import * as op from "../../../lib/face/op.ts";
import * as te from "../../../lib/face/te.ts";
import * as expr from "../../../lib/te/expr.ts";

/** A program, and the dtype of what it reads. */
export interface Case {
  readonly operator: string;
  readonly sort: string;
  readonly dtype: string;
  readonly func: PrimFunc;
}

const FUNCTIONS = {
  acos: expr.acos,
  acosh: expr.acosh,
  asin: expr.asin,
  asinh: expr.asinh,
  atan: expr.atan,
  atan2: (x: Expr) => expr.atan2(x, 0.5),
  atanh: expr.atanh,
  ceil: expr.ceil,
  cosh: expr.cosh,
  exp2: expr.exp2,
  isNaN: (x: Expr) => expr.select(expr.isNaN(x), 0, x),
  log2: expr.log2,
  round: expr.round,
  sign: expr.sign,
  sinh: expr.sinh,
  tan: expr.tan,
  trunc: expr.trunc,
};

const INTEGERS = {
  bitNot: expr.bitNot,
  bitcast: (x: Expr) =>
    expr.cast("i32", expr.add(expr.bitcast("f32", x), expr.bitcast("f32", expr.cast("u32", x)))),
  "bits of NaN": (x: Expr) =>
    expr.cast(
      "i32",
      expr.isNaN(expr.add(expr.bitcast("f32", expr.constant(0x7fc00000)), expr.cast("f32", x))),
    ),
  shiftLeft: (x: Expr) => expr.shiftLeft(x, 3),
  truncDiv: (x: Expr) => expr.truncDiv(x, -7),
};

const OPERATORS: Readonly<Record<string, readonly [ScalarType, (A: te.Tensor) => readonly te.Tensor[]]>> = {
  argmax: ["f32", (A) => [op.argmax(A)]],
  "argmax of what is computed": ["f32", (A) => {
    const third = te.compute("third", A.shape, (i, j) => expr.div(A.at(i as Expr, j as Expr), 3));
    return [op.argmax(third)];
  }],
  cumSum: ["i32", (A) => [op.cumSum(A)]],
  reduceAll: ["bool", (A) => [op.reduceAll(A)]],
  reduceAny: ["bool", (A) => [op.reduceAny(A, { axis: 0 })]],
  reduceProd: ["f16", (A) => [op.reduceProd(A)]],
  reduceMin: ["u32", (A) => [op.reduceMin(A)]],
  topK: ["f32", (A) => {
    const { values, indices } = op.topK(A, 3);
    return [values, indices];
  }],
};

function elementwise(operator: string, dtype: ScalarType, f: (x: Expr) => Expr): Case {
  const A = te.placeholder("A", [1024], dtype), B = te.compute("B", [1024], (i) => f(A.at(i as Expr)));
  return { operator, sort: "elements", dtype, func: te.primFunc("elements", [A, B]) };
}

/** The cases, in f32 and f16 where they take floats. */
export const MORE_CASES: readonly Case[] = [
  ...Object.entries(FUNCTIONS).flatMap((
    [name, f],
  ) => [elementwise(name, "f32", f), elementwise(name, "f16", f)]),
  ...Object.entries(INTEGERS).map(([name, f]) => elementwise(name, "i32", f)),
  ...Object.entries(OPERATORS).flatMap(([operator, [dtype, of]]) =>
    [[64, 1000], [3, 5000]].map((shape): Case => {
      const A = te.placeholder("A", shape, dtype);
      return { operator, sort: `${shape}`, dtype, func: te.primFunc("more", [A, ...of(A)]) };
    })
  ),
];
