/** Computes small values at import: the arithmetic of shapes, which is no part of a graph. */
import { asExpr, productOf } from "../../op/extents.ts";
import { type ElementType, elementTypeName, elementTypeOf } from "./element_types.ts";
import { elementOf, type KnownElement, knownItem } from "./item.ts";
import { converted, KNOWN_FUNCTIONS, KNOWN_PAIRS, leaves, rounded } from "./known.ts";
import {
  broadcastDims,
  broadcastIndex,
  type Fold,
  type Inputs,
  type Known,
  MOST,
  ofKnown,
  raveled,
  sizeOf,
  taken,
  unraveled,
} from "./known_tensor.ts";
import type { OnnxNode } from "./node.ts";
import { positions, slicing } from "./slicing.ts";
import { readTensorData } from "./tensor_data.ts";

function pairs(op: string): Fold {
  return ofKnown((node, inputs, dims) => {
    const f = KNOWN_PAIRS[op], shape = broadcastDims(dims), [a] = inputs;
    // The first versions broadcast along an axis.
    if (!f || !shape || !a || inputs.length !== 2 || node.has("axis")) return undefined;
    if (op === "Mod" && node.flag("fmod", false)) return undefined;
    const result = /^(Equal|Less|Greater)/.test(op) ? "bool" : a.type;
    const elements: KnownElement[] = [];
    for (let k = 0; k < sizeOf(shape); k++) {
      const at = unraveled(k, shape);
      const [x, y] = inputs.map((t, n) => t.known[broadcastIndex(at, dims[n] ?? [])] as KnownElement);
      const z = f(x as KnownElement, y as KnownElement, a.type);
      if (z === undefined) return undefined;
      elements.push(z);
    }
    return knownItem(result, shape, elements);
  });
}

function functions(op: string): Fold {
  return ofKnown((_, [a], [dims = []]) => {
    const f = KNOWN_FUNCTIONS[op];
    if (!f || !a) return undefined;
    const elements = Array.from(a.known, (x) => {
      if (typeof x === "number") return rounded(f(x), a.type);
      return leaves(op, x) ? x : undefined;
    });
    return elements.includes(undefined) ? undefined : knownItem(a.type, dims, elements as KnownElement[]);
  });
}

function reductions(
  combine: (a: KnownElement, b: KnownElement, type: ElementType) => KnownElement | undefined,
): Fold {
  return ofKnown((node, [a, list], [dims = []]) => {
    const axes = list?.numbers ? Array.from(list.numbers) : node.ints("axes") ?? dims.map((_, d) => d);
    if (!a || a.known.length === 0 || axes.length === 0 || (list && !list.numbers)) return undefined;
    const out = node.axes(axes, dims.length), keep = node.flag("keepdims", true);
    const shape = dims.map((d, k) => out.includes(k) ? 1 : d), sums: (KnownElement | undefined)[] = [];
    const seen = new Set<number>();
    for (let k = 0; k < a.known.length; k++) {
      const at = raveled(unraveled(k, dims).map((i, d) => out.includes(d) ? 0 : i), shape);
      const x = a.known[k] as KnownElement, sum = sums[at];
      sums[at] = !seen.has(at) ? x : sum === undefined ? undefined : combine(sum, x, a.type);
      seen.add(at);
    }
    if (sums.includes(undefined)) return undefined;
    return knownItem(a.type, keep ? shape : dims.filter((_, d) => !out.includes(d)), sums as KnownElement[]);
  });
}

/** Known elements of the same number in another shape. */
function reshaped(
  shapeOf: (node: OnnxNode, inputs: Inputs, dims: readonly number[]) => readonly number[] | undefined,
): Fold {
  return (node, inputs) => {
    const [a] = inputs, dims = a?.dims;
    if (!a?.known || !dims) return undefined;
    const shape = shapeOf(node, inputs, dims);
    return shape && sizeOf(shape) === a.known.length ? knownItem(a.type, shape, a.known, a.label) : undefined;
  };
}

function numbersOf(node: OnnxNode, inputs: Inputs, k: number, name: string): readonly number[] | undefined {
  const item = inputs[k];
  return item ? item.numbers && Array.from(item.numbers) : node.ints(name);
}

const FUNCTIONS = Object.keys(KNOWN_FUNCTIONS).map((op) => [op, functions(op)] as const);
const PAIRS = Object.keys(KNOWN_PAIRS).map((op) => [op, pairs(op)] as const);

/** The operators that are computed at import where their inputs are known. */
export const FOLDS: Readonly<Record<string, Fold>> = {
  ...Object.fromEntries(FUNCTIONS),
  ...Object.fromEntries(PAIRS),
  Identity: (_, [a]) => a,
  Shape: (node, [a]) => {
    if (!a) return undefined;
    const end = (x: number) => Math.max(0, Math.min(a.rank, x < 0 ? x + a.rank : x));
    const part = a.shape.slice(end(node.int("start", 0)), end(node.int("end", a.rank)));
    return knownItem("int64", [part.length], part.map(elementOf));
  },
  Size: (_, [a]) => a && knownItem("int64", [], [elementOf(asExpr(productOf(a.shape)))]),
  Cast: ofKnown((node, [a], [dims = []]) => {
    const to = elementTypeOf(node.int("to", 0));
    if (!a || !to) return undefined;
    const elements = Array.from(a.known, (x) => converted(x, a.type, to));
    return elements.includes(undefined) ? undefined : knownItem(to, dims, elements as KnownElement[]);
  }),
  Reshape: reshaped((node, inputs, dims) => {
    const wanted = numbersOf(node, inputs, 1, "shape"), keepsZero = node.flag("allowzero", false);
    const shape = wanted?.map((d, k) => d === 0 && !keepsZero ? dims[k] ?? 0 : d);
    const rest = sizeOf(shape?.filter((d) => d !== -1) ?? []);
    return shape?.map((d) => d === -1 ? sizeOf(dims) / rest : d);
  }),
  Flatten: reshaped((node, _, dims) => {
    const axis = node.int("axis", 1), at = axis < 0 ? axis + dims.length : axis;
    return [sizeOf(dims.slice(0, at)), sizeOf(dims.slice(at))];
  }),
  Squeeze: reshaped((node, inputs, dims) => {
    const axes = inputs[1] || node.has("axes") ? numbersOf(node, inputs, 1, "axes") : undefined;
    if (inputs[1] && !axes) return undefined;
    const out = axes ? node.axes(axes, dims.length) : dims.flatMap((d, k) => d === 1 ? [k] : []);
    return dims.filter((_, d) => !out.includes(d));
  }),
  Unsqueeze: reshaped((node, inputs, dims) => {
    const axes = numbersOf(node, inputs, 1, "axes");
    if (!axes || axes.length > 64) return undefined;
    const rank = dims.length + axes.length, added = node.axes(axes, rank), own = [...dims];
    return Array.from({ length: rank }, (_, d) => added.includes(d) ? 1 : own.shift() as number);
  }),
  Transpose: ofKnown((node, [a], [dims = []]) => {
    const order = node.axes(node.ints("perm") ?? dims.map((_, d) => dims.length - 1 - d), dims.length);
    if (!a || order.length !== dims.length) return undefined;
    const at = (place: readonly number[]) =>
      raveled(dims.map((_, d) => place[order.indexOf(d)] as number), dims);
    return taken(a, order.map((d) => dims[d] as number), at);
  }),
  Concat: ofKnown((node, inputs, all) => {
    const [first] = inputs, dims = all[0] ?? [], axis = node.axis(node.int("axis", 0), dims.length);
    const fits = all.every((d) => d.length === dims.length && d.every((x, k) => k === axis || x === dims[k]));
    if (!first || !fits || inputs.reduce((n, t) => n + t.known.length, 0) > MOST) return undefined;
    const inner = sizeOf(dims.slice(axis + 1)), outer = sizeOf(dims.slice(0, axis));
    const elements: KnownElement[] = [];
    for (let o = 0; o < outer; o++) {
      inputs.forEach((t, n) => {
        const row = (all[n]?.[axis] ?? 0) * inner;
        for (let k = 0; k < row; k++) elements.push(t.known[o * row + k] as KnownElement);
      });
    }
    return knownItem(first.type, dims.with(axis, all.reduce((n, d) => n + (d[axis] ?? 0), 0)), elements);
  }),
  Gather: ofKnown((node, [a, at], [dims = [], places = []]) => {
    if (!a || !at?.numbers) return undefined;
    const axis = node.axis(node.int("axis", 0), dims.length), extent = dims[axis] as number, { numbers } = at;
    const shape = dims.toSpliced(axis, 1, ...places);
    if (Array.prototype.some.call(numbers, (i: number) => i < -extent || i >= extent)) return undefined;
    return taken(a, shape, (place) => {
      const i = numbers[raveled(place.slice(axis, axis + places.length), places)] as number;
      const rest = place.slice(axis + places.length);
      return raveled([...place.slice(0, axis), i < 0 ? i + extent : i, ...rest], dims);
    });
  }),
  Slice: ofKnown((node, inputs, [dims = []]) => {
    const [a] = inputs, parts = a && slicing(node, inputs, dims.length);
    if (!a || !parts) return undefined;
    const places = dims.map((extent, d) => {
      const part = parts.find((p) => p.axis === d);
      return part ? positions(part, extent) : { from: 0, count: extent, stride: 1 };
    });
    if (places.includes(undefined)) return undefined;
    const index = (i: number, d: number) => (places[d]?.from ?? 0) + i * (places[d]?.stride ?? 1);
    return taken(a, places.map((p) => p?.count ?? 0), (at) => raveled(at.map(index), dims));
  }),
  Expand: ofKnown((_, [a, shape], [dims = []]) => {
    const all = shape?.numbers && broadcastDims([dims, Array.from(shape.numbers)]);
    return a && all && taken(a, all, (at) => broadcastIndex(at, dims));
  }),
  ConstantOfShape: ofKnown((node, [shape]) => {
    const dims = shape?.numbers && Array.from(shape.numbers);
    if (!dims || dims.some((d) => d < 0) || sizeOf(dims) > MOST) return undefined;
    const t = node.tensor("value"), value = t && readTensorData(t, node.label);
    if (t && !value) node.fail("numbers", elementTypeName(t.type));
    return knownItem(value?.type ?? "float", dims, Array(sizeOf(dims)).fill(value?.elements[0] ?? 0));
  }),
  Range: ofKnown((_, inputs) => {
    const [start, stop, step] = inputs.map((x) => x.numbers?.[0]), type = inputs[0]?.type;
    if (start === undefined || stop === undefined || !step || !type) return undefined;
    const length = Math.max(0, Math.ceil((stop - start) / step));
    if (!(length <= MOST)) return undefined;
    return knownItem(
      type,
      [length],
      Array.from({ length }, (_, k) => rounded(start + k * step, type) as number),
    );
  }),
  Where: ofKnown((_, [condition, a, b], dims) => {
    const shape = broadcastDims(dims);
    if (!condition?.numbers || !a || !b || !shape) return undefined;
    const at = (t: Known, k: number, place: readonly number[]) =>
      t.known[broadcastIndex(place, dims[k] ?? [])];
    const elements = Array.from({ length: sizeOf(shape) }, (_, k) => {
      const place = unraveled(k, shape);
      return (at(condition, 0, place) ? at(a, 1, place) : at(b, 2, place)) as KnownElement;
    });
    return knownItem(a.type, shape, elements);
  }),
  ReduceProd: reductions(KNOWN_PAIRS["Mul"] as NonNullable<typeof KNOWN_PAIRS[string]>),
  ReduceSum: reductions(KNOWN_PAIRS["Add"] as NonNullable<typeof KNOWN_PAIRS[string]>),
  ReduceMax: reductions(KNOWN_PAIRS["Max"] as NonNullable<typeof KNOWN_PAIRS[string]>),
  ReduceMin: reductions(KNOWN_PAIRS["Min"] as NonNullable<typeof KNOWN_PAIRS[string]>),
};
