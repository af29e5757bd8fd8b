/** Small reductions by all combiners, of one value and of several, scans and orders. */
import type { ScalarType } from "../../lib/ir/dtype.ts";
import type { Expr } from "../../lib/ir/expr.ts";
import { add, div, gt, mul } from "../../lib/ir/build.ts";
import * as op from "../../lib/face/op.ts";
import * as te from "../../lib/face/te.ts";
import type { Case } from "./operators.ts";

type Make = (A: te.Tensor) => readonly te.Tensor[];

/** The elements of A, computed where they are read. */
function third(A: te.Tensor): te.Tensor {
  return te.compute("third", A.shape, (...at) => div(A.at(...at), 3));
}

/** The sum and the sum of squares of rows, at once. */
const moments: Make = (A) => {
  const k = te.reduceAxis(A.shape[1] as Expr);
  return te.compute(["sum", "squares"], [A.shape[0] as Expr], (i) => {
    const x = A.at(i as Expr, k.var);
    const combine: te.Combiner = (a, b) => a.map((x, d) => add(x, b[d] as Expr));
    return te.reduce({ values: [x, mul(x, x)], identity: [0, 0], combine }, [k]);
  });
};

const OPERATORS: Readonly<Record<string, readonly [ScalarType, Make]>> = {
  argmax: ["f32", (A) => [op.argmax(A)]],
  "argmax of columns": ["f32", (A) => [op.argmax(A, { axis: 0, last: true })]],
  "argmin of what is computed": ["f32", (A) => [op.argmin(third(A), { keepDims: true })]],
  "argmax of computed columns": ["f32", (A) => [op.argmax(third(A), { axis: 0 })]],
  moments: ["f32", moments],
  "reduceMin of all": ["f32", (A) => [op.reduceMin(A, { axis: [0, 1] })]],
  "reduceMax of columns": ["f16", (A) => [op.reduceMax(A, { axis: 0, keepDims: true })]],
  reduceProd: ["i32", (A) => [op.reduceProd(A)]],
  "reduceAny of columns": ["bool", (A) => [op.reduceAny(A, { axis: 0 })]],
  "reduceAll of what is computed": ["f32", (A) => {
    const large = te.compute("large", A.shape, (...at) => gt(A.at(...at), -0.9));
    return [op.reduceAll(large)];
  }],
  cumSum: ["i32", (A) => [op.cumSum(A)]],
  "cumSum of columns": ["i32", (A) => [op.cumSum(A, { axis: 0, reverse: true, exclusive: true })]],
  topK: ["f32", (A) => Object.values(op.topK(A, 3))],
  "sort of columns": ["f32", (A) => [op.sort(A, { axis: 0 })]],
};

const SHAPES = { even: [16, 64], odd: [13, 37], long: [3, 260], symbolic: ["a", 33] } as const;

/** Each of them on each sort of shapes. */
export const REDUCTIONS: readonly Case[] = Object.entries(OPERATORS).flatMap(([operator, [dtype, make]]) =>
  Object.entries(SHAPES).map(([sort, shape]): Case => {
    const A = te.placeholder("A", shape, dtype);
    const func = te.primFunc("reduction", [A, ...make(A)]);
    const shapes = Object.fromEntries(func.shapeVars.map((v) => [v.name, 21]));
    return { operator, sort: sort as Case["sort"], dtype, func, shapes };
  })
);
