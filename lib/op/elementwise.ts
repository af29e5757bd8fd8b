/** What the operators on single elements share. */
import { type AnyFields, checkOptions, type Fields } from "../base/check_options.ts";
import { arrayOf, required } from "../base/option_kinds.ts";
import type { ScalarType } from "../ir/dtype.ts";
import type { Expr } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { compute } from "../te/compute.ts";
import { placeholder, type Tensor } from "../te/tensor.ts";
import { primFunc } from "../te/prim_func.ts";
import { type Dim, dims } from "../te/dimension.ts";
import { broadcastConditions, broadcastShape, elementFor } from "./broadcast.ts";
import { checkTensors, checkTypes, sharedType } from "./check_tensors.ts";
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

/** The floats: what most functions of elements take. */
export const FLOATS: readonly ScalarType[] = ["f32", "f16"];

/** The types with arithmetic. */
export const NUMBERS: readonly ScalarType[] = [...FLOATS, "i32", "u32"];

/** Applies a function to each element of a tensor of one of some dtypes. */
export function unary(
  operator: string,
  A: Tensor,
  options: ResultOptions,
  f: (x: Expr) => Expr,
  types: readonly ScalarType[] = FLOATS,
  fields: AnyFields = RESULT,
): Tensor {
  checkTensors(operator, { A });
  checkOptions(`op.${operator}`, options, fields);
  checkTypes(operator, { A }, ...types);
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

/** Applies a function to the elements of two tensors at the same position; both have the same one of some dtypes. */
export function pairwise(
  operator: string,
  A: Tensor,
  B: Tensor,
  options: ResultOptions,
  f: (x: Expr, y: Expr) => Expr,
  types: readonly ScalarType[] = FLOATS,
  fields: AnyFields = RESULT,
): Tensor {
  checkTensors(operator, { A, B });
  checkOptions(`op.${operator}`, options, fields);
  checkTypes(operator, { A, B }, ...types);
  sharedType(operator, { A, B });
  const shape = broadcastShape(operator, { A, B });
  return compute(
    options.name ?? "C",
    shape,
    (...at) => f(elementFor(A, shape, at), elementFor(B, shape, at)),
    { requires: broadcastConditions(operator, shape, [A, B]) },
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

function shapeOf(shape: readonly Dim[]): readonly Expr[] {
  return Object.values(dims(Object.fromEntries(shape.map((d, k) => [`shape[${k}]`, d]))));
}
