/** Operators that arrange elements: shapes, joins, parts, repetition, padding. */
import { constant, isConst } from "../../../ir/build.ts";
import { isEqual, minus } from "../../../op/extents.ts";
import { equalExpr } from "../../../ir/equal.ts";
import type { Expr } from "../../../ir/expr.ts";
import type { Value } from "../../../relax/value.ts";
import type { ImportContext } from "../context.ts";
import { dtypeOf, elementTypeOf } from "../element_types.ts";
import { elementOf, exprOf, Item, type KnownElement, knownItem, shownShape } from "../item.ts";
import type { Inputs } from "../known_tensor.ts";
import type { OnnxNode } from "../node.ts";
import { positions, type Slicing, slicing } from "../slicing.ts";
import { readTensorData } from "../tensor_data.ts";
import { type Importer, type Importers, sameType } from "./operator.ts";

/** Beyond this a bound of a slice means the end. */
const FAR = 2 ** 31 - 1;

/** Gives the known extents of an input or an attribute. */
function extentsOf(node: OnnxNode, inputs: Inputs, k: number, what: string): readonly Expr[] | undefined {
  const item = inputs[k];
  if (!item) return undefined;
  if (item.known) return Array.from(item.known, exprOf);
  return node.fail(`${what} (input ${k}) to be known at import`, "values that only a run knows");
}

/** Gives the axes of an attribute, or of an input in newer versions. */
export function axesOf(node: OnnxNode, inputs: Inputs, k: number): readonly number[] | undefined {
  return inputs[k] ? node.numbers(inputs, k, "axes") : node.ints("axes");
}

const reshape: Importer = (node, inputs, c) => {
  const item = node.input(inputs, 0);
  const wanted = extentsOf(node, inputs, 1, "the shape") ?? node.ints("shape")?.map((d) => constant(d)) ??
    node.fail("a shape", "none");
  const keepsZero = node.flag("allowzero", false);
  const shape = wanted.map((d, k) =>
    isConst(d, 0) && !keepsZero ? item.shape[k] ?? node.fail("dimension " + k, "none") : d
  );
  return c.of(item.type, c.b.reshape(c.value(item), shape));
};

const flatten: Importer = (node, inputs, c) => {
  const item = node.input(inputs, 0);
  return c.of(item.type, c.b.flatten(c.value(item), { axis: node.int("axis", 1) }));
};

const squeeze: Importer = (node, inputs, c) => {
  const item = node.input(inputs, 0), axes = axesOf(node, inputs, 1);
  return c.of(item.type, c.b.squeeze(c.value(item), axes ? { axis: axes } : {}));
};

const unsqueeze: Importer = (node, inputs, c) => {
  const item = node.input(inputs, 0), axes = axesOf(node, inputs, 1) ?? node.fail("axes", "none");
  return c.of(item.type, c.b.expandDims(c.value(item), { axis: axes }));
};

const transpose: Importer = (node, inputs, c) => {
  const item = node.input(inputs, 0), perm = node.ints("perm");
  return c.of(item.type, c.b.permuteDims(c.value(item), perm ? { axes: perm } : {}));
};

const concat: Importer = (node, inputs, c) => {
  const items = inputs.flatMap((x) => x && !x.dims?.includes(0) ? [x] : []), type = sameType(node, items);
  return c.of(
    type,
    c.b.concat(items.map((x) => c.value(x)), { axis: node.int("axis", node.opset < 4 ? 1 : 0) }),
  );
};

const split: Importer = (node, inputs, c) => {
  const item = node.input(inputs, 0), axis = node.axis(node.int("axis", 0), item.rank);
  const sizes = inputs[1] ? node.numbers(inputs, 1, "the sizes") : node.ints("split");
  const count = node.int("num_outputs", node.proto.outputs.length), extent = item.shape[axis] as Expr;
  const value = c.value(item);
  if (count > 4096) node.fail("up to 4,096 parts", `${count}`);
  c.repeats(node, sizes?.length ?? count);
  const parts = sizes ?? (isConst(extent) ? evenParts(extent.value, count) : undefined);
  const made = parts ? c.b.split(value, { sizes: parts, axis }) : c.b.split(value, { sections: count, axis });
  return made.map((x) => c.of(item.type, x));
};

/** Parts of one size; the last one is smaller where the number of parts doesn't divide the extent. */
function evenParts(extent: number, count: number): readonly number[] {
  const size = Math.ceil(extent / count);
  return Array.from({ length: count }, (_, k) => Math.min(size, extent - k * size));
}

const slice: Importer = (node, inputs, c) => {
  const item = node.input(inputs, 0),
    parts = slicing(node, inputs, item.rank) ??
      node.fail("starts, ends, axes and steps to be known at import", "values that only a run knows");
  const fixed: (readonly [axis: number, begin: number | null, end: number | null, stride: number])[] = [];
  let value = c.value(item);
  for (const p of parts) {
    const extent = item.shape[p.axis] as Expr, at = isConst(extent) ? positions(p, extent.value) : undefined;
    const end = at && at.from + at.count * at.stride;
    if (at?.count === 0) node.fail("a slice with elements", "none");
    if (at) fixed.push([p.axis, at.from, end !== undefined && end < 0 ? null : end ?? null, p.stride]);
    else if (typeof p.begin === "number" && (typeof p.end === "number" || isEqual(p.end, extent))) {
      const last = typeof p.end === "number" && Math.abs(p.end) < FAR ? p.end : null;
      fixed.push([p.axis, Math.abs(p.begin) >= FAR ? null : p.begin, last, p.stride]);
    } else value = between(node, c, value, p, extent);
  }
  if (fixed.length > 0) {
    value = c.b.slice(value, {
      begin: fixed.map(([, from]) => from),
      end: fixed.map(([, , to]) => to),
      strides: fixed.map(([, , , stride]) => stride),
      axes: fixed.map(([axis]) => axis),
    });
  }
  return c.of(item.type, value);
};

/** Takes positions between bounds that are expressions of shape variables. They have to lie inside of the extent. */
function between(
  node: OnnxNode,
  c: ImportContext,
  x: Value,
  { begin, end, stride, axis }: Slicing,
  extent: Expr,
): Value {
  if (stride !== 1) node.fail("a step of 1 between bounds that depend on shapes", `${stride}`);
  const place = (x: KnownElement): Expr => {
    if (typeof x === "number" && x >= FAR) return extent;
    return typeof x === "number" && x < 0 ? minus(extent, -x) : exprOf(x);
  };
  const from = place(begin), count = minus(place(end), from);
  const all = c.b.arange({ start: 0, stop: count });
  const at = isConst(from, 0) ? all : c.b.add(all, c.value(knownItem("int32", [1], [elementOf(from)])));
  return c.b.gather(x, at, { axis });
}

const expand: Importer = (node, inputs, c) => {
  const item = node.input(inputs, 0),
    wanted = extentsOf(node, inputs, 1, "the shape") ?? node.fail("a shape", "none");
  const rank = Math.max(item.rank, wanted.length);
  const shape = Array.from({ length: rank }, (_, k) => {
    const own = item.shape[k - rank + item.rank] ?? constant(1),
      other = wanted[k - rank + wanted.length] ?? constant(1);
    if (isConst(own, 1)) return other;
    if (isConst(other, 1) || equalExpr(own, other)) return own;
    return node.fail(`a shape that ${shownShape(item.shape)} fits`, shownShape(wanted));
  });
  const same = shape.length === item.rank && shape.every((d, k) => equalExpr(d, item.shape[k] as Expr));
  return same ? item : c.of(item.type, c.b.broadcastTo(c.value(item), shape));
};

const tile: Importer = (node, inputs, c) => {
  const item = node.input(inputs, 0);
  if (node.opset < 6) {
    const axis = node.number(inputs, 2, "the axis") ?? 0, times = node.number(inputs, 1, "the repeats") ?? 1;
    return c.of(item.type, c.b.tile(c.value(item), item.shape.map((_, d) => d === axis ? times : 1)));
  }
  return c.of(item.type, c.b.tile(c.value(item), node.numbers(inputs, 1, "the repeats") ?? []));
};

const pad: Importer = (node, inputs, c) => {
  const item = node.input(inputs, 0), old = node.opset < 11;
  const pads = old ? node.ints(node.opset < 2 ? "paddings" : "pads") : node.numbers(inputs, 1, "the pads");
  const filler = old ? node.float("value", 0) : node.number(inputs, 2, "the value") ?? 0;
  const axes = node.axes(node.numbers(inputs, 3, "the axes") ?? item.shape.map((_, d) => d), item.rank);
  if (!pads || pads.length !== 2 * axes.length) {
    return node.fail(`${2 * axes.length} pads`, `${pads?.length ?? "none"}`);
  }
  const mode = node.oneOf("mode", ["constant", "reflect", "edge", "wrap"], "constant");
  const along = (d: number, side: 0 | 1) => pads[axes.indexOf(d) + side * axes.length] ?? 0;
  const sides = item.shape.map((_, d) =>
    axes.includes(d) ? [along(d, 0), along(d, 1)] as const : [0, 0] as const
  );
  let value = c.value(item);
  const cut = sides.flatMap((p, d) => p[0] < 0 || p[1] < 0 ? [d] : []);
  if (cut.length > 0) {
    value = c.b.slice(value, {
      begin: cut.map((d) => Math.max(0, -along(d, 0))),
      end: cut.map((d) => along(d, 1) < 0 ? along(d, 1) : null),
      axes: cut,
    });
  }
  const padding = sides.map(([a, b]) => [Math.max(0, a), Math.max(0, b)] as const);
  return c.of(
    item.type,
    c.b.pad(value, { padding, mode, ...(mode === "constant" ? { value: filler } : {}) }),
  );
};

const constantNode: Importer = (node) => {
  const t = node.tensor("value"),
    type = node.has("value_floats") || node.has("value_float") ? "float" : "int64";
  if (t) {
    const { type, dims, elements } = readTensorData(t, node.label);
    return new Item(type, dims.map((d) => constant(d)), elements, node.proto.outputs[0] ?? "");
  }
  const list = node.floats("value_floats") ?? node.ints("value_ints");
  if (list) return new Item(type, [constant(list.length)], list);
  if (node.has("value_float")) return new Item(type, [], [node.float("value_float", 0)]);
  if (node.has("value_int")) return new Item(type, [], [node.int("value_int", 0)]);
  return node.fail("a value of numbers or booleans", "none");
};

const constantOfShape: Importer = (node, inputs, c) => {
  const shape = extentsOf(node, inputs, 0, "the shape") ?? node.fail("a shape", "none"),
    t = node.tensor("value");
  const data = t && readTensorData(t, node.label), type = data?.type ?? "float";
  return c.of(type, c.b.full(shape, data?.elements[0] ?? 0, { dtype: dtypeOf(type) }));
};

const range: Importer = (node, inputs, c) => {
  const type = node.input(inputs, 0).type, dtype = dtypeOf(type);
  const stop = node.input(inputs, 1), start = node.number(inputs, 0, "the start") ?? 0;
  const step = node.number(inputs, 2, "the step") ?? 1, known = stop.known?.[0];
  if (known === undefined || dtype === "bool" || dtype === "u32") {
    return node.fail("a stop that is known at import", "one that only a run knows");
  }
  return c.of(type, c.b.arange({ start, stop: known, step, dtype }));
};

const dropout: Importer = (node, inputs, c) => {
  const item = node.input(inputs, 0),
    trains = node.opset >= 12 && node.number(inputs, 2, "the training mode");
  const ratio = node.opset < 12 ? 0 : node.number(inputs, 1, "the ratio") ?? 0.5;
  if (trains && ratio !== 0) node.fail("a model for inference", "random dropout");
  const wanted = (node.proto.outputs[1] ?? "") !== "";
  const mask = wanted ? c.of("bool", c.b.full(item.shape, 1, { dtype: "bool" })) : undefined;
  return [item, mask];
};

const blocks = (inverse: boolean): Importer => (node, inputs, c) => {
  const item = node.input(inputs, 0), blockSize = node.int("blocksize", 1), x = c.value(item);
  if (inverse) return c.of(item.type, c.b.spaceToDepth(x, { blockSize }));
  return c.of(item.type, c.b.depthToSpace(x, { blockSize, mode: node.oneOf("mode", ["DCR", "CRD"], "DCR") }));
};

/** Reverses the first elements of each sequence. */
export function reversed(
  c: ImportContext,
  x: Value,
  lengths: readonly number[],
  batch: number,
  time: number,
): Value {
  const rows = lengths.map((n, k) => {
    const row = c.b.slice(x, { begin: [k], end: [k + 1], axes: [batch] }),
      extent = row.type.shape[time] as Expr;
    const head = c.b.flip(c.b.slice(row, { begin: [0], end: [n], axes: [time] }), { axis: time });
    if (isConst(extent, n)) return head;
    return c.b.concat([head, c.b.slice(row, { begin: [n], axes: [time] })], { axis: time });
  });
  return rows.length === 1 ? rows[0] as Value : c.b.concat(rows, { axis: batch });
}

const reverseSequence: Importer = (node, inputs, c) => {
  const item = node.input(inputs, 0), lengths = node.numbers(inputs, 1, "the lengths") ?? [];
  const batch = node.axis(node.int("batch_axis", 1), item.rank),
    time = node.axis(node.int("time_axis", 0), item.rank);
  if (lengths.length > 256) node.fail("up to 256 sequences", `${lengths.length}`);
  c.repeats(node, 4 * lengths.length);
  return c.of(item.type, reversed(c, c.value(item), lengths, batch, time));
};

const eyeLike: Importer = (node, inputs) => {
  const item = node.input(inputs, 0), [rows, columns] = item.dims ?? [], k = node.int("k", 0);
  if (rows === undefined || columns === undefined || rows * columns > 2 ** 22) {
    return node.fail("a matrix of up to 2^22 elements whose extents are numbers", shownShape(item.shape));
  }
  const type = node.has("dtype") ? eyeType(node) : item.type, data = new Float64Array(rows * columns);
  for (let r = Math.max(0, -k); r < rows && r + k < columns; r++) data[r * columns + r + k] = 1;
  return new Item(type, item.shape, data);
};

function eyeType(node: OnnxNode) {
  return elementTypeOf(node.int("dtype", 1)) ?? node.fail("a type of numbers", `${node.int("dtype", 1)}`);
}

/** Operators that arrange elements. */
export const SHAPES: Importers = {
  Reshape: reshape,
  Flatten: flatten,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Transpose: transpose,
  Concat: concat,
  Split: split,
  Slice: slice,
  Expand: expand,
  Tile: tile,
  Pad: pad,
  Constant: constantNode,
  ConstantOfShape: constantOfShape,
  Range: range,
  Dropout: dropout,
  DepthToSpace: blocks(false),
  SpaceToDepth: blocks(true),
  ReverseSequence: reverseSequence,
  EyeLike: eyeLike,
};
