import { checkArgument, checkOptions, type Fields } from "../base/check_options.ts";
import { aFunction, arrayOf, passing, required } from "../base/option_kinds.ts";
import { type ExprLike, toExpr } from "../ir/build.ts";
import type { Expr } from "../ir/expr.ts";
import { isExpr } from "../ir/kinds.ts";
import { TeError } from "./error.ts";
import { axesKind } from "./reduce.ts";
import type { Combiner, ReduceAxis, TupleReduction } from "./tensor.ts";

/** What {@linkcode reduce} reduces, and how. */
export interface ReduceBy {
  /** The values that are reduced together, at a position of the axes. */
  readonly values: readonly Expr[];
  /** A number or constant for each value, which changes nothing that it is combined with. */
  readonly identity: readonly ExprLike[];
  /**
   * Combines two lists of values to one. It has to be associative and commutative: schedules combine in any order, and
   * combine results of parts.
   */
  readonly combine: Combiner;
}

const BY = {
  values: required(arrayOf(passing<Expr>("an expression", isExpr), { min: 1 })),
  identity: required(
    arrayOf(passing<ExprLike>("a number or a constant", (x) => typeof x === "number" || isConstant(x))),
  ),
  combine: required(aFunction<Combiner>("a function of two lists of expressions")),
} satisfies Fields<ReduceBy>;

/**
 * Reduces one or several values over `axes` by a combiner of your own. {@linkcode compute} makes one tensor of each value.
 * One thread goes through all positions: reduce long axes in chunks, and their results once more.
 *
 *     te.compute(["mean", "weight"], [rows], (i) => te.reduce({ values: [x(i, k.var), w(i, k.var)], … }, [k]))
 *
 * @throws {OptionError} for an argument of a wrong kind
 * @throws {TeError} if values, identity and the combiner's results differ in number or dtype
 */
export function reduce(by: ReduceBy, axes: readonly ReduceAxis[]): TupleReduction {
  checkArgument("te.reduce", "axes", axes, axesKind);
  checkOptions("te.reduce", by, BY);
  const { values, combine } = by;
  const identity = by.identity.map((x, k) => toExpr(x, values[k]?.dtype));
  checkLike("identity", identity, values);
  checkLike("the combiner's result", combine(values, values), values);
  return { kind: "tuple", values, identity, combine, axes };
}

function checkLike(what: string, list: readonly Expr[], values: readonly Expr[]): void {
  if (!Array.isArray(list) || list.length !== values.length) {
    throw new TeError(
      `expected ${what} of ${values.length} values, as there are values, got ${
        list?.length ?? "none"
      }, in te.reduce`,
    );
  }
  list.forEach((x, k) => {
    const { dtype } = values[k] as Expr;
    if (x.dtype === dtype) return;
    throw new TeError(
      `expected ${what} ${k} of ${dtype} as value ${k} is, got ${x.dtype}, in te.reduce; cast it`,
    );
  });
}

function isConstant(x: unknown): boolean {
  return isExpr(x) && x.kind === "const";
}
