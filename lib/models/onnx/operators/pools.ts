/** Pools over one, two or more dimensions. */
import {
  add,
  and,
  cast,
  constant,
  div,
  eq,
  floorDiv,
  isConst,
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
import { max, min, reduceAxis, sum } from "../../../te/reduce.ts";
import type { Tensor } from "../../../te/tensor.ts";
import type { ImportContext } from "../context.ts";
import { isFloatType } from "../element_types.ts";
import { type Item, shownShape } from "../item.ts";
import type { Inputs } from "../known_tensor.ts";
import type { OnnxNode } from "../node.ts";
import { outOf } from "./convolutions.ts";
import type { Importer, Importers } from "./operator.ts";
import { reduced } from "./reductions.ts";
import { elementIn, placesIn, type Window, windowOf } from "./windows.ts";

function poolOf(node: OnnxNode, inputs: Inputs): { readonly item: Item; readonly window: Window } {
  const item = node.input(inputs, 0);
  return {
    item,
    window: windowOf(node, item, node.ints("kernel_shape") ?? node.fail("a kernel_shape", "none")),
  };
}

/** Applies the pool of graphs where it is one on pictures, and a program otherwise. */
function isPicture(x: Value, w: Window): boolean {
  const channels = x.type.shape[1];
  return w.kernel.length === 2 && isFloat(x.type.dtype) && channels !== undefined && isConst(channels);
}

function options(node: OnnxNode, w: Window) {
  const [top, left] = w.before as [number, number], [bottom, right] = w.after as [number, number];
  return {
    kernel: w.kernel as [number, number],
    stride: w.strides as [number, number],
    dilation: w.dilations as [number, number],
    padding: [top, left, bottom, right] as const,
    ceilMode: node.flag("ceil_mode", false),
  };
}

const maxPool: Importer = (node, inputs, c) => {
  const { item, window } = poolOf(node, inputs), x = c.value(item);
  const wantsPlaces = (node.proto.outputs[1] ?? "") !== "";
  if (wantsPlaces) return [pooled(c, item, x, window), places(node, c, item, x, window)];
  if (isPicture(x, window)) return c.of(item.type, c.b.maxPool2d(x, options(node, window)));
  return pooled(c, item, x, window);
};

function pooled(c: ImportContext, item: Item, x: Value, window: Window): Item {
  const { dtype } = x.type,
    least = constant(isFloat(dtype) ? -Infinity : RANGE[dtype][0], dtype as ScalarType);
  const [made] = c.program("max_pool", [x], (...[t]) => {
    const A = t as Tensor;
    return compute("B", [...A.shape.slice(0, 2), ...outOf(A, window)], (...at) => {
      const axes = window.kernel.map((k) => reduceAxis(k));
      return max(elementIn(A, window, at.slice(0, 2), at.slice(2), axes.map((a) => a.var), least), axes);
    });
  });
  return c.of(item.type, made as Value);
}

/** The indices of the largest elements in the order of rows: the first ones where several are equal. */
function places(node: OnnxNode, c: ImportContext, item: Item, x: Value, window: Window): Item {
  const [channels = 1, ...spatial] = item.shape.slice(1).map((d) =>
    isConst(d) ? d.value : node.fail("channels, rows and columns that are numbers", shownShape(item.shape))
  );
  const columns = node.flag("storage_order", false), best = c.value(pooled(c, item, x, window));
  const far = 2 ** 31 - 1, image = spatial.reduce((n, d) => n * d, channels);
  if (image >= far) node.fail("fewer elements than 2^31", shownShape(item.shape));
  const strides = spatial.map((_, d) =>
    (columns ? spatial.slice(0, d) : spatial.slice(d + 1)).reduce((n, e) => n * e, 1)
  );
  const size = spatial.reduce((n, d) => n * d, 1);
  const [made] = c.program("max_pool_places", [x, best], (...tensors) => {
    const [A, B] = tensors as [Tensor, Tensor];
    return compute("at", B.shape, (...at) => {
      const axes = window.kernel.map((k) => reduceAxis(k)), within = axes.map((a) => a.var);
      const { inside, places } = placesIn(A, window, at.slice(2), within), [n, f] = at as [Var, Var];
      const first = mul(add(mul(n, channels), f), size);
      const index = places.reduce<Expr>((sum, p, d) => add(sum, mul(p, strides[d] as number)), first);
      const element = A.at(n, f, ...places), isBest = eq(element, B.at(...at));
      return min(select(and(...inside), select(isBest, index, constant(far)), constant(far)), axes);
    });
  });
  return c.of("int64", made as Value);
}

const averagePool: Importer = (node, inputs, c) => {
  const { item, window } = poolOf(node, inputs), x = c.value(item);
  if (!isFloatType(item.type)) node.fail("floats", item.type);
  const countIncludePad = node.flag("count_include_pad", false);
  if (isPicture(x, window)) {
    return c.of(item.type, c.b.avgPool2d(x, { ...options(node, window), countIncludePad }));
  }
  const { dtype } = x.type;
  const [made] = c.program("avg_pool", [x], (...[t]) => {
    const A = t as Tensor, shape = [...A.shape.slice(0, 2), ...outOf(A, window)];
    const total = compute("total", shape, (...at) => {
      const axes = window.kernel.map((k) => reduceAxis(k)), within = axes.map((a) => a.var);
      return sum(
        cast("f32", elementIn(A, window, at.slice(0, 2), at.slice(2), within, constant(0, dtype))),
        axes,
      );
    });
    return compute("B", shape, (...at) => {
      const counts = at.slice(2).map((i, d) =>
        counted(A.shape[d + 2] as Expr, window, d, i, countIncludePad)
      );
      return cast(dtype, div(total.at(...at), cast("f32", counts.reduce(mul))));
    });
  });
  return c.of(item.type, made as Value);
};

/** The number of a window's elements along a dimension that count. */
function counted(extent: Expr, w: Window, d: number, at: Var, pads: boolean): Expr {
  const before = w.before[d] as number, after = w.after[d] as number, step = w.dilations[d] as number;
  const start = sub(mul(at, w.strides[d] as number), before),
    least = pads ? -before : 0,
    most = pads ? add(extent, after) : extent;
  const up = (e: Expr) => floorDiv(add(e, step - 1), step);
  const skipped = larger(up(sub(constant(least), start)), 0);
  return larger(sub(smaller(up(sub(most, start)), w.kernel[d] as number), skipped), 1);
}

const overAll = (kind: "Mean" | "Max"): Importer => (node, inputs, c) => {
  const item = node.input(inputs, 0),
    axes = item.shape.flatMap((_, d) => d < 2 ? [] : [d]),
    x = c.value(item);
  const channels = x.type.shape[1];
  const picture = kind === "Mean" && item.rank === 4 && channels !== undefined && isConst(channels);
  if (!picture) return c.of(item.type, reduced(c, kind, x, axes));
  const shape = [...item.shape.slice(0, 2), 1, 1], mean = c.b.globalAvgPool2d(x);
  return c.of(item.type, mean.type.shape.length === 4 ? mean : c.b.reshape(mean, shape));
};

/** Puts elements where a pool has taken them from. */
const maxUnpool: Importer = (node, inputs, c) => {
  const item = node.input(inputs, 0), at = node.input(inputs, 1), dims = item.dims;
  const kernel = node.ints("kernel_shape") ?? node.fail("a kernel_shape", "none");
  const strides = node.ints("strides") ?? kernel.map(() => 1),
    pads = node.ints("pads") ?? kernel.map(() => 0);
  if (!dims || kernel.length !== dims.length - 2) {
    return node.fail("extents that are numbers", shownShape(item.shape));
  }
  const own = dims.map((d, k) =>
    k < 2 ? d : (d - 1) * (strides[k - 2] as number) + (kernel[k - 2] as number) - (pads[k - 2] ?? 0) -
      (pads[k - 2 + kernel.length] ?? 0)
  );
  const wanted = inputs[2] ? node.numbers(inputs, 2, "the shape") : undefined,
    small = own.reduce((n, d) => n * d, 1);
  const count = dims.reduce((n, d) => n * d, 1), dtype = c.value(item).type.dtype;
  // Indices count in the shape without output_shape; a larger one has the elements at the same places.
  const [flat] = c.program("max_unpool", [
    c.b.reshape(c.value(item), [count]),
    c.b.reshape(c.value(at), [count]),
  ], (...t) => {
    const [A, I] = t as [Tensor, Tensor];
    return compute("B", [small], (i) => {
      const k = reduceAxis(count);
      return sum(select(eq(I.at(k.var), i as Var), cast("f32", A.at(k.var)), constant(0, "f32")), [k]);
    });
  });
  const y = c.as(c.b.reshape(flat as Value, own), dtype);
  if (!wanted) return c.of(item.type, y);
  const padding = own.map((d, k) => [0, (wanted[k] ?? d) - d] as const);
  return c.of(item.type, c.b.pad(y, { padding }));
};

/** Pools. */
export const POOLS: Importers = {
  MaxPool: maxPool,
  AveragePool: averagePool,
  GlobalAveragePool: overAll("Mean"),
  GlobalMaxPool: overAll("Max"),
  MaxUnpool: maxUnpool,
};
