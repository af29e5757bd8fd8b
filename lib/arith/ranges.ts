import type { Expr, Var } from "../ir/expr.ts";
import type { ConstIntBound } from "./interval.ts";
import type { Linear } from "./linear.ts";

/** The ranges of variables, as rules of arithmetic ask for them. */
export interface Ranges {
  /** Gives the linear form of an i32 expression. */
  linear(e: Expr): Linear;
  /**
   * Tells whether a form's value in exact integers is its expression's value: no sum or product in it wraps around. Index
   * arithmetic over loop and shape variables without known bounds counts as exact; arithmetic on data does not.
   */
  isExact(l: Linear): boolean;
  /** Gives inclusive bounds of a linear form in exact integers. */
  boundsOf(l: Linear): ConstIntBound;
  /** Gives the extent of a loop variable where it is symbolic. */
  symbolicExtentOf(v: Var): Expr | undefined;
}
