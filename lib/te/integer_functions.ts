/** Operators on the bits of integers, and their division toward zero. */
import {
  add,
  and,
  binary,
  call,
  cast,
  type ExprLike,
  floorDiv,
  lt,
  mul,
  ne,
  sub,
  toExpr,
} from "../ir/build.ts";
import { checkArgument } from "../base/check_options.ts";
import { oneOf } from "../base/option_kinds.ts";
import { exprKind, exprLikeKind } from "../ir/kinds.ts";
import { isFloat, isInt, scalarOf } from "../ir/dtype.ts";
import { IrError } from "../ir/error.ts";
import type { BitOp, Expr, MathOp } from "../ir/expr.ts";

/** The bits that are set in both of two integers. */
export const bitAnd = (a: Expr, b: ExprLike): Expr => onBits("bitAnd", "bitand", a, b);
/** The bits that are set in one of two integers, or in both. */
export const bitOr = (a: Expr, b: ExprLike): Expr => onBits("bitOr", "bitor", a, b);
/** The bits that are set in exactly one of two integers. */
export const bitXor = (a: Expr, b: ExprLike): Expr => onBits("bitXor", "bitxor", a, b);
/** The bits that are not set in an integer: of i32, `-a - 1`. */
export function bitNot(a: Expr): Expr {
  const x = integer("bitNot", a);
  return onBits("bitNot", "bitxor", x, scalarOf(x.dtype) === "u32" ? 2 ** 32 - 1 : -1);
}
/** The bits of an integer, moved up by 0 to 31 places. */
export const shiftLeft = (a: Expr, places: ExprLike): Expr => onBits("shiftLeft", "shl", a, places);
/** The bits of an integer, moved down by 0 to 31 places: `⌊a / 2^places⌋`. The sign of i32 stays. */
export const shiftRight = (a: Expr, places: ExprLike): Expr => onBits("shiftRight", "shr", a, places);

/** `a / b` of integers, rounded toward zero. Division by zero is open. */
export function truncDiv(a: Expr, b: ExprLike): Expr {
  checkArgument("expr.truncDiv", "b", b, exprLikeKind);
  const x = integer("truncDiv", a), y = toExpr(b, a.dtype), quotient = floorDiv(x, y);
  if (scalarOf(x.dtype) === "u32") return quotient;
  // The floor is one below where the exact quotient is negative and no integer.
  const isBelow = and(ne(mul(quotient, y), x), ne(lt(x, 0), lt(y, 0)));
  return add(quotient, cast(x.dtype, isBelow));
}
/** `a - b · truncDiv(a, b)` of integers: it has the sign of a. */
export function truncMod(a: Expr, b: ExprLike): Expr {
  return sub(a, mul(truncDiv(a, b), b));
}

/** The 32 bits of an f32, i32 or u32 as a value of another of these types. What the bits of NaN are is open. */
export function bitcast(dtype: "f32" | "i32" | "u32", a: Expr): Expr {
  checkArgument("expr.bitcast", "dtype", dtype, bitcastType);
  checkArgument("expr.bitcast", "a", a, exprKind);
  const op = BITCAST[dtype];
  if (a.dtype === dtype) return a;
  if (scalarOf(a.dtype) === "f16" || scalarOf(a.dtype) === "bool") {
    throw new IrError(`cannot build bitcast of ${a.dtype}: it takes f32, i32 or u32; cast first`);
  }
  return call(op, a);
}

const bitcastType = oneOf("f32", "i32", "u32");
const BITCAST: Readonly<Record<"f32" | "i32" | "u32", MathOp>> = {
  f32: "bitcastF32",
  i32: "bitcastI32",
  u32: "bitcastU32",
};

function onBits(name: string, op: BitOp, a: Expr, b: ExprLike): Expr {
  checkArgument(`expr.${name}`, "b", b, exprLikeKind);
  return binary(op, integer(name, a), b);
}

function integer(name: string, a: Expr): Expr {
  checkArgument(`expr.${name}`, "a", a, exprKind);
  if (isInt(a.dtype)) return a;
  const advice = isFloat(a.dtype) ? "cast or bitcast first" : "cast first";
  throw new IrError(`cannot build ${name} of ${a.dtype}: it takes integers; ${advice}`);
}
