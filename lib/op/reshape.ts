import { checkArgument, checkOptions } from "../base/check_options.ts";
import { arrayOf } from "../base/option_kinds.ts";
import { constant, floorMod, isConst } from "../ir/build.ts";
import type { Expr } from "../ir/expr.ts";
import { compute, type ShapeCondition } from "../te/compute.ts";
import type { Tensor } from "../te/tensor.ts";
import { TeError } from "../te/error.ts";
import { checkTensors, shownShape } from "./check_tensors.ts";
import {
  asExpr,
  equality,
  type Extent,
  extentKind,
  givenExtents,
  isSame,
  over,
  plus,
  productOf,
  quotient,
  times,
} from "./extents.ts";
import { RESULT, type ResultOptions } from "./kinds.ts";

/**
 * Gives a tensor another shape, with its elements in the same row-major order.
 *
 * @param A a tensor of any dtype
 * @param shape the extents of the result; one of them may be -1, and is then what the others leave over
 * @returns B, of A's dtype; its name is B by default. Where shape variables don't show that it has A's number of elements,
 * a run with other numbers is refused
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for a shape of another number of elements, or more than one -1
 */
export function reshape(A: Tensor, shape: readonly Extent[], options: ResultOptions = {}): Tensor {
  checkTensors("reshape", { A });
  checkArgument("op.reshape", "shape", shape, arrayOf(extentKind));
  checkOptions("op.reshape", options, RESULT);
  const { extents, requires } = extentsFor("reshape", A, shape);
  return reshaped(options.name ?? "B", A, extents, requires);
}

interface Shaped {
  readonly extents: readonly Expr[];
  readonly requires: readonly ShapeCondition[];
}

function extentsFor(operator: string, A: Tensor, shape: readonly Extent[]): Shaped {
  const open = shape.flatMap((d, k) => isOpen(d) ? [k] : []);
  if (open.length > 1) {
    throw new TeError(`expected at most one -1 in shape, got ${open.length}, in ${operator}`);
  }
  const known = givenExtents(operator, "shape", shape.filter((d) => !isOpen(d)));
  const size = productOf(A.shape), own = productOf(known);
  const because = `the result of ${operator} has the elements of ${A.name}`;
  const refuse = () => {
    const wanted = open.length > 0 ? "a shape whose extents divide" : "a shape of";
    throw new TeError(
      `expected ${wanted} the ${size.count} elements of A's ${shownShape(A.shape)}, got [${
        shape.map((d) => isOpen(d) ? "-1" : undefined).map((d, k) => d ?? shownExtent(shape[k] as Extent))
          .join(", ")
      }], in ${operator}`,
    );
  };
  const numbers = size.factors.length === 0 && own.factors.length === 0;
  if (open.length === 0) {
    if (numbers && size.count !== own.count) refuse();
    return { extents: known, requires: equality(asExpr(size), asExpr(own), because) };
  }
  const exact = quotient(size, own);
  if (!exact && numbers) refuse();
  const rest = exact ? asExpr(exact) : over(asExpr(size), asExpr(own));
  return {
    extents: known.toSpliced(open[0] as number, 0, rest),
    requires: exact ? [] : [{ value: asExpr(size), atMost: times(rest, asExpr(own)), because }],
  };
}

function isOpen(d: Extent): boolean {
  return d === -1 || (typeof d === "object" && isConst(d, -1));
}

function shownExtent(d: Extent): string {
  return typeof d === "object" ? shownShape([d]).slice(1, -1) : `${d}`;
}

/** Makes the tensor of A's elements in another shape. Both shapes must have the same number of elements. */
export function reshaped(
  name: string,
  A: Tensor,
  shape: readonly Expr[],
  requires: readonly ShapeCondition[] = [],
): Tensor {
  const groups = groupsOf(A.shape, shape);
  return compute(
    name,
    shape,
    (...at) => {
      const indices = A.shape.map((): Expr => constant(0));
      for (const { from, to } of groups) {
        const flat = to.reduce<Expr>(
          (sum, d) => plus(times(sum, shape[d] as Expr), at[d] as Expr),
          constant(0),
        );
        let stride: Expr = constant(1);
        for (const d of from.toReversed()) {
          const extent = A.shape[d] as Expr, rest = over(flat, stride);
          indices[d] = d === from[0] ? rest : floorMod(rest, extent);
          stride = times(stride, extent);
        }
      }
      return A.at(...indices);
    },
    { requires },
  );
}

/** Neighbouring dimensions of one shape that hold the same elements as neighbouring ones of another. */
interface Group {
  readonly from: readonly number[];
  readonly to: readonly number[];
}

/** Splits two shapes into the smallest groups; extents of 1 are in none. What doesn't show its number is in the last one. */
function groupsOf(from: readonly Expr[], to: readonly Expr[]): readonly Group[] {
  const wide = (shape: readonly Expr[]) => shape.flatMap((d, k) => isConst(d, 1) ? [] : [k]);
  const a = wide(from), b = wide(to), groups: Group[] = [];
  while (a.length > 0 && b.length > 0) {
    const [i, j] = firstGroup(a.map((d) => from[d] as Expr), b.map((d) => to[d] as Expr));
    groups.push({ from: a.splice(0, i), to: b.splice(0, j) });
  }
  const last = groups.at(-1);
  if (a.length === 0 && b.length === 0) return groups;
  return [...groups.slice(0, -1), { from: [...last?.from ?? [], ...a], to: [...last?.to ?? [], ...b] }];
}

/** The fewest first extents of two lists whose products are equal; all where there are none. */
function firstGroup(from: readonly Expr[], to: readonly Expr[]): readonly [number, number] {
  for (let all = 2; all <= from.length + to.length; all++) {
    for (let i = Math.max(1, all - to.length); i <= Math.min(from.length, all - 1); i++) {
      if (isSame(productOf(from.slice(0, i)), productOf(to.slice(0, all - i)))) return [i, all - i];
    }
  }
  return [from.length, to.length];
}
