/** Defines tensors by their elements, as functions of the position. */
import { checkArgument, checkOptions, type Fields } from "../base/check_options.ts";
import { aFunction, arrayOf, nested, required, text } from "../base/option_kinds.ts";
import { shownValue } from "../base/shown_value.ts";
import { buffer, cast, type ExprLike, variable } from "../ir/build.ts";
import type { ScalarType } from "../ir/dtype.ts";
import type { Expr, Var } from "../ir/expr.ts";
import { exprToJson } from "../ir/json.ts";
import { isDeeperThan } from "./is_deeper_than.ts";
import { extents, isExpr } from "./dimension.ts";
import { TeError } from "./error.ts";
import { indexKind, type Reduction, shapeKind, Tensor } from "./tensor.ts";

/** Levels of an expression: programs are read from JSON up to 1,000 levels, their loops included. */
const DEEPEST = 950;

/** A condition on shape variables, as {@linkcode compute} takes it. */
export interface ShapeCondition {
  /** What is bounded: a number, a shape variable or its name, or an expression of shape variables. */
  readonly value: ExprLike | string;
  /** The most that it may be. */
  readonly atMost: ExprLike | string;
  /** Why, as the end of a sentence: `because the cache holds the queries' own tokens`. */
  readonly because: string;
}

/** The options of {@linkcode compute}. */
export interface ComputeOptions {
  /** Conditions on shape variables without which the tensor isn't defined. A run with other shapes is refused. */
  readonly requires?: readonly ShapeCondition[];
}

const OPTIONS = {
  requires: arrayOf(
    nested({ value: required(indexKind), atMost: required(indexKind), because: required(text) }),
  ),
} satisfies Fields<ComputeOptions>;

/**
 * Makes a tensor whose element at (i, j, …) is `value(i, j, …)`: an expression, or a reduction such as
 * {@linkcode sum} or {@linkcode max}. The tensor's dtype is the value's.
 *
 * @param shape the extent of each dimension, as {@linkcode placeholder} takes it
 * @throws {OptionError} for an argument of a wrong kind
 * @throws {TeError} for an impossible extent, or a value that is neither an expression nor a reduction
 */
export function compute(
  name: string,
  shape: readonly (ExprLike | string)[],
  value: (...axes: readonly Var[]) => Expr | Reduction,
  options: ComputeOptions = {},
): Tensor {
  checkArgument("te.compute", "name", name, text);
  checkArgument("te.compute", "shape", shape, shapeKind);
  checkArgument("te.compute", "value", value, aFunction("a function of the position"));
  checkOptions("te.compute", options, OPTIONS);
  const index = (x: ExprLike | string) => exprToJson(extents(name, [x])[0] as Expr);
  const requires = (options.requires ?? []).map(({ value, atMost, because }) => ({
    value: index(value),
    atMost: index(atMost),
    because,
  }));
  const dimensions = extents(name, shape);
  const axes = dimensions.map((_, d) => variable("ijlmn".charAt(d) || `i${d}`));
  const element = value(...axes);
  const scalar: unknown = element?.kind === "reduction" ? element.value : element;
  if (!isExpr(scalar)) {
    throw new TeError(
      `expected the value of ${name} to be an expression or a reduction, got ${
        shownValue(scalar)
      }, in te.compute`,
    );
  }
  if (isDeeperThan(scalar, DEEPEST)) {
    throw new TeError(
      `expected the value of ${name} to be nested up to ${DEEPEST} deep, got more, in te.compute; compute parts of it ` +
        `as tensors of their own, or add in pairs`,
    );
  }
  if (element.kind === "reduction" && isRounded(element.op) && scalar.dtype === "f16") {
    // f16 holds 11 bits: a sum of 2,048 ones would be the last that it can tell from the next.
    const value = { ...element, value: cast("f32", scalar) };
    const total = new Tensor(buffer(`${name}_f32`, dimensions, "f32"), { axes, value });
    return new Tensor(
      buffer(name, dimensions, "f16"),
      { axes, value: cast("f16", total.at(...axes)) },
      undefined,
      requires,
    );
  }
  // A tensor's elements have no lanes before vectorizing.
  const made = buffer(name, dimensions, scalar.dtype as ScalarType);
  return new Tensor(made, { axes, value: element }, undefined, requires);
}

/** Whether a reduction rounds at each step, and so needs more bits than its result. */
function isRounded(op: Reduction["op"]): boolean {
  return op === "add" || op === "mul";
}
