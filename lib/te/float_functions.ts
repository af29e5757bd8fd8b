/**
 * Functions of floats: those that a target computes, and others that are made of them. Each takes f32 or f16 and gives the
 * same dtype. The others are computed in f32. Their relative error is below 1e-5 there, except where a result is next to a
 * zero or a pole of a periodic function.
 */
import {
  add,
  call,
  cast,
  constant,
  div,
  eq,
  type ExprLike,
  gt,
  lt,
  max,
  min,
  mul,
  select,
  sub,
  toExpr,
} from "../ir/build.ts";
import { checkArgument } from "../base/check_options.ts";
import { exprKind, exprLikeKind } from "../ir/kinds.ts";
import { isFloat, scalarOf } from "../ir/dtype.ts";
import { IrError } from "../ir/error.ts";
import type { Expr } from "../ir/expr.ts";

/** The nearest integer that is not above x. */
export const floor = (x: Expr): Expr => float("floor", x, (x) => call("floor", x));
/** The nearest integer that is not below x. */
export const ceil = (x: Expr): Expr => float("ceil", x, (x) => negated(call("floor", negated(x))));
/** The nearest integer; of two that are equally near, the even one. */
export const round = (x: Expr): Expr => float("round", x, (x) => call("round", x));
/** The nearest integer that is not farther from 0 than x. */
export const trunc = (x: Expr): Expr =>
  float("trunc", x, (x) => select(lt(x, 0), negated(call("floor", negated(x))), call("floor", x)));
/** -1, 0 or 1, as x is below, at or above 0; of NaN it is 0. It takes integers too. */
export function sign(x: Expr): Expr {
  checkArgument("expr.sign", "x", x, exprKind);
  const zero = toExpr(0, x.dtype), one = toExpr(1, x.dtype);
  const atMost0 = scalarOf(x.dtype) === "u32" ? zero : select(lt(x, zero), toExpr(-1, x.dtype), zero);
  return select(gt(x, zero), one, atMost0);
}
/** Whether x is NaN, a bool. It holds on all devices, where `ne(x, x)` need not. */
export const isNaN = (x: Expr): Expr => float("isNaN", x, (x) => call("isNaN", x));

/** e to the power of x. */
export const exp = (x: Expr): Expr => float("exp", x, (x) => call("exp", x));
/** The natural logarithm of x. */
export const log = (x: Expr): Expr => float("log", x, (x) => call("log", x));
/** The square root of x. */
export const sqrt = (x: Expr): Expr => float("sqrt", x, (x) => call("sqrt", x));
/** `1 / √x`. */
export const rsqrt = (x: Expr): Expr => float("rsqrt", x, (x) => call("rsqrt", x));
/** The sine of x radians. */
export const sin = (x: Expr): Expr => float("sin", x, (x) => call("sin", x));
/** The cosine of x radians. */
export const cos = (x: Expr): Expr => float("cos", x, (x) => call("cos", x));
/** The hyperbolic tangent of x. */
export const tanh = (x: Expr): Expr => float("tanh", x, (x) => call("tanh", x));
/** The error function of x. */
export const erf = (x: Expr): Expr => float("erf", x, (x) => call("erf", x));
/** x to the power of y, as IEEE 754 has it. */
export function pow(x: Expr, y: ExprLike): Expr {
  checkArgument("expr.pow", "y", y, exprLikeKind);
  return float("pow", x, (x) => call("pow", x, toExpr(y, x.dtype)));
}
/** The size of x. It takes i32 too: that of -2³¹ is itself. */
export function abs(x: Expr): Expr {
  checkArgument("expr.abs", "x", x, exprKind);
  return scalarOf(x.dtype) === "i32" ? call("abs", x) : float("abs", x, size);
}

/** 2 to the power of x. */
export const exp2 = (x: Expr): Expr => inF32("exp2", x, (x) => call("exp2", x));
/** The logarithm of x to the base 2; powers of two have exact ones. */
export const log2 = (x: Expr): Expr => inF32("log2", x, (x) => call("log2", x));
/** The tangent of x radians, up to 800,000. */
export const tan = (x: Expr): Expr => inF32("tan", x, (x) => div(call("sin", x), call("cos", x)));
/** The arc tangent of x, from -π/2 to π/2. */
export const atan = (x: Expr): Expr => inF32("atan", x, (x) => call("atan", x));
/** The arc sine of x, from -π/2 to π/2; it is open beyond ±1. */
export const asin = (x: Expr): Expr => inF32("asin", x, (x) => angleOf(x, cathetus(x)));
/** The arc cosine of x, from 0 to π; it is open beyond ±1. */
export const acos = (x: Expr): Expr => inF32("acos", x, (x) => angleOf(cathetus(x), x));
/** The angle of the point (x, y), from -π to π: that of y/x, in the quadrant of both signs. A zero has no sign. */
export function atan2(y: Expr, x: ExprLike): Expr {
  checkArgument("expr.atan2", "y", y, exprKind);
  checkArgument("expr.atan2", "x", x, exprLikeKind);
  const other = toExpr(x, y.dtype);
  return inF32("atan2", y, (y) => angleOf(y, cast("f32", other)));
}

/** The hyperbolic sine of x. */
export const sinh = (x: Expr): Expr =>
  inF32("sinh", x, (x) => {
    const grown = halfExponential(x);
    const large = sub(grown, div(constant(0.25, "f32"), grown));
    return select(lt(size(x), 1), odd(x, SINH), signed(large, x));
  });
/** The hyperbolic cosine of x. */
export const cosh = (x: Expr): Expr =>
  inF32("cosh", x, (x) => {
    const grown = halfExponential(x);
    return add(grown, div(constant(0.25, "f32"), grown));
  });
/** The inverse of {@linkcode sinh}. */
export const asinh = (x: Expr): Expr => inF32("asinh", x, areaSinh);
/** The inverse of {@linkcode cosh}, at least 0; it is open below 1. */
export const acosh = (x: Expr): Expr =>
  inF32("acosh", x, (x) => mul(areaSinh(call("sqrt", mul(sub(x, 1), 0.5))), 2));
/** The inverse of tanh; it is open beyond ±1. */
export const atanh = (x: Expr): Expr =>
  inF32("atanh", x, (x) => {
    const a = size(x), one = constant(1, "f32");
    const large = mul(call("log", div(add(one, a), sub(one, a))), 0.5);
    return select(lt(a, 0.25), odd(x, ATANH), signed(large, x));
  });

/** Coefficients of x³, x⁵, … in the series of sinh: 1/n!. */
const SINH = [1 / 6, 1 / 120, 1 / 5040, 1 / 362880, 1 / 39916800, 1 / 6227020800];
/** Those of asinh. */
const ASINH = [-1 / 6, 3 / 40, -15 / 336, 105 / 3456, -945 / 42240, 10395 / 599040, -135135 / 9676800];
/** Those of atanh. */
const ATANH = [1 / 3, 1 / 5, 1 / 7, 1 / 9, 1 / 11, 1 / 13, 1 / 15];

/** `e^|x| / 2`: its root is squared, so that nothing is infinite unless the result is. */
function halfExponential(x: Expr): Expr {
  const root = call("exp2", mul(size(x), Math.LOG2E / 2));
  return mul(mul(root, 0.5), root);
}

function areaSinh(x: Expr): Expr {
  const a = size(x), isHuge = gt(a, 1e6);
  // Its square is not infinite, and 1 is nothing beside a huge one.
  const b = min(a, 1e6);
  const root = call("sqrt", add(mul(b, b), 1));
  const large = select(isHuge, add(call("log", a), Math.LN2), call("log", add(b, root)));
  return select(lt(a, 0.25), odd(x, ASINH), signed(large, x));
}

/** The other side of a right triangle with a side x and the longest side 1. */
function cathetus(x: Expr): Expr {
  const one = constant(1, "f32");
  return call("sqrt", mul(sub(one, x), add(one, x)));
}

/** The angle of the point (x, y), by the arc tangent of the smaller over the larger. */
function angleOf(y: Expr, x: Expr): Expr {
  const a = size(x), b = size(y), most = max(a, b);
  // Both are infinite, or both are zero.
  const ratio = select(eq(a, b), select(eq(a, 0), a, constant(1, "f32")), div(min(a, b), most));
  const acute = call("atan", ratio);
  const upright = select(gt(b, a), sub(constant(Math.PI / 2, "f32"), acute), acute);
  return signed(select(lt(x, 0), sub(constant(Math.PI, "f32"), upright), upright), y);
}

/** x + Σ c·x^n over odd n from 3. */
function odd(x: Expr, coefficients: readonly number[]): Expr {
  const square = mul(x, x);
  const last = constant(coefficients.at(-1) ?? 0, "f32");
  const sum = coefficients.slice(0, -1).reduceRight<Expr>((rest, c) => add(mul(rest, square), c), last);
  return add(x, mul(mul(x, square), sum));
}

function size(x: Expr): Expr {
  return call("abs", x);
}

/** `value` with the sign of `like`. */
function signed(value: Expr, like: Expr): Expr {
  return select(lt(like, 0), negated(value), value);
}

function negated(x: Expr): Expr {
  return mul(x, -1);
}

function inF32(name: string, x: Expr, f: (x: Expr) => Expr): Expr {
  return float(name, x, (x) => cast(x.dtype, f(cast("f32", x))));
}

function float(name: string, x: Expr, f: (x: Expr) => Expr): Expr {
  checkArgument(`expr.${name}`, "x", x, exprKind);
  if (isFloat(x.dtype)) return f(x);
  throw new IrError(`cannot build ${name} of ${x.dtype}: it takes floats; cast first`);
}
