import { type ExprLike, toExpr } from "../ir/build.ts";
import type { Expr, Var } from "../ir/expr.ts";
import { substitute } from "../ir/substitute.ts";
import type { Tensor } from "../te/tensor.ts";

/**
 * Gives the element of a tensor at a position that depends on data. A tensor that is computed element by element is
 * computed at that position only. A reduction is computed before, and so is a tensor with conditions on shape variables,
 * which the program keeps with it.
 */
export function elementAt(t: Tensor, ...indices: readonly ExprLike[]): Expr {
  const { axes, value } = t.definition ?? { axes: [], value: undefined };
  const isInMemory = !value || value.kind === "reduction" || value.kind === "step" || value.kind === "update";
  if (isInMemory || t.requires.length > 0) return t.at(...indices);
  return substitute(value, new Map(axes.map((v: Var, d) => [v, toExpr(indices[d] as ExprLike)])));
}
