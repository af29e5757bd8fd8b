/** NumPy's broadcasting: dimensions are aligned at the last one, and an extent of 1 is repeated. */
import { constant, isConst } from "../ir/build.ts";
import { equalExpr } from "../ir/equal.ts";
import type { Expr, Load, Var } from "../ir/expr.ts";
import type { Tensor } from "../te/tensor.ts";
import { TeError } from "../te/error.ts";
import { shownShape } from "./check_tensors.ts";

/**
 * Gives the shape of several tensors together.
 *
 * @param tensors the tensors by their names
 * @throws {TeError} for extents that are neither equal nor 1
 */
export function broadcastShape(
  operator: string,
  tensors: Readonly<Record<string, Tensor>>,
): readonly Expr[] {
  const [first, ...others] = Object.entries(tensors);
  let shape = first?.[1].shape ?? [], names = `${first?.[0]}`;
  for (const [name, t] of others) {
    const both = together(shape, t.shape);
    if (!both) {
      throw new TeError(
        `expected ${name} of a shape that fits ${names}'s ${shownShape(shape)}, got ${
          shownShape(t.shape)
        }, in ${operator}: from the last dimension on, extents are equal or one of them is 1`,
      );
    }
    shape = both;
    names += ` and ${name}`;
  }
  return shape;
}

/** The shape of two together; undefined where they don't fit. */
function together(a: readonly Expr[], b: readonly Expr[]): readonly Expr[] | undefined {
  const rank = Math.max(a.length, b.length);
  const aligned = (s: readonly Expr[]) => [...Array<Expr>(rank - s.length).fill(constant(1)), ...s];
  const right = aligned(b);
  const shape = aligned(a).map((x, d) => {
    const y = right[d] as Expr;
    return isConst(y, 1) || equalExpr(x, y) ? x : isConst(x, 1) ? y : undefined;
  });
  return shape.every((d) => d !== undefined) ? shape : undefined;
}

/** Reads the element of `t` that belongs to the position `at` of a result of that shape. */
export function elementFor(t: Tensor, shape: readonly Expr[], at: readonly Var[]): Load {
  const first = shape.length - t.shape.length;
  const indices = t.shape.map((d, k) =>
    isConst(d, 1) && !isConst(shape[first + k] as Expr, 1) ? constant(0) : at[first + k] as Var
  );
  return t.at(...indices);
}
