import { cast, constant, isConst } from "../ir/build.ts";
import { equalExpr } from "../ir/equal.ts";
import type { Expr } from "../ir/expr.ts";
import { printExpr } from "../ir/print.ts";
import type { Tensor } from "../te/tensor.ts";
import { TeError } from "../te/error.ts";
import { checkTypes, shownShape } from "./check_tensors.ts";

/**
 * Makes the function that reads what `op.attention` adds to a score, as an f32. An extent of 1 is repeated.
 *
 * @param mask [queries, length] or [heads, queries, length] of f32 or f16; heads and queries may be 1
 * @throws {TeError} for another dtype or shape
 */
export function maskReader(
  mask: Tensor,
  heads: number,
  queries: Expr,
  length: Expr,
): (h: Expr, i: Expr, l: Expr) => Expr {
  checkTypes("attention", { mask }, "f32", "f16");
  const { shape } = mask, rank = shape.length;
  const wanted = [constant(heads), queries, length].slice(-rank);
  const fits = (rank === 2 || rank === 3) &&
    wanted.every((w, d) => {
      const extent = shape[d] as Expr;
      return equalExpr(w, extent) || (d < rank - 1 && isConst(extent, 1));
    });
  if (!fits) {
    const own = printExpr(queries), all = printExpr(length);
    throw new TeError(
      `expected mask of shape [${own}, ${all}] or [${heads}, ${own}, ${all}], where all but the last may be 1, got ` +
        `${shownShape(shape)}, in attention`,
    );
  }
  return (h, i, l) => {
    const at = [h, i, l].slice(-rank).map((e, d) => isConst(shape[d] as Expr, 1) ? constant(0) : e);
    return cast("f32", mask.at(...at));
  };
}
