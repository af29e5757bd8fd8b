/** Arithmetic, comparisons and logic on the elements of several tensors. */
import { add, call, constant, lt, mul, select, sub } from "../../../ir/build.ts";
import { isFloat, type ScalarType } from "../../../ir/dtype.ts";
import type { Expr } from "../../../ir/expr.ts";
import { shiftLeft, shiftRight } from "../../../te/integer_functions.ts";
import { round } from "../../../te/float_functions.ts";
import type { Value } from "../../../relax/value.ts";
import { compute } from "../../../te/compute.ts";
import type { Tensor } from "../../../te/tensor.ts";
import type { ImportContext } from "../context.ts";
import { type ElementType, isFloatType } from "../element_types.ts";
import type { Item } from "../item.ts";
import type { Inputs } from "../known_tensor.ts";
import type { OnnxNode } from "../node.ts";
import { type Importer, type Importers, sameType, shaped } from "./operator.ts";

type Pair = (c: ImportContext, a: Value, b: Value, node: OnnxNode) => Value;

/** Applies an operator on two values of one type. */
function pair(f: Pair, result?: ElementType): Importer {
  return (node, inputs, c) => {
    const [a, b] = [node.input(inputs, 0), node.input(inputs, 1)], type = sameType(node, [a, b]);
    const made = f(c, c.value(a), aligned(node, a, b, c), node);
    return result ? c.of(result, made) : c.wrapped(type, made);
  };
}

/** Before version 7, the second input may begin at a dimension of the first one. */
function aligned(node: OnnxNode, a: Item, b: Item, c: ImportContext): Value {
  const value = c.value(b);
  if (node.opset >= 7 || !node.has("axis")) return value;
  const after = a.rank - node.axis(node.int("axis", 0), a.rank) - b.rank;
  if (after < 0) {
    node.fail(`an axis with room for the ${b.rank} dimensions of the second input`, `${a.rank - after}`);
  }
  return shaped(c, value, [...b.shape, ...Array<number>(after).fill(1)]);
}

/** Applies an operator to all inputs in order. */
function all(f: Pair, finish?: (c: ImportContext, sum: Value, count: number) => Value): Importer {
  return (node, inputs, c) => {
    const items = inputs.map((_, k) => node.input(inputs, k)), type = sameType(node, items);
    const total = items.map((x) => c.value(x)).reduce((a, b) => f(c, a, b, node));
    return c.wrapped(type, finish ? finish(c, total, items.length) : total);
  };
}

/** A power that f32 leaves a little beside an integer is that integer. */
function nearlyWhole(x: Expr): Expr {
  const whole = round(x);
  return select(lt(call("abs", sub(x, whole)), mul(call("abs", x), 2 ** -19)), whole, x);
}

/** Raises to a power; integers by way of f32, rounded. */
const pow: Importer = (node, inputs, c) => {
  const a = node.input(inputs, 0),
    b = node.input(inputs, 1),
    exponent = b.rank === 0 ? b.numbers?.[0] : undefined;
  const x = c.value(a);
  if (exponent === 2) return c.wrapped(a.type, c.b.mul(x, x));
  if (isFloatType(a.type)) return c.of(a.type, c.b.pow(x, c.as(aligned(node, a, b, c), x.type.dtype)));
  const power = c.b.pow(c.as(x, "f32"), c.as(c.value(b), "f32"));
  const near = c.each("round", power, isFloatType(b.type) ? nearlyWhole : round);
  return c.wrapped(a.type, c.as(near, x.type.dtype));
};

function shift(node: OnnxNode, inputs: Inputs, c: ImportContext): Item {
  const left = node.oneOf("direction", ["LEFT", "RIGHT"], "LEFT") === "LEFT";
  const a = node.input(inputs, 0), b = node.input(inputs, 1), type = sameType(node, [a, b]);
  const f = left ? shiftLeft : shiftRight;
  return c.wrapped(
    type,
    c.program("shift", [c.value(a), c.b.broadcastTo(c.value(b), a.shape)], (...[x, y]) => {
      const [A, B] = [x as Tensor, y as Tensor];
      return compute("C", A.shape, (...at) => f(A.at(...at), B.at(...at)));
    })[0] as Value,
  );
}

const clip: Importer = (node, inputs, c) => {
  const a = node.input(inputs, 0), x = c.value(a), { dtype } = x.type;
  const attributes = node.opset < 11;
  const ends = (["min", "max"] as const).map((name, k) => {
    if (attributes) return node.has(name) ? node.float(name, 0) : undefined;
    return inputs[k + 1]?.numbers?.[0] ?? inputs[k + 1];
  });
  let y = x;
  ends.forEach((end, k) => {
    if (end === undefined) return;
    if (typeof end !== "number") {
      y = k === 0 ? c.b.maximum(y, c.value(end)) : c.b.minimum(y, c.value(end));
    } else if (
      isFloat(dtype) ? Math.abs(end) < (dtype === "f16" ? 65504 : 3.4e38) : Math.abs(end) < 2 ** 31
    ) {
      y = c.b.clip(y, k === 0 ? { min: end } : { max: end });
    }
  });
  return y === x ? a : c.of(a.type, y);
};

const where: Importer = (node, inputs, c) => {
  const [condition, a, b] = [0, 1, 2].map((k) => node.input(inputs, k)) as [Item, Item, Item];
  const type = sameType(node, [a, b]);
  return c.of(type, c.b.where(c.as(c.value(condition), "bool"), c.value(a), c.value(b)));
};

/** Applies an operator on booleans. */
function logic(f: Pair): Importer {
  return pair((c, a, b, node) => f(c, c.as(a, "bool"), c.as(b, "bool"), node), "bool");
}

/** Keeps what lies outside of ±lambd, moved towards 0 by the bias. */
const shrink: Importer = (node, inputs, c) => {
  const a = node.input(inputs, 0), lambd = node.float("lambd", 0.5), bias = node.float("bias", 0);
  return c.of(
    a.type,
    c.each("shrink", c.value(a), (x) => {
      const like = (v: number) => constant(v, x.dtype as ScalarType);
      const inner: Expr = select(lt(like(lambd), x), sub(x, like(bias)), like(0));
      return select(lt(x, like(-lambd)), add(x, like(bias)), inner);
    }),
  );
};

/** Operators on the elements of several tensors. */
export const ARITHMETIC: Importers = {
  Add: pair((c, a, b) => c.b.add(a, b)),
  Sub: pair((c, a, b) => c.b.sub(a, b)),
  Mul: pair((c, a, b) => c.b.mul(a, b)),
  Div: pair((c, a, b) => c.b.div(a, b)),
  Mod: pair((c, a, b, node) => c.b.mod(a, b, { fmod: node.flag("fmod", false) })),
  Pow: pow,
  Sum: all((c, a, b) => c.b.add(a, b)),
  Max: all((c, a, b) => c.b.maximum(a, b)),
  Min: all((c, a, b) => c.b.minimum(a, b)),
  Mean: all((c, a, b) => c.b.add(a, b), (c, sum, n) => c.b.mul(sum, c.scalar(1 / n, sum.type.dtype))),
  BitShift: shift,
  Clip: clip,
  Where: where,
  Shrink: shrink,
  Equal: pair((c, a, b) => c.b.equal(a, b), "bool"),
  Less: pair((c, a, b) => c.b.less(a, b), "bool"),
  LessOrEqual: pair((c, a, b) => c.b.lessEqual(a, b), "bool"),
  Greater: pair((c, a, b) => c.b.greater(a, b), "bool"),
  GreaterOrEqual: pair((c, a, b) => c.b.greaterEqual(a, b), "bool"),
  And: logic((c, a, b) => c.b.and(a, b)),
  Or: logic((c, a, b) => c.b.or(a, b)),
  Xor: logic((c, a, b) => c.b.xor(a, b)),
};
