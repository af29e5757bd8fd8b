/** Operators that read and write elements at positions. */
import { isFloat } from "../../../ir/dtype.ts";
import type { Value } from "../../../relax/value.ts";
import type { ImportContext } from "../context.ts";
import { dtypeOf } from "../element_types.ts";
import { type Item, knownItem, shownShape } from "../item.ts";
import type { OnnxNode } from "../node.ts";
import { type Importer, type Importers, sameType } from "./operator.ts";

/** Gives positions as i32, and whether one may count from the end. */
function positionsOf(
  node: OnnxNode,
  item: Item,
  c: ImportContext,
): { readonly at: Value; readonly negative: boolean } {
  const dtype = dtypeOf(item.type), { numbers } = item;
  if (isFloat(dtype)) node.fail("integers as indices", item.type);
  const negative = !numbers || Array.prototype.some.call(numbers, (x: number) => x < 0);
  return { at: c.as(c.value(item), "i32"), negative };
}

const gather: Importer = (node, inputs, c) => {
  const item = node.input(inputs, 0), { at, negative } = positionsOf(node, node.input(inputs, 1), c);
  const axis = node.axis(node.int("axis", 0), item.rank);
  return c.of(item.type, c.b.gather(c.value(item), at, { axis, negative }));
};

const gatherElements: Importer = (node, inputs, c) => {
  const item = node.input(inputs, 0), { at, negative } = positionsOf(node, node.input(inputs, 1), c);
  const axis = node.axis(node.int("axis", 0), item.rank);
  return c.of(item.type, c.b.gatherElements(c.value(item), at, { axis, negative }));
};

const gatherND: Importer = (node, inputs, c) => {
  const item = node.input(inputs, 0), { at, negative } = positionsOf(node, node.input(inputs, 1), c);
  return c.of(item.type, c.b.gatherND(c.value(item), at, { batchDims: node.int("batch_dims", 0), negative }));
};

/** How an element that is written joins the one that is there. */
const JOINING = ["none", "add", "mul", "max", "min"] as const;

const scatterElements: Importer = (node, inputs, c) => {
  const [item, at, updates] = [0, 1, 2].map((k) => node.input(inputs, k)) as [Item, Item, Item];
  const type = sameType(node, [item, updates]), axis = node.axis(node.int("axis", 0), item.rank);
  const reduction = node.oneOf("reduction", JOINING, "none"), indices = positionsOf(node, at, c).at;
  if (at.rank !== item.rank || updates.rank !== at.rank) {
    node.fail(`indices of ${item.rank} dimensions`, shownShape(at.shape));
  }
  const made = c.b.scatterElements(c.value(item), indices, c.value(updates), {
    axis,
    reduction,
    negative: true,
  });
  return c.of(type, made);
};

const scatterND: Importer = (node, inputs, c) => {
  const [item, at, updates] = [0, 1, 2].map((k) => node.input(inputs, k)) as [Item, Item, Item];
  const type = sameType(node, [item, updates]), reduction = node.oneOf("reduction", JOINING, "none");
  const last = at.shape.at(-1);
  if (last?.kind !== "const") node.fail("indices of a known rank", shownShape(at.shape));
  const indices = positionsOf(node, at, c).at;
  return c.of(type, c.b.scatterND(c.value(item), indices, c.value(updates), { reduction, negative: true }));
};

const oneHot: Importer = (node, inputs, c) => {
  const at = node.input(inputs, 0), depth = inputs[1]?.known?.[0], values = node.input(inputs, 2);
  if (depth === undefined) {
    node.fail("the depth (input 1) to be known at import", "one that only a run knows");
  }
  const axis = node.int("axis", -1), index = c.as(c.value(at), "i32");
  const hot = c.b.oneHot(index, { depth: depth as number, axis, dtype: "f32", negative: true });
  const pair = c.value(values), part = (k: number) => c.b.slice(pair, { begin: [k], end: [k + 1] });
  return c.of(values.type, c.b.where(c.b.greater(hot, c.scalar(0.5, "f32")), part(1), part(0)));
};

const trilu: Importer = (node, inputs, c) => {
  const item = node.input(inputs, 0), k = node.number(inputs, 1, "k") ?? 0;
  const bounded = Math.max(-(2 ** 29), Math.min(2 ** 29, k));
  return c.of(item.type, c.b.trilu(c.value(item), { upper: node.flag("upper", true), k: bounded }));
};

const compress: Importer = (node, inputs, c) => {
  const item = node.input(inputs, 0), flags = node.numbers(inputs, 1, "the condition") ?? [];
  const kept = flags.flatMap((x, k) => x ? [k] : []), flat = !node.has("axis"), x = c.value(item);
  if (kept.length === 0) node.fail("a condition that keeps an element", "none");
  const at = c.value(knownItem("int32", [kept.length], kept));
  const from = flat ? c.b.reshape(x, [-1]) : x;
  return c.of(
    item.type,
    c.b.gather(from, at, { axis: flat ? 0 : node.axis(node.int("axis", 0), item.rank) }),
  );
};

const cumSum: Importer = (node, inputs, c) => {
  const item = node.input(inputs, 0), axis = node.axis(node.number(inputs, 1, "the axis") ?? 0, item.rank);
  const options = { axis, exclusive: node.flag("exclusive", false), reverse: node.flag("reverse", false) };
  return c.wrapped(item.type, c.b.cumSum(c.value(item), options));
};

const topK: Importer = (node, inputs, c) => {
  const item = node.input(inputs, 0), axis = node.axis(node.int("axis", -1), item.rank);
  const k = node.opset < 10 ? node.int("k", 1) : node.number(inputs, 1, "k") ?? 1;
  const { values, indices } = c.b.topK(c.value(item), k, { axis, largest: node.flag("largest", true) });
  return [c.of(item.type, values), c.of("int64", indices)];
};

/** Operators on positions. */
export const INDEXING: Importers = {
  Gather: gather,
  GatherElements: gatherElements,
  GatherND: gatherND,
  ScatterElements: scatterElements,
  Scatter: scatterElements,
  ScatterND: scatterND,
  OneHot: oneHot,
  Trilu: trilu,
  Compress: compress,
  CumSum: cumSum,
  TopK: topK,
};
