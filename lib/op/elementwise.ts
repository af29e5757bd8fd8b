/** What the operators on single elements share. */
import { checkOptions, type Fields } from "../base/check_options.ts";
import { arrayOf, required } from "../base/option_kinds.ts";
import { constant, isConst } from "../ir/build.ts";
import { equalExpr } from "../ir/equal.ts";
import type { Expr, Var } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { compute } from "../te/compute.ts";
import { placeholder, type Tensor } from "../te/tensor.ts";
import { primFunc } from "../te/prim_func.ts";
import { type Dim, dims } from "../te/dimension.ts";
import { TeError } from "../te/error.ts";
import { checkTensors, sharedFloat, shownShape } from "./check_tensors.ts";
import { dimension, floatType, RESULT, type ResultOptions } from "./kinds.ts";

/** The options of a program that takes each element by itself. */
export interface ElementwiseProgramOptions {
  /** The shape of all tensors. */
  readonly shape: readonly Dim[];
  /** The dtype of all tensors and of the arithmetic. Default: f32. */
  readonly dtype?: "f32" | "f16";
}

/** The kinds of {@linkcode ElementwiseProgramOptions}. */
export const ELEMENTWISE_PROGRAM = {
  shape: required(arrayOf(dimension)),
  dtype: floatType,
} satisfies Fields<ElementwiseProgramOptions>;

/** Applies a function to each element of a tensor. */
export function unary(operator: string, A: Tensor, options: ResultOptions, f: (x: Expr) => Expr): Tensor {
  checkTensors(operator, { A });
  checkOptions(`op.${operator}`, options, RESULT);
  sharedFloat(operator, { A });
  return compute(options.name ?? "B", A.shape, (...at) => f(A.at(...at)));
}

/** Makes the program of an operator on one tensor: parameters A and B. */
export function unaryProgram(
  name: string,
  { shape, dtype }: ElementwiseProgramOptions,
  operator: (A: Tensor) => Tensor,
): PrimFunc {
  const A = placeholder("A", shapeOf(shape), dtype);
  return primFunc(name, [A, operator(A)]);
}

/** Applies a function to the elements of two tensors at the same position. */
export function pairwise(
  operator: string,
  A: Tensor,
  B: Tensor,
  options: ResultOptions,
  f: (x: Expr, y: Expr) => Expr,
): Tensor {
  checkTensors(operator, { A, B });
  checkOptions(`op.${operator}`, options, RESULT);
  sharedFloat(operator, { A, B });
  const shape = broadcastShape(operator, A, B);
  return compute(
    options.name ?? "C",
    shape,
    (...at) => f(A.at(...indicesOf(A, shape, at)), B.at(...indicesOf(B, shape, at))),
  );
}

/** Makes the program of an operator on two tensors: parameters A, B and C. */
export function pairwiseProgram(
  name: string,
  { shape, dtype }: ElementwiseProgramOptions,
  operator: (A: Tensor, B: Tensor) => Tensor,
): PrimFunc {
  const extents = shapeOf(shape);
  const A = placeholder("A", extents, dtype), B = placeholder("B", extents, dtype);
  return primFunc(name, [A, B, operator(A, B)]);
}

/** The shape of two tensors together: dimensions are aligned at the last one, and an extent of 1 fits any other. */
function broadcastShape(operator: string, A: Tensor, B: Tensor): readonly Expr[] {
  const rank = Math.max(A.shape.length, B.shape.length);
  const aligned = (t: Tensor) => [...Array<Expr>(rank - t.shape.length).fill(constant(1)), ...t.shape];
  const a = aligned(A), b = aligned(B);
  return a.map((x, d) => {
    const y = b[d] as Expr;
    if (isConst(y, 1) || equalExpr(x, y)) return x;
    if (isConst(x, 1)) return y;
    throw new TeError(
      `expected B of a shape that fits A's ${shownShape(A.shape)}, got ${
        shownShape(B.shape)
      }, in ${operator}: ` +
        `from the last dimension on, extents are equal or one of them is 1`,
    );
  });
}

/** Where the element of `t` is that belongs to the position `at` of a result of that shape. */
function indicesOf(t: Tensor, shape: readonly Expr[], at: readonly Var[]): readonly Expr[] {
  const first = shape.length - t.shape.length;
  return t.shape.map((d, k) =>
    isConst(d, 1) && !isConst(shape[first + k] as Expr, 1) ? constant(0) : at[first + k] as Var
  );
}

function shapeOf(shape: readonly Dim[]): readonly Expr[] {
  return Object.values(dims(Object.fromEntries(shape.map((d, k) => [`shape[${k}]`, d]))));
}
