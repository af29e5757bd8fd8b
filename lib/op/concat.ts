import { checkOptions, type Fields } from "../base/check_options.ts";
import { integer } from "../base/option_kinds.ts";
import { constant, lt, select } from "../ir/build.ts";
import type { Expr, Var } from "../ir/expr.ts";
import { compute, type ShapeCondition } from "../te/compute.ts";
import type { Tensor } from "../te/tensor.ts";
import { TeError } from "../te/error.ts";
import { checkList, dimensionOf, shownShape } from "./check_tensors.ts";
import { equality, minus, plus } from "./extents.ts";
import { RESULT, type ResultOptions } from "./kinds.ts";

/** The options of {@linkcode concat}. */
export interface ConcatOptions extends ResultOptions {
  /** The dimension along which the tensors follow each other; below 0 it counts from the end. Default: 0. */
  readonly axis?: number;
}
const OPTIONS = { axis: integer(), ...RESULT } satisfies Fields<ConcatOptions>;

/**
 * Joins tensors along a dimension that they have (NumPy concatenate).
 *
 * @param tensors at least one, of one dtype, whose shapes are equal in all other dimensions
 * @returns B, of their dtype; its name is B by default. Where two extents are different variables, a run in which they are
 * different numbers is refused
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for tensors that don't fit together
 */
export function concat(tensors: readonly Tensor[], options: ConcatOptions = {}): Tensor {
  const first = checkList("concat", tensors);
  checkOptions("op.concat", options, OPTIONS);
  const { name = "B" } = options, axis = dimensionOf("concat", first, options.axis ?? 0);
  const requires = tensors.flatMap((t, k) => k === 0 ? [] : fitting("concat", first, t, k, axis));
  const ends: Expr[] = [];
  for (const t of tensors) ends.push(plus(ends.at(-1) ?? constant(0), t.shape[axis] as Expr));
  return compute(name, first.shape.with(axis, ends.at(-1) as Expr), (...at) => {
    const i = at[axis] as Var;
    const element = (k: number) => {
      const within = k === 0 ? i : minus(i, ends[k - 1] as Expr);
      return (tensors[k] as Tensor).at(...(at as readonly Expr[]).with(axis, within));
    };
    let value: Expr = element(tensors.length - 1);
    for (let k = tensors.length - 2; k >= 0; k--) value = select(lt(i, ends[k] as Expr), element(k), value);
    return value;
  }, { requires });
}

/** The conditions under which a tensor has the first one's extents, in all dimensions except one. */
export function fitting(
  operator: string,
  first: Tensor,
  t: Tensor,
  place: number,
  except?: number,
): readonly ShapeCondition[] {
  const own = (d: number) => d === except;
  const fits = t.shape.length === first.shape.length && t.shape.every((x, d) => {
    const y = first.shape[d] as Expr;
    return own(d) || x.kind !== "const" || y.kind !== "const" || x.value === y.value;
  });
  if (!fits) {
    const but = except === undefined ? "" : ` in all dimensions except ${except}`;
    throw new TeError(
      `expected tensors[${place}] of tensors[0]'s shape ${shownShape(first.shape)}${but}, got ` +
        `${shownShape(t.shape)}, in ${operator}`,
    );
  }
  return t.shape.flatMap((x, d) =>
    own(d) ? [] : equality(x, first.shape[d] as Expr, `the tensors of ${operator} have one shape`)
  );
}
