/** Operations on constants, in each type's own arithmetic. */
import { isFloat, RANGE, type ScalarType } from "./dtype.ts";
import type { BinaryOp } from "./expr.ts";

/** The value of `a op b` on numbers, in the type's own arithmetic; undefined where it is not a number. */
export function foldBinary(op: BinaryOp, dtype: ScalarType, a: number, b: number): number | undefined {
  const value = operate(op, dtype, a, b);
  return Number.isNaN(value) ? undefined : value;
}

function operate(op: BinaryOp, dtype: ScalarType, a: number, b: number): number | undefined {
  switch (op) {
    case "add":
      return wrap(a + b, dtype);
    case "sub":
      return wrap(a - b, dtype);
    case "mul":
      return dtype === "f32" || dtype === "f16" ? a * b : wrap(Math.imul(a, b), dtype);
    case "div":
      return a / b;
    case "floordiv":
      return b === 0 ? undefined : wrap(Math.floor(a / b), dtype);
    case "floormod":
      return b === 0 ? undefined : a - Math.floor(a / b) * b;
    case "min":
      return Math.min(a, b);
    case "max":
      return Math.max(a, b);
    case "bitand":
      return wrap(a & b, dtype);
    case "bitor":
      return wrap(a | b, dtype);
    case "bitxor":
      return wrap(a ^ b, dtype);
    case "shl":
      return wrap(a << (b & 31), dtype);
    case "shr":
      return dtype === "u32" ? a >>> (b & 31) : a >> (b & 31);
    case "eq":
      return +(a === b);
    case "ne":
      return +(a !== b);
    case "lt":
      return +(a < b);
    case "le":
      return +(a <= b);
    case "gt":
      return +(a > b);
    case "ge":
      return +(a >= b);
    case "and":
      return +(a !== 0 && b !== 0);
    case "or":
      return +(a !== 0 || b !== 0);
    default:
      return op satisfies never;
  }
}

function wrap(value: number, dtype: ScalarType): number {
  return dtype === "i32" ? value | 0 : dtype === "u32" ? value >>> 0 : value;
}

/** A number of one type as another has it: see {@linkcode Cast}. */
export function convertScalar(value: number, from: ScalarType, to: ScalarType): number {
  if (isFloat(to)) return value;
  if (to === "bool") return +(value !== 0);
  const [lowest, highest] = RANGE[to];
  return isFloat(from) ? Math.trunc(Math.max(lowest, Math.min(highest, value))) || 0 : wrap(value, to);
}

/** The nearest integer, and the even one of two that are equally near. */
export function roundEven(x: number): number {
  const up = Math.round(x);
  return up - x === 0.5 && up % 2 !== 0 ? up - 1 : up;
}

/** What the 32 bits of a value mean in another type. NaN has no constant: it stays NaN. */
export function castBits(value: number, from: ScalarType, to: "f32" | "i32" | "u32"): number {
  const bits = new DataView(new ArrayBuffer(4));
  if (from === "f32") bits.setFloat32(0, value);
  else bits.setInt32(0, value);
  return to === "f32" ? bits.getFloat32(0) : to === "i32" ? bits.getInt32(0) : bits.getUint32(0);
}

/** The sum of the products of the signed bytes of two words. */
export function dotOfBytes(a: number, b: number): number {
  return [24, 16, 8, 0].reduce((sum, shift) => sum + (a << shift >> 24) * (b << shift >> 24), 0);
}
