/** Operators that read and write elements at positions. */
import {
  add,
  and,
  cast,
  constant,
  eq,
  ge,
  isConst,
  lt,
  max as larger,
  min as smaller,
  mul,
  select,
  sub,
} from "../../../ir/build.ts";
import { isFloat, RANGE, type ScalarType } from "../../../ir/dtype.ts";
import type { Expr, Var } from "../../../ir/expr.ts";
import type { Value } from "../../../relax/value.ts";
import { compute } from "../../../te/compute.ts";
import { max, min, prod, reduceAxis, sum } from "../../../te/reduce.ts";
import type { Tensor } from "../../../te/tensor.ts";
import type { ImportContext } from "../context.ts";
import { dtypeOf } from "../element_types.ts";
import { type Item, knownItem, shownShape } from "../item.ts";
import type { OnnxNode } from "../node.ts";
import { type Importer, type Importers, product, sameType } from "./operator.ts";

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
type Joining = "none" | "add" | "mul" | "max" | "min";
const JOINING = ["none", "add", "mul", "max", "min"] as const;

const scatterElements: Importer = (node, inputs, c) => {
  const [item, at, updates] = [0, 1, 2].map((k) => node.input(inputs, k)) as [Item, Item, Item];
  const type = sameType(node, [item, updates]), axis = node.axis(node.int("axis", 0), item.rank);
  const how = node.oneOf("reduction", JOINING, "none"), extent = item.shape[axis] as Expr;
  if (at.rank !== item.rank || updates.rank !== at.rank) {
    node.fail(`indices of ${item.rank} dimensions`, shownShape(at.shape));
  }
  const values = [c.value(item), positionsOf(node, at, c).at, c.value(updates)];
  const [made] = c.program("scatter_elements", values, (...tensors) => {
    const [A, I, U] = tensors as [Tensor, Tensor, Tensor];
    // Elements beyond the indices' shape have no update.
    const beyond = (i: readonly Expr[]) =>
      I.shape.flatMap((d, k) => k === axis || same(d, A.shape[k]) ? [] : [lt(i[k] as Expr, d)]);
    const inside = (i: readonly Expr[]) =>
      i.map((x, k) => k === axis ? x : nearest(x, I.shape[k] as Expr, A.shape[k]));
    return joined(A, I.shape[axis] as Expr, how, (i, k) => {
      const place = inside(i).with(axis, k), index = I.at(...place);
      const whole = select(lt(index, 0), add(index, extent), index);
      return { hits: and(eq(whole, i[axis] as Var), ...beyond(i)), value: U.at(...place) };
    });
  });
  return c.of(type, made as Value);
};

function same(a: Expr, b: Expr | undefined): boolean {
  return b !== undefined && (a === b || (isConst(a) && isConst(b, a.value)));
}

function nearest(i: Expr, extent: Expr, whole: Expr | undefined): Expr {
  return same(extent, whole) ? i : select(lt(i, extent), i, sub(extent, 1));
}

interface Join {
  readonly over: typeof sum;
  readonly identity: Expr;
  readonly join: (a: Expr, b: Expr) => Expr;
}

const JOINS: Readonly<Record<Exclude<Joining, "none">, (dtype: ScalarType) => Join>> = {
  add: (dtype) => ({ over: sum, identity: constant(0, dtype), join: add }),
  mul: (dtype) => ({ over: prod, identity: constant(1, dtype), join: mul }),
  max: (dtype) => ({
    over: max,
    identity: constant(isFloat(dtype) ? -Infinity : RANGE[dtype][0], dtype),
    join: larger,
  }),
  min: (dtype) => ({
    over: min,
    identity: constant(isFloat(dtype) ? Infinity : RANGE[dtype][1], dtype),
    join: smaller,
  }),
};

type Update = (at: readonly Var[], k: Expr) => { readonly hits: Expr; readonly value: Expr };

/** Writes updates: for each element, those of `count` that hit it. */
function joined(A: Tensor, count: Expr, how: Joining, update: Update): Tensor {
  const dtype = A.dtype;
  if (how === "none") {
    const last = compute("last", A.shape, (...at) => {
      const k = reduceAxis(count);
      return max(select(update(at, k.var).hits, k.var, constant(-1)), [k]);
    });
    return compute("B", A.shape, (...at) => {
      const k = last.at(...at), isHit = ge(k, 0);
      return select(isHit, update(at, select(isHit, k, 0)).value, A.at(...at));
    });
  }
  const wide: ScalarType = isFloat(dtype) ? "f32" : dtype, { over, identity, join } = JOINS[how](wide);
  const total = compute("total", A.shape, (...at) => {
    const k = reduceAxis(count), { hits, value } = update(at, k.var);
    return over(select(hits, cast(wide, value), identity), [k]);
  });
  return compute("B", A.shape, (...at) => cast(dtype, join(cast(wide, A.at(...at)), total.at(...at))));
}

const scatterND: Importer = (node, inputs, c) => {
  const [item, at, updates] = [0, 1, 2].map((k) => node.input(inputs, k)) as [Item, Item, Item];
  const type = sameType(node, [item, updates]), how = node.oneOf("reduction", JOINING, "none");
  const last = at.shape.at(-1),
    r = last?.kind === "const" ? last.value : node.fail("indices of a known rank", shownShape(at.shape));
  const count = product(at.shape.slice(0, -1)), rest = item.shape.slice(r);
  if (r > item.rank) node.fail(`indices of up to ${item.rank} dimensions`, `${r}`);
  const values = [
    c.value(item),
    c.b.reshape(positionsOf(node, at, c).at, [count, r]),
    c.b.reshape(c.value(updates), [count, ...rest]),
  ];
  const [made] = c.program("scatter_nd", values, (...tensors) => {
    const [A, I, U] = tensors as [Tensor, Tensor, Tensor];
    return joined(A, I.shape[0] as Expr, how, (i, k) => {
      const hits = Array.from({ length: r }, (_, d) => {
        const index = I.at(k, d);
        return eq(select(lt(index, 0), add(index, A.shape[d] as Expr), index), i[d] as Var);
      });
      return { hits: and(...hits), value: U.at(k, ...i.slice(r)) };
    });
  });
  return c.of(type, made as Value);
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
