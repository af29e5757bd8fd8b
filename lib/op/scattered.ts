/** What the operators share that write updates to positions that are data. */
import type { Fields, Kind } from "../base/check_options.ts";
import { oneOf } from "../base/option_kinds.ts";
import { and, cast, constant, ge, lt, select } from "../ir/build.ts";
import { isFloat, type ScalarType } from "../ir/dtype.ts";
import type { Expr, Var } from "../ir/expr.ts";
import { identityOf } from "../ir/reducer.ts";
import { compute } from "../te/compute.ts";
import type { Combine, Tensor } from "../te/tensor.ts";
import { update } from "../te/update.ts";
import { fromEnd, INDEX, type IndexOptions } from "./indices.ts";

/** How updates become elements: the last one as it is, or all of one element together with what was there. */
export type ScatterReduction = "none" | Combine;

const reduction: Kind<ScatterReduction> = oneOf("none", "add", "mul", "max", "min");

/** The options of an operator that writes updates to positions that are data. */
export interface ScatterOptions extends IndexOptions {
  /** How updates become elements. Default: none, the last update of an element replaces it. */
  readonly reduction?: ScatterReduction;
}

/** The kinds of {@linkcode ScatterOptions}. */
export const SCATTER = { reduction, ...INDEX } satisfies Fields<ScatterOptions>;

/** Updates at positions that are data. Each is a value, or a slice along the dimensions of A that have no index. */
export interface Updates {
  /** The extents of the axes that tell updates apart. */
  readonly over: readonly Expr[];
  /** How many dimensions of A the indices are for. */
  readonly rank: number;
  /** The indices of an update in the first dimensions of A: variables, or data. An update outside of A is left out. */
  readonly indices: (update: readonly Expr[]) => readonly Expr[];
  /** The value of an update at a position in A's other dimensions. */
  readonly value: (update: readonly Expr[], rest: readonly Expr[]) => Expr;
  /** The number of an update among those that may hit one element: the last one stays. */
  readonly number: (update: readonly Expr[]) => Expr;
  /** The update with a number that hits an element. */
  readonly numbered: (number: Expr, at: readonly Expr[]) => readonly Expr[];
}

/**
 * Writes updates, in a time of A's elements and the updates. Updates of one element come in any order: a sum or
 * product of floats may differ in its last bits from run to run. Floats are combined in f32.
 */
export function scattered(
  A: Tensor,
  { over, rank, indices, value, number, numbered }: Updates,
  { reduction = "none", negative = false, name = "B" }: ScatterOptions,
): Tensor {
  const { dtype } = A;
  // An update outside of A is made to an element inside, which it does not change.
  const placed = (u: readonly Expr[]) => {
    const given = indices(u).map((index, d) => ({
      index,
      extent: A.shape[d] as Expr,
      isData: index.kind !== "var",
    }));
    const own = given.map((g) => g.isData && negative ? { ...g, index: fromEnd(g.index, g.extent) } : g);
    const inside = and(...own.flatMap((g) => g.isData ? [ge(g.index, 0), lt(g.index, g.extent)] : []));
    return { inside, at: own.map((g) => g.isData ? select(inside, g.index, 0) : g.index) };
  };
  if (reduction === "none") {
    const none = compute(`${name}_last`, A.shape.slice(0, rank), () => constant(-1));
    const last = update(none, over, (...u) => {
      const { at, inside } = placed(u);
      return { at, value: select(inside, number(u), constant(-1)) };
    }, { combine: "max" });
    return compute(name, A.shape, (...at) => {
      const k = last.at(...at.slice(0, rank)), isHit = ge(k, 0);
      return select(isHit, value(numbered(select(isHit, k, 0), at), at.slice(rank)), A.at(...at));
    });
  }
  const wide: ScalarType = isFloat(dtype) ? "f32" : dtype, isWide = wide === dtype;
  // Unlike 0, -0 changes no float that it is added to.
  const nothing = reduction === "add" ? constant(-0, wide) : identityOf(reduction, wide);
  const before = compute(isWide ? name : `${name}_wide`, A.shape, (...at) => cast(wide, A.at(...at)));
  const after = update(before, [...over, ...A.shape.slice(rank)], (...axes: readonly Var[]) => {
    const u = axes.slice(0, over.length), rest = axes.slice(over.length), { at, inside } = placed(u);
    return {
      at: [...at, ...rest],
      value: select(inside, cast(wide, value(u, rest)), nothing),
    };
  }, { combine: reduction });
  return isWide ? after : compute(name, A.shape, (...at) => cast(dtype, after.at(...at)));
}
