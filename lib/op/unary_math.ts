/** Functions of single elements. */
import { add, call, cast, constant, div, eq, max, mul, not, sub } from "../ir/build.ts";
import { isFloat, type ScalarType } from "../ir/dtype.ts";
import type { Expr, MathOp } from "../ir/expr.ts";
import type { Tensor } from "../te/tensor.ts";
import { FLOATS, unary } from "./elementwise.ts";
import type { ResultOptions } from "./kinds.ts";

const SIGNED: readonly ScalarType[] = [...FLOATS, "i32"];

/** Makes a constant of the dtype of `x`. */
export function like(x: Expr, value: number): Expr {
  return constant(value, x.dtype as ScalarType);
}

/** Computes a function in f32, whatever the dtype of its argument and result. */
export function inF32(f: (x: Expr) => Expr): (x: Expr) => Expr {
  return (x) => cast(x.dtype, f(cast("f32", x)));
}

/** The functions that a target computes. */
function math(op: MathOp): (x: Expr) => Expr {
  return inF32((x) => call(op, x));
}

/**
 * Changes the sign: `B = -A`.
 *
 * @param A a tensor of f32, f16 or i32
 * @returns B, of A's shape and dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype
 */
export function neg(A: Tensor, options: ResultOptions = {}): Tensor {
  return unary("neg", A, options, (x) => isFloat(x.dtype) ? mul(x, like(x, -1)) : sub(like(x, 0), x), SIGNED);
}

/**
 * Takes the absolute value: `B = |A|`. That of the least i32 is itself.
 *
 * @param A a tensor of f32, f16 or i32
 * @returns B, of A's shape and dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype
 */
export function abs(A: Tensor, options: ResultOptions = {}): Tensor {
  return unary("abs", A, options, (x) => call("abs", x), SIGNED);
}

/**
 * Takes the square root: `B = √A`.
 *
 * @param A a tensor of f32 or f16
 * @returns B, of A's shape and dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype
 */
export function sqrt(A: Tensor, options: ResultOptions = {}): Tensor {
  return unary("sqrt", A, options, math("sqrt"));
}

/**
 * Takes the reciprocal of the square root: `B = 1 / √A`.
 *
 * @param A a tensor of f32 or f16
 * @returns B, of A's shape and dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype
 */
export function rsqrt(A: Tensor, options: ResultOptions = {}): Tensor {
  return unary("rsqrt", A, options, math("rsqrt"));
}

/**
 * Takes the reciprocal: `B = 1 / A`.
 *
 * @param A a tensor of f32 or f16
 * @returns B, of A's shape and dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype
 */
export function reciprocal(A: Tensor, options: ResultOptions = {}): Tensor {
  return unary("reciprocal", A, options, (x) => div(like(x, 1), x));
}

/**
 * Takes the exponential: `B = e^A`.
 *
 * @param A a tensor of f32 or f16
 * @returns B, of A's shape and dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype
 */
export function exp(A: Tensor, options: ResultOptions = {}): Tensor {
  return unary("exp", A, options, math("exp"));
}

/**
 * Takes the natural logarithm: `B = ln A`.
 *
 * @param A a tensor of f32 or f16
 * @returns B, of A's shape and dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype
 */
export function log(A: Tensor, options: ResultOptions = {}): Tensor {
  return unary("log", A, options, math("log"));
}

/**
 * Takes the error function: `B = 2/√π · ∫ e^(-t²) dt` from 0 to A.
 *
 * @param A a tensor of f32 or f16
 * @returns B, of A's shape and dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype
 */
export function erf(A: Tensor, options: ResultOptions = {}): Tensor {
  return unary("erf", A, options, math("erf"));
}

/**
 * Takes the sine of radians.
 *
 * @param A a tensor of f32 or f16
 * @returns B, of A's shape and dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype
 */
export function sin(A: Tensor, options: ResultOptions = {}): Tensor {
  return unary("sin", A, options, math("sin"));
}

/**
 * Takes the cosine of radians.
 *
 * @param A a tensor of f32 or f16
 * @returns B, of A's shape and dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype
 */
export function cos(A: Tensor, options: ResultOptions = {}): Tensor {
  return unary("cos", A, options, math("cos"));
}

/**
 * Takes the hyperbolic tangent.
 *
 * @param A a tensor of f32 or f16
 * @returns B, of A's shape and dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype
 */
export function tanh(A: Tensor, options: ResultOptions = {}): Tensor {
  return unary("tanh", A, options, math("tanh"));
}

/**
 * Rounds down to a whole number.
 *
 * @param A a tensor of f32 or f16
 * @returns B, of A's shape and dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype
 */
export function floor(A: Tensor, options: ResultOptions = {}): Tensor {
  return unary("floor", A, options, (x) => call("floor", x));
}

/**
 * Takes the logistic function: `B = 1 / (1 + e^-A)`, computed in f32.
 *
 * @param A a tensor of f32 or f16
 * @returns B, of A's shape and dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype
 */
export function sigmoid(A: Tensor, options: ResultOptions = {}): Tensor {
  return unary("sigmoid", A, options, inF32(logistic));
}

/**
 * Takes a smooth maximum with 0: `B = ln(1 + e^A)`, computed in f32.
 *
 * @param A a tensor of f32 or f16
 * @returns B, of A's shape and dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype
 */
export function softplus(A: Tensor, options: ResultOptions = {}): Tensor {
  return unary("softplus", A, options, inF32(smoothMaximum));
}

/**
 * Divides by the size: `B = A / (1 + |A|)`.
 *
 * @param A a tensor of f32 or f16
 * @returns B, of A's shape and dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype
 */
export function softsign(A: Tensor, options: ResultOptions = {}): Tensor {
  return unary("softsign", A, options, (x) => div(x, add(like(x, 1), call("abs", x))));
}

/**
 * Applies Mish (Misra, arXiv 1908.08681): `B = A·tanh(ln(1 + e^A))`, computed in f32.
 *
 * @param A a tensor of f32 or f16
 * @returns B, of A's shape and dtype; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype
 */
export function mish(A: Tensor, options: ResultOptions = {}): Tensor {
  return unary("mish", A, options, inF32((x) => mul(x, call("tanh", smoothMaximum(x)))));
}

/**
 * Tells where A is not a number. A device may take a NaN for any number where it computes one.
 *
 * @param A a tensor of f32 or f16
 * @returns B, of bool and of A's shape; its name is B by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a tensor of another dtype
 */
export function isNaN(A: Tensor, options: ResultOptions = {}): Tensor {
  return unary("isNaN", A, options, (x) => not(eq(x, x)));
}

function logistic(x: Expr): Expr {
  return div(like(x, 1), add(like(x, 1), call("exp", sub(like(x, 0), x))));
}

/** No exponential of it is above 1, so that none is infinite. */
function smoothMaximum(x: Expr): Expr {
  const small = call("exp", sub(like(x, 0), call("abs", x)));
  return add(max(x, like(x, 0)), call("log", add(like(x, 1), small)));
}
