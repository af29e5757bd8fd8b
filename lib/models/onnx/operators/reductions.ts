/** Reductions over some dimensions, and what is made of them. */
import { call, cast, constant, div, mul } from "../../../ir/build.ts";
import { isFloat, type ScalarType } from "../../../ir/dtype.ts";
import type { Expr, Var } from "../../../ir/expr.ts";
import type { Value } from "../../../relax/value.ts";
import { compute } from "../../../te/compute.ts";
import { max, min, prod, reduceAxis, sum } from "../../../te/reduce.ts";
import type { Tensor } from "../../../te/tensor.ts";
import type { ImportContext } from "../context.ts";
import { isFloatType } from "../element_types.ts";
import type { Inputs } from "../known_tensor.ts";
import type { OnnxNode } from "../node.ts";
import { type Importer, type Importers, shaped } from "./operator.ts";
import { axesOf } from "./shapes.ts";

/** How a reduction computes. */
interface Reducing {
  /** Sums, products, maxima or minima. */
  readonly over: typeof sum;
  /** What is reduced of an element. Default: itself. */
  readonly of?: (x: Expr) => Expr;
  /** What becomes of the result, given the number of elements. Default: nothing. */
  readonly then?: (total: Expr, count: Expr) => Expr;
}

const square = (x: Expr) => mul(x, x);
const mean = (total: Expr, count: Expr) => div(total, cast("f32", count));

/** The reductions by ONNX's names after "Reduce". */
const REDUCTIONS = {
  Sum: { over: sum },
  Mean: { over: sum, then: mean },
  Max: { over: max },
  Min: { over: min },
  Prod: { over: prod },
  L1: { over: sum, of: (x: Expr) => call("abs", x) },
  L2: { over: sum, of: square, then: (total: Expr) => call("sqrt", total) },
  LogSum: { over: sum, then: (total: Expr) => call("log", total) },
  SumSquare: { over: sum, of: square },
} as const satisfies Readonly<Record<string, Reducing>>;

/**
 * Reduces a value over dimensions, floats in f32.
 *
 * @param axes the dimensions, from 0 on, each once
 * @param keep whether the result has extents of 1 in their place
 */
export function reduced(
  c: ImportContext,
  kind: keyof typeof REDUCTIONS,
  x: Value,
  axes: readonly number[],
  keep = true,
): Value {
  const how: Reducing = REDUCTIONS[kind], dtype = x.type.dtype;
  if (axes.length === 0) return x;
  const wide = isFloat(dtype) ? "f32" as ScalarType : dtype;
  const [made] = c.program(`reduce_${kind.toLowerCase()}`, [x], (...[t]) => {
    const A = t as Tensor, out = (d: number) => axes.includes(d);
    const rest = A.shape.filter((_, d) => !out(d));
    const total = compute("total", rest, (...at) => {
      const k = axes.map((d) => reduceAxis(A.shape[d] as Expr)), lead = [...at];
      const index = A.shape.map((_, d) =>
        out(d) ? (k[axes.indexOf(d)] as { var: Var }).var : lead.shift() as Var
      );
      const element = cast(wide, A.at(...index));
      return how.over(how.of?.(element) ?? element, k);
    });
    const shape = keep ? A.shape.map((d, k) => out(k) ? constant(1) : d) : rest;
    const count = axes.reduce<Expr>((n, d) => mul(n, A.shape[d] as Expr), constant(1));
    return compute("B", shape, (...at) => {
      const value = total.at(...(keep ? at.filter((_, d) => !out(d)) : at));
      return cast(dtype, how.then?.(value, count) ?? value);
    });
  });
  return made as Value;
}

function reducedAxes(node: OnnxNode, inputs: Inputs, rank: number): readonly number[] {
  const axes = axesOf(node, inputs, 1) ?? [];
  if (axes.length > 0) return node.axes(axes, rank).toSorted((a, b) => a - b);
  return node.flag("noop_with_empty_axes", false) ? [] : Array.from({ length: rank }, (_, d) => d);
}

function reduction(kind: keyof typeof REDUCTIONS): Importer {
  return (node, inputs, c) => {
    const item = node.input(inputs, 0), axes = reducedAxes(node, inputs, item.rank);
    if ((kind === "Mean" || kind === "L2" || kind === "LogSum") && !isFloatType(item.type)) {
      node.fail("floats", item.type);
    }
    if (axes.length === 0 && kind === "Sum") return item;
    return c.wrapped(item.type, reduced(c, kind, c.value(item), axes, node.flag("keepdims", true)));
  };
}

/** The logarithm of a sum of exponentials, about the largest element. */
const logSumExp: Importer = (node, inputs, c) => {
  const item = node.input(inputs, 0), axes = reducedAxes(node, inputs, item.rank), x = c.value(item);
  const largest = reduced(c, "Max", x, axes), keep = node.flag("keepdims", true);
  const total = reduced(c, "Sum", c.b.exp(c.b.sub(x, largest)), axes);
  const made = c.b.add(c.b.log(total), largest);
  return c.of(item.type, keep ? made : c.b.squeeze(made, { axis: axes }));
};

const position = (largest: boolean): Importer => (node, inputs, c) => {
  const item = node.input(inputs, 0), axis = node.axis(node.int("axis", 0), item.rank);
  const options = {
    axis,
    keepDims: node.flag("keepdims", true),
    last: node.flag("select_last_index", false),
  };
  const x = c.value(item);
  return c.of("int64", largest ? c.b.argmax(x, options) : c.b.argmin(x, options));
};

/** Before version 13, Softmax and its kin see a matrix: dimensions before the axis, and from it on. */
function asMatrix(node: OnnxNode, inputs: Inputs, c: ImportContext, f: (x: Value, axis: number) => Value) {
  const item = node.input(inputs, 0), x = c.value(item), old = node.opset < 13;
  if (!isFloatType(item.type)) node.fail("floats", item.type);
  const axis = node.axis(node.int("axis", old ? 1 : -1), item.rank);
  if (!old || axis === item.rank - 1) return c.of(item.type, f(x, axis));
  return c.of(item.type, shaped(c, f(c.b.flatten(x, { axis }), 1), item.shape));
}

const softmax: Importer = (node, inputs, c) =>
  asMatrix(node, inputs, c, (x, axis) => c.b.softmax(x, { axis }));

/** The logarithm of a softmax. */
export function logSoftmax(c: ImportContext, x: Value, axis: number): Value {
  const total = c.b.logSumExp(x, { axis });
  return c.b.sub(x, c.b.expandDims(total, { axis }));
}

const hardmax: Importer = (node, inputs, c) =>
  asMatrix(node, inputs, c, (x, axis) => {
    const depth = x.type.shape[axis] as Expr;
    return c.b.oneHot(c.b.argmax(x, { axis }), { depth, axis, dtype: x.type.dtype });
  });

/** Reductions, softmax and positions. */
export const REDUCTION_OPERATORS: Importers = {
  ...Object.fromEntries(
    (Object.keys(REDUCTIONS) as (keyof typeof REDUCTIONS)[]).map((
      kind,
    ) => [`Reduce${kind}`, reduction(kind)]),
  ),
  ReduceLogSumExp: logSumExp,
  ArgMax: position(true),
  ArgMin: position(false),
  Softmax: softmax,
  LogSoftmax: (node, inputs, c) => asMatrix(node, inputs, c, (x, axis) => logSoftmax(c, x, axis)),
  Hardmax: hardmax,
};
