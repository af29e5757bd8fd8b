/** Arithmetic on the elements of two tensors, with NumPy's broadcasting. */
import type { Fields } from "../base/check_options.ts";
import { flag } from "../base/option_kinds.ts";
import * as ir from "../ir/build.ts";
import { isFloat } from "../ir/dtype.ts";
import type { Expr } from "../ir/expr.ts";
import type { Tensor } from "../te/tensor.ts";
import { FLOATS, NUMBERS, pairwise } from "./elementwise.ts";
import { RESULT, type ResultOptions } from "./kinds.ts";
import { like } from "./unary_math.ts";

/**
 * Subtracts element by element: `C = A - B`.
 *
 * @param A a tensor of f32, f16, i32 or u32; integers wrap around
 * @param B a tensor of A's dtype, whose shape fits A's
 * @returns C, of the shape of both together; its name is C by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for tensors that don't fit together
 */
export function sub(A: Tensor, B: Tensor, options: ResultOptions = {}): Tensor {
  return pairwise("sub", A, B, options, ir.sub, NUMBERS);
}

/**
 * Divides element by element: `C = A / B`. Quotients of integers are rounded toward zero (ONNX Div); a quotient by 0 has no
 * meaning.
 *
 * @param A a tensor of f32, f16, i32 or u32
 * @param B a tensor of A's dtype, whose shape fits A's
 * @returns C, of the shape of both together; its name is C by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for tensors that don't fit together
 */
export function div(A: Tensor, B: Tensor, options: ResultOptions = {}): Tensor {
  return pairwise("div", A, B, options, quotientOf, NUMBERS);
}

function quotientOf(x: Expr, y: Expr): Expr {
  if (isFloat(x.dtype)) return ir.div(x, y);
  return x.dtype === "u32" ? ir.floorDiv(x, y) : truncated(x, y);
}

/** The quotient of signed integers, rounded toward zero. */
function truncated(x: Expr, y: Expr): Expr {
  const rest = ir.floorMod(x, y);
  const up = ir.and(ir.ne(rest, 0), ir.ne(ir.lt(x, 0), ir.lt(y, 0)));
  return ir.add(ir.floorDiv(x, y), ir.cast("i32", up));
}

/** The options of {@linkcode mod}. */
export interface ModOptions extends ResultOptions {
  /** The rest has the sign of A (C's fmod), and not that of B (NumPy mod). Default: false. */
  readonly fmod?: boolean;
}
const MOD = { fmod: flag, ...RESULT } satisfies Fields<ModOptions>;

/**
 * Takes the rest of a division, element by element: `C = A - B·⌊A / B⌋`, which has the sign of B (NumPy mod, ONNX Mod). Of
 * floats it is computed in f32, and is off by up to 2^-23 of A; a rest by 0 has no meaning.
 *
 * @param A a tensor of f32, f16, i32 or u32
 * @param B a tensor of A's dtype, whose shape fits A's
 * @returns C, of the shape of both together; its name is C by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for tensors that don't fit together
 */
export function mod(A: Tensor, B: Tensor, options: ModOptions = {}): Tensor {
  const own = options.fmod ? restOfA : restOfB;
  const rest = (x: Expr, y: Expr) =>
    isFloat(x.dtype) ? ir.cast(x.dtype, own(ir.cast("f32", x), ir.cast("f32", y))) : own(x, y);
  return pairwise("mod", A, B, options, rest, NUMBERS, MOD);
}

/** The rest with the sign of y. A quotient that a device rounds to the other side of a whole number is put right. */
function restOfB(x: Expr, y: Expr): Expr {
  if (!isFloat(x.dtype)) return ir.floorMod(x, y);
  const rest = ir.sub(x, ir.mul(y, ir.call("floor", ir.div(x, y)))), zero = like(x, 0);
  const below = ir.lt(ir.mul(rest, y), zero), beyond = ir.ge(abs(rest), abs(y));
  return ir.select(below, ir.add(rest, y), ir.select(beyond, ir.sub(rest, y), rest));
}

/** The rest with the sign of x. */
function restOfA(x: Expr, y: Expr): Expr {
  if (isFloat(x.dtype)) {
    const size = restOfB(abs(x), abs(y));
    return ir.select(ir.lt(x, like(x, 0)), ir.sub(like(x, 0), size), size);
  }
  return x.dtype === "u32" ? ir.floorMod(x, y) : ir.sub(x, ir.mul(y, truncated(x, y)));
}

function abs(x: Expr): Expr {
  return ir.call("abs", x);
}

/**
 * Raises to a power, element by element: `C = A^B`. A base below 0 has powers with whole exponents only.
 *
 * @param A a tensor of f32 or f16
 * @param B a tensor of A's dtype, whose shape fits A's
 * @returns C, of the shape of both together; its name is C by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for tensors that don't fit together
 */
export function pow(A: Tensor, B: Tensor, options: ResultOptions = {}): Tensor {
  return pairwise("pow", A, B, options, (x, y) => ir.call("pow", x, y), FLOATS);
}

/**
 * Takes the smaller of two elements: `C = min(A, B)`.
 *
 * @param A a tensor of f32, f16, i32 or u32
 * @param B a tensor of A's dtype, whose shape fits A's
 * @returns C, of the shape of both together; its name is C by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for tensors that don't fit together
 */
export function minimum(A: Tensor, B: Tensor, options: ResultOptions = {}): Tensor {
  return pairwise("minimum", A, B, options, ir.min, NUMBERS);
}

/**
 * Takes the larger of two elements: `C = max(A, B)`.
 *
 * @param A a tensor of f32, f16, i32 or u32
 * @param B a tensor of A's dtype, whose shape fits A's
 * @returns C, of the shape of both together; its name is C by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for tensors that don't fit together
 */
export function maximum(A: Tensor, B: Tensor, options: ResultOptions = {}): Tensor {
  return pairwise("maximum", A, B, options, ir.max, NUMBERS);
}
