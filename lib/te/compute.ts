/** Defines tensors by their elements, as functions of the position. */
import { checkArgument, checkOptions, type Fields } from "../base/check_options.ts";
import { aFunction, anyOf, arrayOf, nested, required, text } from "../base/option_kinds.ts";
import { shownValue } from "../base/shown_value.ts";
import { buffer, cast, type ExprLike, variable } from "../ir/build.ts";
import type { ScalarType, StoredType } from "../ir/dtype.ts";
import { STORED } from "../ir/stored.ts";
import type { Expr, Var } from "../ir/expr.ts";
import { exprToJson } from "../ir/json.ts";
import type { Requirement } from "../ir/requirement.ts";
import { isDeeperThan } from "./is_deeper_than.ts";
import { isExpr, storedTypeKind } from "../ir/kinds.ts";
import { extents } from "./dimension.ts";
import { TeError } from "./error.ts";
import { indexKind, type Reduction, shapeKind, Tensor, type TupleReduction } from "./tensor.ts";
import { tupleStep } from "./tuple_step.ts";

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
  /**
   * The type of the elements in memory, where the tensor is a parameter. Its values are those of i32 for i8, of u32 for u8, and
   * of f32 for bf16. Of integers the lowest bits are stored; bf16 is rounded, of two equally near to the even one. Default: the
   * value's dtype.
   */
  readonly as?: StoredType;
}

/** The kinds of {@linkcode ComputeOptions}. */
export const COMPUTE_FIELDS = {
  as: storedTypeKind,
  requires: arrayOf(
    nested({ value: required(indexKind), atMost: required(indexKind), because: required(text) }),
  ),
} satisfies Fields<ComputeOptions>;

/**
 * Makes a tensor of each value of a {@linkcode reduce} or {@linkcode argmax}: `te.compute(["at", "best"], …)`. They are
 * computed together.
 *
 * @param names a name for each value
 * @param shape the extent of each dimension, as {@linkcode placeholder} takes it
 * @throws {OptionError} for an argument of a wrong kind
 * @throws {TeError} for an impossible extent, or another number of values
 */
export function compute(
  names: readonly string[],
  shape: readonly (ExprLike | string)[],
  value: (...axes: readonly Var[]) => TupleReduction,
  options?: ComputeOptions,
): readonly Tensor[];
/**
 * Makes a tensor whose element at (i, j, …) is `value(i, j, …)`: an expression, or a reduction such as {@linkcode sum} or
 * {@linkcode max}. The tensor's dtype is the value's.
 *
 * @param shape the extent of each dimension, as {@linkcode placeholder} takes it
 * @throws {OptionError} for an argument of a wrong kind
 * @throws {TeError} for an impossible extent, or a value that is neither an expression nor a reduction
 */
export function compute(
  name: string,
  shape: readonly (ExprLike | string)[],
  value: (...axes: readonly Var[]) => Expr | Reduction | TupleReduction,
  options?: ComputeOptions,
): Tensor;
export function compute(
  names: string | readonly string[],
  shape: readonly (ExprLike | string)[],
  value: (...axes: readonly Var[]) => Expr | Reduction | TupleReduction,
  options: ComputeOptions = {},
): Tensor | readonly Tensor[] {
  const list = typeof names === "string" ? [names] : names;
  checkArgument("te.compute", "name", names, namesKind);
  checkArgument("te.compute", "shape", shape, shapeKind);
  checkArgument("te.compute", "value", value, aFunction("a function of the position"));
  checkOptions("te.compute", options, COMPUTE_FIELDS);
  const name = list.join(" and ");
  const requires = requirementsOf(name, options);
  const dimensions = extents(name, shape);
  const axes = dimensions.map((_, d) => variable("ijlmn".charAt(d) || `i${d}`));
  const element = value(...axes);
  if (element?.kind === "tuple") {
    if (options.as) {
      throw new TeError(`expected no as for tensors of one reduction, got ${options.as}, in te.compute`);
    }
    const made = together(list, dimensions, axes, element, requires);
    return typeof names === "string" ? made[0] as Tensor : made;
  }
  if (typeof names !== "string") {
    throw new TeError(
      `expected a te.reduce or te.argmax of the tensors ${name}, got another value, in te.compute`,
    );
  }
  return single(names, dimensions, axes, element, requires, options.as);
}

/** Writes the conditions on shape variables without which the tensor `name` isn't defined as JSON. */
export function requirementsOf(name: string, { requires = [] }: ComputeOptions): readonly Requirement[] {
  const index = (x: ExprLike | string) => exprToJson(extents(name, [x])[0] as Expr);
  return requires.map(({ value, atMost, because }) => ({
    value: index(value),
    atMost: index(atMost),
    because,
  }));
}

const namesKind = anyOf(text, arrayOf(text, { min: 1 }));

/** Makes the tensors of a reduction of several values. */
function together(
  names: readonly string[],
  dimensions: readonly Expr[],
  axes: readonly Var[],
  element: TupleReduction,
  requires: readonly Requirement[],
): readonly Tensor[] {
  if (element.values.length !== names.length) {
    throw new TeError(
      `expected a name for each of ${element.values.length} values, got ${names.join(", ")}, in te.compute`,
    );
  }
  element.values.forEach((e, k) => checkDepth(names[k] as string, e));
  const results = element.values.map((e, k) => buffer(names[k] as string, dimensions, e.dtype as ScalarType));
  const step = tupleStep(results, axes, element);
  return results.map((b) => new Tensor(b, { axes, value: step }, undefined, requires));
}

/** Makes the tensor of an expression, or of a reduction of one value. */
function single(
  name: string,
  dimensions: readonly Expr[],
  axes: readonly Var[],
  element: Expr | Reduction,
  requires: readonly Requirement[],
  as?: StoredType,
): Tensor {
  const scalar: unknown = element?.kind === "reduction" ? element.value : element;
  if (!isExpr(scalar)) {
    throw new TeError(
      `expected the value of ${name} to be an expression or a reduction, got ${
        shownValue(scalar)
      }, in te.compute`,
    );
  }
  checkDepth(name, scalar);
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
  if (as) return storedAs(as, name, dimensions, axes, element, requires);
  // A tensor's elements have no lanes before vectorizing.
  const made = buffer(name, dimensions, scalar.dtype as ScalarType);
  return new Tensor(made, { axes, value: element }, undefined, requires);
}

/** Makes a tensor that is stored in parts of words. A reduction is computed before: it adds to its result. */
function storedAs(
  as: StoredType,
  name: string,
  dimensions: readonly Expr[],
  axes: readonly Var[],
  element: Expr | Reduction,
  requires: readonly Requirement[],
): Tensor {
  const { dtype } = element.kind === "reduction" ? element.value : element, wanted = STORED[as].dtype;
  if (dtype !== wanted) {
    throw new TeError(
      `expected a value of ${wanted} for ${name} of ${as}, got ${dtype}, in te.compute; cast it`,
    );
  }
  const value = element.kind === "reduction"
    ? single(`${name}_${wanted}`, dimensions, axes, element, []).at(...axes)
    : element;
  return new Tensor(buffer(name, dimensions, as), { axes, value }, undefined, requires);
}

function checkDepth(name: string, value: Expr): void {
  if (!isDeeperThan(value, DEEPEST)) return;
  throw new TeError(
    `expected the value of ${name} to be nested up to ${DEEPEST} deep, got more, in te.compute; compute parts of it ` +
      `as tensors of their own, or add in pairs`,
  );
}

/** Whether a reduction rounds at each step, and so needs more bits than its result. */
function isRounded(op: Reduction["op"]): boolean {
  return op === "add" || op === "mul";
}
