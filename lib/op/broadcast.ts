/** NumPy's broadcasting: dimensions are aligned at the last one, and an extent of 1 is repeated. */
import { constant, isConst } from "../ir/build.ts";
import { equalExpr } from "../ir/equal.ts";
import type { Expr, Load, Var } from "../ir/expr.ts";
import type { Tensor } from "../te/tensor.ts";
import type { ShapeCondition } from "../te/compute.ts";
import { TeError } from "../te/error.ts";
import { walkExpr } from "../ir/visit.ts";
import { shownShape } from "./check_tensors.ts";
import { equality } from "./extents.ts";

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
    return isConst(y, 1) || equalExpr(x, y) || mayBeEqual(x, y) ? x : isConst(x, 1) ? y : undefined;
  });
  return shape.every((d) => d !== undefined) ? shape : undefined;
}

/**
 * Whether two extents are expressions of the same shape variables, which some of their values make equal: `h` and
 * `h // 2 * 2`. Two variables are taken for different ones.
 */
function mayBeEqual(x: Expr, y: Expr): boolean {
  const [a, b] = [x, y].map(variablesOf) as [ReadonlySet<Var>, ReadonlySet<Var>];
  return a.size > 0 && a.size === b.size && a.isSubsetOf(b);
}

function variablesOf(e: Expr): ReadonlySet<Var> {
  const found = new Set<Var>();
  walkExpr(e, (x) => x.kind === "var" && found.add(x));
  return found;
}

/** The conditions under which tensors fit a shape that {@linkcode broadcastShape} gave. */
export function broadcastConditions(
  operator: string,
  shape: readonly Expr[],
  tensors: readonly Tensor[],
): readonly ShapeCondition[] {
  return tensors.flatMap((t) =>
    t.shape.flatMap((x, d) => {
      const y = shape[shape.length - t.shape.length + d] as Expr;
      return isConst(x, 1) || isConst(y, 1) ? [] : equality(x, y, `the tensors of ${operator} fit together`);
    })
  );
}

/** Reads the element of `t` that belongs to the position `at` of a result of that shape. */
export function elementFor(t: Tensor, shape: readonly Expr[], at: readonly Var[]): Load {
  const first = shape.length - t.shape.length;
  const indices = t.shape.map((d, k) =>
    isConst(d, 1) && !isConst(shape[first + k] as Expr, 1) ? constant(0) : at[first + k] as Var
  );
  return t.at(...indices);
}
