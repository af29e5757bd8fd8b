/** Operators on integers that stand for floats. */
import { isFloat } from "../../../ir/dtype.ts";
import { round } from "../../../te/float_functions.ts";
import type { Value } from "../../../relax/value.ts";
import type { ImportContext } from "../context.ts";
import { ELEMENT_TYPES, type ElementType, elementTypeOf } from "../element_types.ts";
import type { Item } from "../item.ts";
import type { OnnxNode } from "../node.ts";
import { convolved } from "./convolutions.ts";
import type { Importer, Importers } from "./operator.ts";
import { matmul } from "./products.ts";
import { reduced } from "./reductions.ts";
import { windowOf } from "./windows.ts";

/** Gives a scale or zero point of one axis the rank of the tensor; one for blocks is repeated. */
function alongAxis(node: OnnxNode, c: ImportContext, item: Item, part: Value): Value {
  const rank = part.type.shape.length, block = node.int("block_size", 0);
  if (rank === 0) return part;
  const axis = node.axis(node.int("axis", 1), Math.max(item.rank, 1));
  if (rank === 1 && block === 0) {
    if (part.type.shape[0]?.kind === "const" && part.type.shape[0].value === 1) return c.b.reshape(part, []);
    return c.b.reshape(part, [
      part.type.shape[0] as NonNullable<typeof part.type.shape[0]>,
      ...Array<number>(item.rank - 1 - axis).fill(1),
    ]);
  }
  if (block < 1) return part;
  const repeated = c.b.repeat(part, { repeats: block, axis }), extent = item.shape[axis];
  return extent?.kind === "const"
    ? c.b.slice(repeated, { begin: [0], end: [extent.value], axes: [axis] })
    : repeated;
}

/** Rounds floats to integers of a type, as the nearest that it has. */
function quantized(
  c: ImportContext,
  x: Value,
  scale: Value,
  zero: Value | undefined,
  type: ElementType,
  node: OnnxNode,
): Item {
  const range = ELEMENT_TYPES[type].wraps ?? node.fail("a zero point of at most 16 bits", type);
  const whole = c.each("round", c.b.div(x, scale), round),
    moved = zero ? c.b.add(whole, c.as(zero, "f32")) : whole;
  return c.of(type, c.as(c.b.clip(moved, { min: range[0], max: range[1] }), "i32"));
}

const quantize: Importer = (node, inputs, c) => {
  const item = node.input(inputs, 0), scale = node.input(inputs, 1), zero = inputs[2];
  const given = node.int("output_dtype", 0), type = zero?.type ?? elementTypeOf(given) ?? "uint8";
  const x = c.as(c.value(item), "f32"), by = alongAxis(node, c, item, c.as(c.value(scale), "f32"));
  return quantized(c, x, by, zero && alongAxis(node, c, item, c.value(zero)), type, node);
};

/** The floats that integers stand for. */
function dequantized(
  node: OnnxNode,
  c: ImportContext,
  item: Item,
  scale: Item,
  zero: Item | undefined,
): Value {
  const x = c.value(item),
    moved = zero ? c.b.sub(x, c.as(alongAxis(node, c, item, c.value(zero)), x.type.dtype)) : x;
  const by = c.value(scale);
  return c.b.mul(c.as(moved, by.type.dtype), alongAxis(node, c, item, by));
}

const dequantize: Importer = (node, inputs, c) => {
  const item = node.input(inputs, 0), scale = node.input(inputs, 1);
  if (isFloat(c.value(item).type.dtype)) node.fail("integers", item.type);
  return c.of(scale.type, dequantized(node, c, item, scale, inputs[2]));
};

const dynamicQuantize: Importer = (node, inputs, c) => {
  const item = node.input(inputs, 0),
    x = c.value(item),
    axes = item.shape.map((_, d) => d),
    zero = c.scalar(0, "f32");
  const least = c.b.minimum(reduced(c, "Min", x, axes, false), zero),
    most = c.b.maximum(reduced(c, "Max", x, axes, false), zero);
  const scale = c.b.mul(c.b.sub(most, least), c.scalar(1 / 255, "f32"));
  const point = c.each("round", c.b.clip(c.b.neg(c.b.div(least, scale)), { min: 0, max: 255 }), round);
  return [
    quantized(c, x, scale, point, "uint8", node),
    c.of("float", scale),
    c.of("uint8", c.as(point, "i32")),
  ];
};

/** Integers less their zero point, as i32. */
function centred(c: ImportContext, item: Item, zero: Item | undefined, shape?: readonly number[]): Value {
  const x = c.value(item);
  if (!zero) return x;
  const z = c.value(zero), extent = z.type.shape[0];
  const one = z.type.shape.length === 0 || (extent?.kind === "const" && extent.value === 1);
  return c.b.sub(x, one ? c.b.reshape(z, []) : shape ? c.b.reshape(z, shape) : z);
}

const matMulInteger: Importer = (node, inputs, c) => {
  const [a, b] = [node.input(inputs, 0), node.input(inputs, 1)], rows = inputs[2];
  const left = centred(c, a, rows, rows && rows.rank === 1 ? [-1, 1] : undefined);
  return c.of("int32", matmul(c, left, centred(c, b, inputs[3]), node));
};

function integerConvolution(
  node: OnnxNode,
  c: ImportContext,
  x: Item,
  w: Item,
  zeros: readonly (Item | undefined)[],
): Value {
  const dims = w.dims ?? node.fail("filters with extents that are numbers", "others");
  const values = [
    centred(c, x, zeros[0]),
    centred(c, w, zeros[1], [-1, ...dims.slice(1).map(() => 1)]),
    undefined,
  ] as const;
  return convolved(c, values, node.int("group", 1), windowOf(node, x, dims.slice(2)));
}

const convInteger: Importer = (node, inputs, c) =>
  c.of(
    "int32",
    integerConvolution(node, c, node.input(inputs, 0), node.input(inputs, 1), [inputs[2], inputs[3]]),
  );

/** Scales sums of integers, and rounds them to integers again. */
function requantized(
  node: OnnxNode,
  c: ImportContext,
  sum: Value,
  [a, b, out]: readonly [Value, Value, Value],
  zero: Item,
): Item {
  const scaled = c.b.mul(c.b.mul(c.as(sum, "f32"), c.as(a, "f32")), c.as(b, "f32"));
  return quantized(c, scaled, c.as(out, "f32"), c.value(zero), zero.type, node);
}

const qLinearMatMul: Importer = (node, inputs, c) => {
  const at = (k: number) => node.input(inputs, k),
    sum = matmul(c, centred(c, at(0), at(2)), centred(c, at(3), at(5)), node);
  return requantized(node, c, sum, [c.value(at(1)), c.value(at(4)), c.value(at(6))], at(7));
};

const qLinearConv: Importer = (node, inputs, c) => {
  const at = (k: number) => node.input(inputs, k), rank = at(0).rank, ones = Array<number>(rank - 2).fill(1);
  let sum = integerConvolution(node, c, at(0), at(3), [at(2), at(5)]);
  if (inputs[8]) sum = c.b.add(sum, c.b.reshape(c.value(inputs[8]), [-1, ...ones]));
  const scale = c.value(at(4)),
    filters = scale.type.shape.length === 1 ? c.b.reshape(scale, [-1, ...ones]) : scale;
  return requantized(node, c, sum, [c.value(at(1)), filters, c.value(at(6))], at(7));
};

/** Multiplies by 4-bit weights, which are decoded at import. */
const matMulNBits: Importer = (node, inputs, c) => {
  const a = node.input(inputs, 0),
    k = node.int("K", 0),
    n = node.int("N", 0),
    block = node.int("block_size", 32);
  const [packed, scales] = [node.numbers(inputs, 1, "the weights"), node.numbers(inputs, 2, "the scales")];
  const zeros = inputs[3] ? node.numbers(inputs, 3, "the zero points") : undefined,
    blocks = Math.ceil(k / block);
  if (node.int("bits", 4) !== 4 || inputs[4]) node.fail("4 bits without g_idx", "others");
  const bytes = Math.ceil(block / 2), row = Math.ceil(blocks / 2);
  if (
    !packed || !scales || packed.length !== n * blocks * bytes || scales.length !== n * blocks ||
    (zeros && zeros.length !== n * row)
  ) {
    return node.fail(`weights and scales of ${n} rows of ${blocks} blocks`, "others");
  }
  const data = new Float32Array(n * k);
  for (let r = 0; r < n; r++) {
    for (let i = 0; i < k; i++) {
      const at = Math.floor(i / block), within = i % block, g = r * blocks + at;
      const byte = packed[g * bytes + (within >> 1)] as number, q = byte >> (4 * (within & 1)) & 15;
      const zero = zeros ? (zeros[r * row + (at >> 1)] as number) >> (4 * (at & 1)) & 15 : 8;
      data[r * k + i] = (q - zero) * (scales[g] as number);
    }
  }
  const weight = c.floats(data, [n, k], a.type), made = c.b.linear(c.value(a), weight);
  return c.of(a.type, inputs[5] ? c.b.add(made, c.value(inputs[5])) : made);
};

/** Operators on integers that stand for floats. */
export const QUANTIZATION: Importers = {
  QuantizeLinear: quantize,
  DequantizeLinear: dequantize,
  DynamicQuantizeLinear: dynamicQuantize,
  MatMulInteger: matMulInteger,
  ConvInteger: convInteger,
  QLinearMatMul: qLinearMatMul,
  QLinearConv: qLinearConv,
  "com.microsoft.MatMulNBits": matMulNBits,
};
