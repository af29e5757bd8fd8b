/** Reductions over some dimensions, and what is made of them. */
import { call, constant, mul } from "../../../ir/build.ts";
import { isFloat } from "../../../ir/dtype.ts";
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

/** The reductions by ONNX's names after "Reduce". */
export type Reduction = "Sum" | "Mean" | "Max" | "Min" | "Prod" | "L1" | "L2" | "LogSum" | "SumSquare";
const REDUCTIONS: readonly Reduction[] = [
  "Sum",
  "Mean",
  "Max",
  "Min",
  "Prod",
  "L1",
  "L2",
  "LogSum",
  "SumSquare",
];

/** The reductions of integers, each with what is reduced of an element. */
const OF_INTEGERS: Readonly<Partial<Record<Reduction, readonly [over: typeof sum, of: (x: Expr) => Expr]>>> =
  {
    Sum: [sum, (x) => x],
    Max: [max, (x) => x],
    Min: [min, (x) => x],
    Prod: [prod, (x) => x],
    L1: [sum, (x) => call("abs", x)],
    SumSquare: [sum, (x) => mul(x, x)],
  };

/**
 * Reduces a value over dimensions: floats by the operators of graphs, and integers by a program.
 *
 * @param axes the dimensions, from 0 on, each once
 * @param keep whether the result has extents of 1 in their place
 */
export function reduced(
  c: ImportContext,
  kind: Reduction,
  x: Value,
  axes: readonly number[],
  keep = true,
): Value {
  if (axes.length === 0) return x;
  const integers = OF_INTEGERS[kind];
  if (isFloat(x.type.dtype) || !integers) return c.b[`reduce${kind}`](x, { axis: axes, keepDims: keep });
  const [over, of] = integers;
  const [made] = c.program(`reduce_${kind.toLowerCase()}`, [x], (...[t]) => {
    const A = t as Tensor, out = (d: number) => axes.includes(d);
    const shape = A.shape.flatMap((d, k) => !out(k) ? [d] : keep ? [constant(1)] : []);
    return compute("B", shape, (...at) => {
      const k = axes.map((d) => reduceAxis(A.shape[d] as Expr));
      const lead = keep ? at.filter((_, d) => !out(d)) : [...at];
      const index = A.shape.map((_, d) =>
        out(d) ? (k[axes.indexOf(d)] as { readonly var: Var }).var : lead.shift() as Var
      );
      return over(of(A.at(...index)), k);
    });
  });
  return made as Value;
}

function reducedAxes(node: OnnxNode, inputs: Inputs, rank: number): readonly number[] {
  const axes = axesOf(node, inputs, 1) ?? [];
  if (axes.length > 0) return node.axes(axes, rank).toSorted((a, b) => a - b);
  return node.flag("noop_with_empty_axes", false) ? [] : Array.from({ length: rank }, (_, d) => d);
}

function reduction(kind: Reduction): Importer {
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
  ...Object.fromEntries(REDUCTIONS.map((kind) => [`Reduce${kind}`, reduction(kind)])),
  ReduceLogSumExp: logSumExp,
  ArgMax: position(true),
  ArgMin: position(false),
  Softmax: softmax,
  LogSoftmax: (node, inputs, c) => asMatrix(node, inputs, c, (x, axis) => logSoftmax(c, x, axis)),
  Hardmax: hardmax,
};
