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
  const formula = formulaOf(t), axes = t.definition?.axes ?? [];
  if (!formula || t.requires.length > 0) return t.at(...indices);
  return substitute(formula, new Map(axes.map((v: Var, d) => [v, toExpr(indices[d] as ExprLike)])));
}

/** The expression of a tensor's elements; undefined where they are stored, as those of inputs and of reductions are. */
export function formulaOf({ definition }: Tensor): Expr | undefined {
  const value = definition?.value;
  const isStored = !value || value.kind === "reduction" || value.kind === "step" || value.kind === "update";
  return isStored ? undefined : value;
}
