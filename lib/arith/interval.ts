/** Interval arithmetic over i32 expressions. */
import type { BinaryOp, Expr } from "../ir/expr.ts";
import { isIndex } from "./is_index.ts";

/** Inclusive bounds; infinite where nothing is known. */
export type ConstIntBound = readonly [lo: number, hi: number];

/** The bounds of a value about which nothing is known. */
export const UNBOUNDED: ConstIntBound = [-Infinity, Infinity];

/** The values of i32. */
export const I32: ConstIntBound = [-(2 ** 31), 2 ** 31 - 1];

/** Tells whether all values of an interval are values of i32. */
export function fitsI32([lo, hi]: ConstIntBound): boolean {
  return lo >= I32[0] && hi <= I32[1];
}

/** Bounds `x op y`, given the bounds of both. */
export function boundsOfBinary(op: BinaryOp, [a, b]: ConstIntBound, [c, d]: ConstIntBound): ConstIntBound {
  switch (op) {
    case "floordiv":
      return c === d && c > 0 ? [Math.floor(a / c), Math.floor(b / c)] : a >= 0 && c > 0 ? [0, b] : UNBOUNDED;
    case "floormod":
      return c > 0 ? [0, a >= 0 ? Math.min(b, d - 1) : d - 1] : UNBOUNDED;
    case "min":
      return [Math.min(a, c), Math.min(b, d)];
    case "max":
      return [Math.max(a, c), Math.max(b, d)];
    case "mul":
      if (a >= 0 && c >= 0) return [scaleBound(a, c), scaleBound(b, d)];
      return [a, b, c, d].every(Number.isFinite) ? hull(a * c, a * d, b * c, b * d) : UNBOUNDED;
    case "shl":
      return c === d && c >= 0 && c < 32 ? [a * 2 ** c, b * 2 ** c] : UNBOUNDED;
    case "shr":
      return c === d && c >= 0 && c < 31 ? [Math.floor(a / 2 ** c), Math.floor(b / 2 ** c)] : UNBOUNDED;
    case "bitor":
    case "bitxor":
      // No bit is set above the highest one of both.
      return a >= 0 && c >= 0 ? [0, 2 ** Math.ceil(Math.log2(Math.max(b, d) + 1)) - 1] : UNBOUNDED;
    case "bitand":
      return c >= 0 ? [0, d] : a >= 0 ? [0, b] : UNBOUNDED;
    default:
      return UNBOUNDED;
  }
}

function hull(...values: readonly number[]): ConstIntBound {
  return [Math.min(...values), Math.max(...values)];
}

/** Scales a bound. 0·∞ is 0 here: a coefficient of 0 never contributes. */
export function scaleBound(a: number, b: number): number {
  return a === 0 || b === 0 ? 0 : a * b;
}

export function isBounded([lo, hi]: ConstIntBound): boolean {
  return Number.isFinite(lo) && Number.isFinite(hi);
}

/** Bounds an expression that is neither a variable nor an operation on i32. */
export function boundsOfAtom(e: Expr): ConstIntBound {
  if (e.kind === "cast" && e.a.dtype === "bool") return [0, 1];
  return e.dtype === "i32" && !isIndex(e) ? I32 : UNBOUNDED;
}
