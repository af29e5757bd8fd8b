/**
 * Arithmetic of i32 that is written once and read twice: as expressions of a program, and as BigInts modulo 2³². The
 * second shares nothing with the library.
 */
import { binary, call, constant, select } from "../../lib/ir/build.ts";
import type { BinaryOp, Expr } from "../../lib/ir/expr.ts";

/** Operators on i32 that a formula may have. */
export type Operator = "add" | "sub" | "mul" | "floordiv" | "floormod" | "min" | "max" | Bit;
type Bit = "bitand" | "bitor" | "bitxor" | "shl" | "shr";
/** Comparisons that a formula may have. */
export type Comparison = "eq" | "ne" | "lt" | "le" | "gt" | "ge";

/** What formulas are made of. */
export interface Integers<T> {
  /** A constant. */
  readonly of: (value: number) => T;
  /** `a op b`. */
  readonly op: (op: Operator, a: T, b: T) => T;
  /** `a` where `x op y`, else `b`. */
  readonly choose: (op: Comparison, x: T, y: T, a: T, b: T) => T;
  /** The absolute value: that of -2³¹ is itself. */
  readonly abs: (a: T) => T;
}

/** Expressions of i32, built as a user builds them: constants are folded. */
export const expressions: Integers<Expr> = {
  of: (value) => constant(value),
  op: (op, a, b) => binary(op, a, b),
  choose: (op, x, y, a, b) => select(binary(op, x, y), a, b),
  abs: (a) => call("abs", a),
};

/** The same without folding: every node stays as it is written. */
export const unfolded: Integers<Expr> = {
  of: (value) => constant(value),
  op: (op, a, b) => ({ kind: "binary", dtype: "i32", op, a, b }),
  choose: (op, x, y, a, b) => ({
    kind: "select",
    dtype: "i32",
    cond: { kind: "binary", dtype: "bool", op: op as BinaryOp, a: x, b: y },
    a,
    b,
  }),
  abs: (a) => call("abs", a),
};

const i32 = (x: bigint): bigint => BigInt.asIntN(32, x);
const least = (a: bigint, b: bigint) => a < b ? a : b;

/** Rounds down; BigInt's own division rounds toward zero. */
function quotient(a: bigint, b: bigint): bigint {
  return a / b - (a % b !== 0n && (a < 0n) !== (b < 0n) ? 1n : 0n);
}

const OPERATE: Readonly<Record<Operator, (a: bigint, b: bigint) => bigint>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  floordiv: quotient,
  floormod: (a, b) => a - quotient(a, b) * b,
  min: least,
  max: (a, b) => a < b ? b : a,
  bitand: (a, b) => a & b,
  bitor: (a, b) => a | b,
  bitxor: (a, b) => a ^ b,
  shl: (a, b) => a << (b & 31n),
  shr: (a, b) => a >> (b & 31n),
};

const COMPARE: Readonly<Record<Comparison, (a: bigint, b: bigint) => boolean>> = {
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
  lt: (a, b) => a < b,
  le: (a, b) => a <= b,
  gt: (a, b) => a > b,
  ge: (a, b) => a >= b,
};

/** Exact arithmetic, brought back into 32 bits after each operation. */
export const bigints: Integers<bigint> = {
  of: (value) => BigInt(value),
  op: (op, a, b) => i32(OPERATE[op](a, b)),
  choose: (op, x, y, a, b) => COMPARE[op](x, y) ? a : b,
  abs: (a) => i32(a < 0n ? -a : a),
};

/** Values of i32 where arithmetic goes wrong. */
export const EXTREMES: readonly number[] = [
  0,
  1,
  -1,
  2,
  3,
  -7,
  7,
  100,
  2 ** 30,
  -(2 ** 30),
  2 ** 31 - 1,
  2 ** 31 - 2,
  -(2 ** 31),
  1 - 2 ** 31,
  2 ** 29 + 5,
  -1431655766,
];
