/** Operators that give tensors mean 0 and variance 1. */
import type { Expr } from "../../../ir/expr.ts";
import { isEqual } from "../../../op/extents.ts";
import type { Value } from "../../../relax/value.ts";
import type { ImportContext } from "../context.ts";
import { type Item, shownShape } from "../item.ts";
import { floatInput, type Importer, type Importers, product, shaped } from "./operator.ts";
import { reduced } from "./reductions.ts";

/** A value with mean 0 and variance 1 along some dimensions, and what that took. */
interface Normal {
  readonly y: Value;
  readonly mean: Value;
  readonly inverse: Value;
}

function normal(c: ImportContext, x: Value, axes: readonly number[], epsilon: number): Normal {
  const mean = reduced(c, "Mean", x, axes), centred = c.b.sub(x, mean);
  const variance = reduced(c, "Mean", c.b.mul(centred, centred), axes);
  const inverse = c.b.rsqrt(c.b.add(variance, c.scalar(epsilon, x.type.dtype)));
  return { y: c.b.mul(centred, inverse), mean, inverse };
}

/** Gives a vector of channels the shape [c, 1, …]. */
function alongChannels(c: ImportContext, v: Value, rank: number): Value {
  return shaped(c, v, [v.type.shape[0] as Expr, ...Array<number>(Math.max(rank - 2, 0)).fill(1)]);
}

const layerNorm: Importer = (node, inputs, c) => {
  const item = floatInput(node, inputs, 0),
    axis = node.axis(node.int("axis", -1), item.rank),
    eps = node.float("epsilon", 1e-5);
  const x = c.value(item), scale = c.value(node.input(inputs, 1)), bias = inputs[2] && c.value(inputs[2]);
  const wants = node.proto.outputs.slice(1).some((name) => name !== ""), rows = item.shape.slice(axis);
  const columns = product(rows), fits = (v: Value) => isEqual(product(v.type.shape), columns);
  if (bias && !wants && fits(scale) && fits(bias)) {
    const flat = rows.length === 1 ? x : c.b.reshape(x, [...item.shape.slice(0, axis), columns]);
    const made = c.b.layerNorm(flat, shaped(c, scale, [columns]), shaped(c, bias, [columns]), { eps });
    return [c.of(item.type, shaped(c, made, item.shape))];
  }
  const axes = rows.map((_, k) => axis + k), { y, mean, inverse } = normal(c, x, axes, eps);
  const scaled = c.b.mul(y, scale);
  return [
    c.of(item.type, bias ? c.b.add(scaled, bias) : scaled),
    c.of(item.type, mean),
    c.of(item.type, inverse),
  ];
};

const rmsNorm: Importer = (node, inputs, c) => {
  const item = floatInput(node, inputs, 0),
    axis = node.axis(node.int("axis", -1), item.rank),
    eps = node.float("epsilon", 1e-5);
  const x = c.value(item), scale = c.value(node.input(inputs, 1));
  if (axis === item.rank - 1 && scale.type.shape.length === 1) {
    return c.of(item.type, c.b.rmsNorm(x, scale, { eps }));
  }
  const axes = item.shape.slice(axis).map((_, k) => axis + k),
    squares = reduced(c, "Mean", c.b.mul(x, x), axes);
  const inverse = c.b.rsqrt(c.b.add(squares, c.scalar(eps, x.type.dtype)));
  return c.of(item.type, c.b.mul(c.b.mul(x, inverse), scale));
};

const batchNorm: Importer = (node, inputs, c) => {
  const item = floatInput(node, inputs, 0), eps = node.float("epsilon", 1e-5), x = c.value(item);
  const items = [1, 2, 3, 4].map((k) => node.input(inputs, k)) as [Item, Item, Item, Item];
  if (!node.flag("spatial", true)) {
    node.fail("one mean for each channel", "one for each element (spatial = 0)");
  }
  if (node.opset >= 14 ? node.flag("training_mode", false) : node.opset < 7 && !node.flag("is_test", false)) {
    return trained(c, item, items, eps, node.float("momentum", 0.9));
  }
  const numbers = items.map((t) => t.numbers);
  if (numbers.every((n) => n !== undefined)) {
    const [scale, bias, mean, variance] = numbers as [
      ArrayLike<number>,
      ArrayLike<number>,
      ArrayLike<number>,
      ArrayLike<number>,
    ];
    const factors = Float64Array.from(scale, (s, k) => s / Math.sqrt((variance[k] as number) + eps));
    const offsets = Float64Array.from(bias, (b, k) => b - (mean[k] as number) * (factors[k] as number));
    const dims = [factors.length, ...Array<number>(Math.max(item.rank - 2, 0)).fill(1)];
    return c.of(
      item.type,
      c.b.add(c.b.mul(x, c.floats(factors, dims, item.type)), c.floats(offsets, dims, item.type)),
    );
  }
  const [scale, bias, mean, variance] = items.map((t) => c.as(c.value(t), x.type.dtype)) as [
    Value,
    Value,
    Value,
    Value,
  ];
  return c.of(item.type, scaledBy(c, x, { scale, bias, mean, variance }, eps));
};

interface Statistics {
  readonly scale: Value;
  readonly bias: Value;
  readonly mean: Value;
  readonly variance: Value;
}

function scaledBy(
  c: ImportContext,
  x: Value,
  { scale, bias, mean, variance }: Statistics,
  eps: number,
): Value {
  const rank = x.type.shape.length,
    factor = c.b.mul(scale, c.b.rsqrt(c.b.add(variance, c.scalar(eps, variance.type.dtype))));
  const offset = c.b.sub(bias, c.b.mul(mean, factor));
  return c.b.add(c.b.mul(x, alongChannels(c, factor, rank)), alongChannels(c, offset, rank));
}

/** The norm of the batch itself, and running means and variances after it. */
function trained(
  c: ImportContext,
  item: Item,
  items: readonly [Item, Item, Item, Item],
  eps: number,
  momentum: number,
): readonly Item[] {
  const x = c.value(item), axes = item.shape.flatMap((_, d) => d === 1 ? [] : [d]);
  const [scale, bias, oldMean, oldVariance] = items.map((t) => c.value(t)) as [Value, Value, Value, Value];
  const mean = reduced(c, "Mean", x, axes), centred = c.b.sub(x, mean);
  const variance = reduced(c, "Mean", c.b.mul(centred, centred), axes, false),
    flat = reduced(c, "Mean", x, axes, false);
  const y = scaledBy(c, x, { scale, bias, mean: flat, variance }, eps);
  const running = (old: Value, now: Value) =>
    c.b.add(c.b.mul(old, c.scalar(momentum, "f32")), c.b.mul(now, c.scalar(1 - momentum, "f32")));
  return [y, running(oldMean, flat), running(oldVariance, variance)].map((v) => c.of(item.type, v));
}

const instanceNorm: Importer = (node, inputs, c) => {
  const item = floatInput(node, inputs, 0),
    axes = item.shape.flatMap((_, d) => d < 2 ? [] : [d]),
    x = c.value(item);
  const { y } = normal(c, x, axes, node.float("epsilon", 1e-5));
  const [scale, bias] = [1, 2].map((k) => alongChannels(c, c.value(node.input(inputs, k)), item.rank)) as [
    Value,
    Value,
  ];
  return c.of(item.type, c.b.add(c.b.mul(y, scale), bias));
};

const groupNorm: Importer = (node, inputs, c) => {
  const item = floatInput(node, inputs, 0), groups = node.int("num_groups", 1), channels = item.dims?.[1];
  const { shape } = item, each = channels === undefined ? 0.5 : channels / groups, x = c.value(item);
  if (!Number.isInteger(each)) node.fail(`channels that ${groups} groups divide`, shownShape(shape));
  const split = c.b.reshape(x, [shape[0] as Expr, groups, each, ...shape.slice(2)]);
  const axes = split.type.shape.flatMap((_, d) => d < 2 ? [] : [d]);
  const y = c.b.reshape(normal(c, split, axes, node.float("epsilon", 1e-5)).y, shape);
  const [scale, bias] = [1, 2].map((k) => {
    const v = c.value(node.input(inputs, k));
    // Before version 21 there is one element for each group.
    const wide = node.opset < 21 && each > 1 ? c.b.repeat(v, { repeats: each, axis: 0 }) : v;
    return alongChannels(c, wide, item.rank);
  }) as [Value, Value];
  return c.of(item.type, c.b.add(c.b.mul(y, scale), bias));
};

const meanVariance: Importer = (node, inputs, c) => {
  const item = floatInput(node, inputs, 0),
    axes = node.axes(node.ints("axes") ?? [0, 2, 3], item.rank),
    x = c.value(item);
  const centred = c.b.sub(x, reduced(c, "Mean", x, axes));
  const deviation = c.b.sqrt(reduced(c, "Mean", c.b.mul(centred, centred), axes));
  return c.of(item.type, c.b.div(centred, c.b.add(deviation, c.scalar(1e-9, x.type.dtype))));
};

/** Divides by a power of the squares' sum over neighbouring channels. */
const localResponse: Importer = (node, inputs, c) => {
  const item = floatInput(node, inputs, 0), x = c.value(item), size = node.int("size", 1), { dtype } = x.type;
  if (!(size >= 1 && size <= 256)) node.fail("a size from 1 to 256", `${size}`);
  c.repeats(node, size);
  const padding = item.shape.map((_, d) => d === 1 ? [(size - 1) >> 1, size >> 1] as const : [0, 0] as const);
  const squares = c.b.pad(c.b.mul(x, x), { padding }),
    parts = Array.from({ length: size }, (_, k) => {
      const end = k + 1 - size;
      return c.b.slice(squares, { begin: [k], end: [end === 0 ? null : end], axes: [1] });
    });
  const total = c.b.mul(
    parts.reduce((a, b) => c.b.add(a, b)),
    c.scalar(node.float("alpha", 1e-4) / size, dtype),
  );
  const base = c.b.add(total, c.scalar(node.float("bias", 1), dtype));
  return c.of(item.type, c.b.div(x, c.b.pow(base, c.scalar(node.float("beta", 0.75), dtype))));
};

/** Norms. */
export const NORMS: Importers = {
  LayerNormalization: layerNorm,
  RMSNormalization: rmsNorm,
  SimplifiedLayerNormalization: rmsNorm,
  BatchNormalization: batchNorm,
  InstanceNormalization: instanceNorm,
  GroupNormalization: groupNorm,
  MeanVarianceNormalization: meanVariance,
  LRN: localResponse,
};
