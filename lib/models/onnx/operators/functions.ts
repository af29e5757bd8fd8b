/** Functions of single elements. */
import { constant, lt, or, select } from "../../../ir/build.ts";
import { RANGE, type ScalarType } from "../../../ir/dtype.ts";
import type { Expr } from "../../../ir/expr.ts";
import type { Value } from "../../../relax/value.ts";
import * as floats from "../../../te/float_functions.ts";
import type { ImportContext } from "../context.ts";
import { dtypeOf, type ElementType, elementTypeName, elementTypeOf, isFloatType } from "../element_types.ts";
import type { Item } from "../item.ts";
import type { OnnxNode } from "../node.ts";
import { floatInput, type Importer, type Importers, shaped } from "./operator.ts";

/** Applies an operator to a tensor of floats. */
function ofFloats(f: (c: ImportContext, x: Value, node: OnnxNode) => Value): Importer {
  return (node, inputs, c) => {
    const item = floatInput(node, inputs, 0);
    return c.of(item.type, f(c, c.value(item), node));
  };
}

/** Applies a function of expressions to a tensor of floats. */
function each(name: string, f: (x: Expr) => Expr): Importer {
  return ofFloats((c, x) => c.each(name, x, f));
}

/** Applies an operator to a tensor of any numbers. */
function ofNumbers(f: (c: ImportContext, x: Value) => Value): Importer {
  return (node, inputs, c) => {
    const item = node.input(inputs, 0);
    return c.wrapped(item.type, f(c, c.value(item)));
  };
}

const sign: Importer = (node, inputs, c) => {
  const item = node.input(inputs, 0), x = c.value(item), { dtype } = x.type;
  const of = (e: Expr) => {
    const like = (v: number) => constant(v, dtype as ScalarType);
    return select(
      lt(like(0), e),
      like(1),
      dtype === "u32" ? like(0) : select(lt(e, like(0)), like(-1), like(0)),
    );
  };
  return c.of(item.type, c.each("sign", x, isFloatType(item.type) ? floats.sign : of));
};

const not: Importer = (node, inputs, c) =>
  c.of("bool", c.b.not(c.as(c.value(node.input(inputs, 0)), "bool")));

const isInf: Importer = (node, inputs, c) => {
  const item = floatInput(node, inputs, 0), x = c.value(item);
  const both = [node.flag("detect_positive", true), node.flag("detect_negative", true)];
  const made = c.each("is_inf", x, (e) => {
    const [least, largest] = RANGE[e.dtype as "f32"],
      like = (v: number) => constant(v, e.dtype as ScalarType);
    const above = lt(like(largest), e), below = lt(e, like(least));
    return both[0] ? (both[1] ? or(above, below) : above) : both[1] ? below : constant(0, "bool");
  });
  return c.of("bool", made);
};

/** Converts to another type. What a type of the model has less bits for than its dtype wraps around. */
function convert(node: OnnxNode, c: ImportContext, item: Item, to: ElementType): Item {
  if (to === "bfloat16" && item.type !== "bfloat16") node.fail("a type that graphs can round to", to);
  return c.wrapped(to, c.as(c.value(item), dtypeOf(to)));
}

const cast: Importer = (node, inputs, c) => {
  const code = node.int("to", 0), to = elementTypeOf(code);
  if (!to) return node.fail("a type of numbers or booleans to cast to", elementTypeName(code));
  return convert(node, c, node.input(inputs, 0), to);
};

/** Bends elements below 0; the slope may have a dimension less where files are of the first versions. */
const prelu: Importer = (node, inputs, c) => {
  const item = floatInput(node, inputs, 0), slope = node.input(inputs, 1);
  const x = c.value(item), wide = slope.rank === 1 && node.opset < 7 && item.rank > 2;
  const shape = wide ? [...slope.shape, ...Array<number>(item.rank - 2).fill(1)] : slope.shape;
  return c.of(item.type, c.b.prelu(x, shaped(c, c.value(slope), shape)));
};

/** ONNX's functions of one tensor. */
export const FUNCTIONS: Importers = {
  Abs: ofNumbers((c, x) => x.type.dtype === "u32" ? x : c.b.abs(x)),
  Neg: ofNumbers((c, x) => c.b.neg(x)),
  Sign: sign,
  Not: not,
  IsInf: isInf,
  IsNaN: (node, inputs, c) => c.of("bool", c.b.isNaN(c.value(floatInput(node, inputs, 0)))),
  Cast: cast,
  CastLike: (node, inputs, c) => convert(node, c, node.input(inputs, 0), node.input(inputs, 1).type),
  Sqrt: ofFloats((c, x) => c.b.sqrt(x)),
  Reciprocal: ofFloats((c, x) => c.b.reciprocal(x)),
  Exp: ofFloats((c, x) => c.b.exp(x)),
  Log: ofFloats((c, x) => c.b.log(x)),
  Erf: ofFloats((c, x) => c.b.erf(x)),
  Sin: ofFloats((c, x) => c.b.sin(x)),
  Cos: ofFloats((c, x) => c.b.cos(x)),
  Tanh: ofFloats((c, x) => c.b.tanh(x)),
  Sigmoid: ofFloats((c, x) => c.b.sigmoid(x)),
  Floor: ofFloats((c, x) => c.b.floor(x)),
  Ceil: each("ceil", floats.ceil),
  Round: each("round", floats.round),
  Tan: each("tan", floats.tan),
  Asin: each("asin", floats.asin),
  Acos: each("acos", floats.acos),
  Atan: each("atan", floats.atan),
  Sinh: each("sinh", floats.sinh),
  Cosh: each("cosh", floats.cosh),
  Asinh: each("asinh", floats.asinh),
  Acosh: each("acosh", floats.acosh),
  Atanh: each("atanh", floats.atanh),
  Relu: (node, inputs, c) => {
    const item = node.input(inputs, 0), x = c.value(item);
    return c.of(item.type, isFloatType(item.type) ? c.b.relu(x) : c.b.maximum(x, c.scalar(0, x.type.dtype)));
  },
  LeakyRelu: ofFloats((c, x, node) => c.b.leakyRelu(x, { alpha: node.float("alpha", 0.01) })),
  PRelu: prelu,
  Elu: ofFloats((c, x, node) => c.b.elu(x, { alpha: node.float("alpha", 1) })),
  Celu: ofFloats((c, x, node) => c.b.celu(x, { alpha: node.float("alpha", 1) })),
  Selu: ofFloats((c, x, node) =>
    c.b.selu(x, {
      alpha: node.float("alpha", 1.6732632423543772),
      gamma: node.float("gamma", 1.0507009873554805),
    })
  ),
  ThresholdedRelu: ofFloats((c, x, node) => c.b.thresholdedRelu(x, { alpha: node.float("alpha", 1) })),
  HardSigmoid: ofFloats((c, x, node) =>
    c.b.hardSigmoid(x, { alpha: node.float("alpha", 0.2), beta: node.float("beta", 0.5) })
  ),
  HardSwish: ofFloats((c, x) => c.b.hardSwish(x)),
  Softplus: ofFloats((c, x) => c.b.softplus(x)),
  Softsign: ofFloats((c, x) => c.b.softsign(x)),
  Mish: ofFloats((c, x) => c.b.mish(x)),
  Swish: ofFloats((c, x, node) => {
    const alpha = node.float("alpha", 1);
    return alpha === 1 ? c.b.silu(x) : c.b.mul(x, c.b.sigmoid(c.b.mul(x, c.scalar(alpha, x.type.dtype))));
  }),
  Gelu: ofFloats((c, x, node) =>
    c.b.gelu(x, { approximate: node.oneOf("approximate", ["none", "tanh"], "none") })
  ),
};
