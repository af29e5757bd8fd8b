import type { ExprLike } from "../ir/build.ts";
import { toExpr } from "../ir/build.ts";
import type { Expr, Var } from "../ir/expr.ts";
import { substitute } from "../ir/substitute.ts";
import type { Tensor } from "../te/tensor.ts";

/**
 * Gives the element of a tensor at a position that depends on data. A tensor that is computed element by element is
 * computed at that position only; a reduction is computed before.
 */
export function elementAt(t: Tensor, ...indices: readonly ExprLike[]): Expr {
  const { axes, value } = t.definition ?? { axes: [], value: undefined };
  if (!value || value.kind === "reduction" || value.kind === "step") return t.at(...indices);
  return substitute(value, new Map(axes.map((v: Var, d) => [v, toExpr(indices[d] as ExprLike)])));
}
