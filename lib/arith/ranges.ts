import type { Expr, Var } from "../ir/expr.ts";
import type { ConstIntBound } from "./interval.ts";
import type { Linear } from "./linear.ts";

/** The ranges of variables, as rules of arithmetic ask for them. */
export interface Ranges {
  /** Gives the linear form of an i32 expression. */
  linear(e: Expr): Linear;
  /** Gives inclusive bounds of a linear form. */
  boundsOf(l: Linear): ConstIntBound;
  /** Gives the extent of a loop variable where it is symbolic. */
  symbolicExtentOf(v: Var): Expr | undefined;
}
