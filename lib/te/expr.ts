/** Arithmetic on the elements of tensors: on expressions and numbers, with both sides of one dtype. */
import { checkArgument, type Kind } from "../base/check_options.ts";
import { arrayOf, oneOf, passing } from "../base/option_kinds.ts";
import * as build from "../ir/build.ts";
import type { ExprLike } from "../ir/build.ts";
import type { DType, ScalarType } from "../ir/dtype.ts";
import type { Call, Const, Expr, MathOp } from "../ir/expr.ts";
import { dtypeKind, exprKind, exprLikeKind, scalarTypeKind } from "../ir/kinds.ts";

const exprs: Kind<readonly Expr[]> = arrayOf(exprKind);
const numberKind: Kind<number> = passing("a number", (x) => typeof x === "number");
const mathOp: Kind<MathOp> = oneOf(...Object.keys(build.MATH_ARITY) as readonly MathOp[]);

/** Checks the sides of an operator. */
function check(name: string, a: ExprLike, b: ExprLike, kind: Kind<ExprLike> = exprLikeKind): void {
  checkArgument(`expr.${name}`, "a", a, kind);
  checkArgument(`expr.${name}`, "b", b, kind);
}

/** `a + b`. Both sides have one dtype; i32 wraps around. */
export function add(a: ExprLike, b: ExprLike): Expr {
  check("add", a, b);
  return build.add(a, b);
}
/** `a - b`. Both sides have one dtype; i32 wraps around. */
export function sub(a: ExprLike, b: ExprLike): Expr {
  check("sub", a, b);
  return build.sub(a, b);
}
/** `a · b`. Both sides have one dtype; i32 wraps around. */
export function mul(a: ExprLike, b: ExprLike): Expr {
  check("mul", a, b);
  return build.mul(a, b);
}
/** `a / b`: of floats the quotient; of integers truncated towards zero. */
export function div(a: ExprLike, b: ExprLike): Expr {
  check("div", a, b);
  return build.div(a, b);
}
/** `⌊a / b⌋` of integers. */
export function floorDiv(a: ExprLike, b: ExprLike): Expr {
  check("floorDiv", a, b);
  return build.floorDiv(a, b);
}
/** `a - b · ⌊a / b⌋` of integers: it has the sign of b. */
export function floorMod(a: ExprLike, b: ExprLike): Expr {
  check("floorMod", a, b);
  return build.floorMod(a, b);
}
/** The smaller of two values. */
export function min(a: ExprLike, b: ExprLike): Expr {
  check("min", a, b);
  return build.min(a, b);
}
/** The larger of two values. */
export function max(a: ExprLike, b: ExprLike): Expr {
  check("max", a, b);
  return build.max(a, b);
}
/** `a < b`, a bool. */
export function lt(a: ExprLike, b: ExprLike): Expr {
  check("lt", a, b);
  return build.lt(a, b);
}
/** `a ≤ b`, a bool. */
export function le(a: ExprLike, b: ExprLike): Expr {
  check("le", a, b);
  return build.le(a, b);
}
/** `a > b`, a bool. */
export function gt(a: ExprLike, b: ExprLike): Expr {
  check("gt", a, b);
  return build.gt(a, b);
}
/** `a ≥ b`, a bool. */
export function ge(a: ExprLike, b: ExprLike): Expr {
  check("ge", a, b);
  return build.ge(a, b);
}
/** `a = b`, a bool. */
export function eq(a: ExprLike, b: ExprLike): Expr {
  check("eq", a, b);
  return build.eq(a, b);
}
/** `a ≠ b`, a bool. */
export function ne(a: ExprLike, b: ExprLike): Expr {
  check("ne", a, b);
  return build.ne(a, b);
}
/** Ceiling division of non-negative integers. */
export function ceilDiv(a: ExprLike, b: ExprLike): Expr {
  check("ceilDiv", a, b);
  return build.ceilDiv(a, b);
}
/** Conjunction; `true` is its unit. */
export function and(...terms: readonly Expr[]): Expr {
  checkArgument("expr.and", "terms", terms, exprs);
  return build.and(...terms);
}
/** True if `a` or `b` is. */
export function or(a: Expr, b: Expr): Expr {
  check("or", a, b, exprKind as Kind<ExprLike>);
  return build.or(a, b);
}
/** True if `a` is not. */
export function not(a: Expr): Expr {
  checkArgument("expr.not", "a", a, exprKind);
  return build.not(a);
}
/** `a` where `cond` holds, else `b`; both are evaluated. */
export function select(cond: Expr, a: ExprLike, b: ExprLike): Expr {
  checkArgument("expr.select", "cond", cond, exprKind);
  check("select", a, b);
  return build.select(cond, a, b);
}
/** The value of `a` in another dtype. */
export function cast(dtype: DType, a: ExprLike): Expr {
  checkArgument("expr.cast", "dtype", dtype, dtypeKind);
  checkArgument("expr.cast", "a", a, exprLikeKind);
  return build.cast(dtype, a);
}
/** Makes a constant. Default dtype: i32. The zero of integers has no sign. */
export function constant(value: number, dtype: ScalarType = "i32"): Const {
  checkArgument("expr.constant", "value", value, numberKind);
  checkArgument("expr.constant", "dtype", dtype, scalarTypeKind);
  return build.constant(value, dtype);
}
/** Calls a math function on floats, for example `call("exp", x)`. */
export function call(op: MathOp, ...args: readonly Expr[]): Call {
  checkArgument("expr.call", "op", op, mathOp);
  checkArgument("expr.call", "args", args, exprs);
  return build.call(op, ...args);
}

export {
  abs,
  acos,
  acosh,
  asin,
  asinh,
  atan,
  atan2,
  atanh,
  ceil,
  cos,
  cosh,
  erf,
  exp,
  exp2,
  floor,
  isNaN,
  log,
  log2,
  pow,
  round,
  rsqrt,
  sign,
  sin,
  sinh,
  sqrt,
  tan,
  tanh,
  trunc,
} from "./float_functions.ts";
export {
  bitAnd,
  bitcast,
  bitNot,
  bitOr,
  bitXor,
  shiftLeft,
  shiftRight,
  truncDiv,
  truncMod,
} from "./integer_functions.ts";
