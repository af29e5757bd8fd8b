/** Resize and Upsample: along each dimension, elements are weighted sums of neighbouring ones. */
import { isConst } from "../../../ir/build.ts";
import type { Expr } from "../../../ir/expr.ts";
import { isEqual } from "../../../op/extents.ts";
import type { Value } from "../../../relax/value.ts";
import type { ImportContext } from "../context.ts";
import { dtypeOf } from "../element_types.ts";
import { type Item, knownItem, shownShape } from "../item.ts";
import type { Inputs } from "../known_tensor.ts";
import type { OnnxNode } from "../node.ts";
import type { Importer, Importers } from "./operator.ts";
import { COORDINATES, type Taps, tapsOf, type Way } from "./resize_taps.ts";

/** Computes a dimension: a gather for each neighbour, times its weights. */
function along(c: ImportContext, x: Value, axis: number, taps: Taps, filler: number | undefined): Value {
  const count = taps.at[0]?.length ?? 1, rank = x.type.shape.length, out = taps.at.length;
  const column = Array.from({ length: rank }, (_, d) => d === axis ? out : 1).slice(axis);
  const parts = Array.from({ length: count }, (_, k) => {
    const at = c.value(knownItem("int32", [out], taps.at.map((row) => row[k] as number)));
    const part = c.b.gather(x, at, { axis });
    return count === 1 ? part : c.b.mul(part, c.floats(taps.weights.map((row) => row[k] as number), column));
  });
  const made = parts.reduce((a, b) => c.b.add(a, b));
  if (filler === undefined || !taps.outside.includes(true)) return made;
  const outside = c.value(knownItem("bool", column, taps.outside.map((o) => o ? 1 : 0)));
  return c.b.where(outside, c.scalar(filler, "f32"), made);
}

interface Sizes {
  readonly out: readonly number[];
  readonly scales: readonly number[];
}

/** Gives the sizes that are asked for. That of an extent which is no number must be the extent, and counts as 1. */
function wantedSizes(
  node: OnnxNode,
  sizes: Item,
  shape: readonly Expr[],
  axes: readonly number[],
): readonly number[] {
  const known = sizes.known ??
    node.fail("the sizes (input 3) to be known at import", "values that only a run knows");
  return Array.from(known, (x, k) => {
    const own = shape[axes[k] as number];
    if (own && !isConst(own) && typeof x !== "number" && isEqual(x, own)) return 1;
    return typeof x === "number"
      ? x
      : node.fail("sizes that are numbers; give extents in shapes", shownShape(shape));
  });
}

function sizesOf(node: OnnxNode, inputs: Inputs, shape: readonly Expr[], dims: readonly number[]): Sizes {
  const upsample = node.op === "Upsample", attribute = node.floats("scales");
  const at = upsample || node.opset < 11 ? 1 : 2, given = inputs[at], sizes = inputs[3];
  const axes = node.axes(node.ints("axes") ?? dims.map((_, d) => d), dims.length);
  const full = (list: readonly number[], fallback: (d: number) => number) => {
    if (list.length !== axes.length) node.fail(`${axes.length} numbers`, `${list.length}`);
    return dims.map((_, d) => axes.includes(d) ? list[axes.indexOf(d)] as number : fallback(d));
  };
  if (given && !given.dims?.includes(0)) {
    const scales = full(node.numbers(inputs, at, "the scales") ?? [], () => 1);
    return { scales, out: dims.map((d, k) => Math.floor(d * (scales[k] as number))) };
  }
  if (attribute) {
    return {
      scales: full(attribute, () => 1),
      out: dims.map((d, k) => Math.floor(d * (attribute[k] ?? 1))),
    };
  }
  if (!sizes) return node.fail("scales or sizes", "neither");
  const wanted = full(wantedSizes(node, sizes, shape, axes), (d) => dims[d] as number);
  const policy = node.oneOf("keep_aspect_ratio_policy", ["stretch", "not_larger", "not_smaller"], "stretch");
  const each = wanted.map((w, d) => w / (dims[d] as number)), own = axes.map((d) => each[d] as number);
  if (policy === "stretch") return { scales: each, out: wanted };
  const scale = policy === "not_larger" ? Math.min(...own) : Math.max(...own);
  const scales = dims.map((_, d) => axes.includes(d) ? scale : 1);
  return { scales, out: dims.map((d, k) => axes.includes(k) ? Math.round(d * scale) : d) };
}

/** Repeats the elements of extents that are no numbers, by whole scales. */
function repeated(node: OnnxNode, inputs: Inputs, c: ImportContext, item: Item): Item {
  const old = node.op === "Upsample" || node.opset < 11;
  const scales = node.floats("scales") ?? node.numbers(inputs, old ? 1 : 2, "the scales") ?? [];
  const coordinates = old ? "asymmetric" : node.text("coordinate_transformation_mode", "half_pixel");
  const how = old ? "floor" : node.text("nearest_mode", "round_prefer_floor");
  const plain = node.text("mode", "nearest") === "nearest" && scales.length === item.rank &&
    scales.every((s) => Number.isInteger(s) && s >= 1 && s < 2 ** 15) &&
    (coordinates === "asymmetric"
      ? how === "floor"
      : coordinates === "half_pixel" && how.startsWith("round"));
  if (!plain) node.fail("extents that are numbers; give them in shapes", shownShape(item.shape));
  const made = scales.reduce(
    (x, repeats, axis) => repeats === 1 ? x : c.b.repeat(x, { repeats, axis }),
    c.value(item),
  );
  return c.of(item.type, made);
}

const resize: Importer = (node, inputs, c) => {
  const item = node.input(inputs, 0), dims = item.shape.map((d) => isConst(d) ? d.value : 1);
  const { out, scales } = sizesOf(node, inputs, item.shape, dims);
  if (item.shape.some((d, k) => !isConst(d) && scales[k] !== 1)) return repeated(node, inputs, c, item);
  const old = node.op === "Upsample" || node.opset < 11;
  if (node.flag("antialias", false)) node.fail("no antialiasing", "some");
  const mode = node.oneOf("mode", ["nearest", "linear", "bilinear", "cubic"], "nearest");
  const coordinates = old ? "asymmetric" : node.text("coordinate_transformation_mode", "half_pixel");
  if (!COORDINATES.includes(coordinates)) {
    node.fail(`one of ${COORDINATES.join(", ")}`, coordinates.slice(0, 100));
  }
  const way: Way = {
    mode: mode === "bilinear" ? "linear" : mode,
    coordinates,
    nearest: old ? "floor" : node.text("nearest_mode", "round_prefer_floor"),
    a: node.float("cubic_coeff_a", -0.75),
    excludes: node.flag("exclude_outside", false),
  };
  if (out.some((d) => !(d >= 1 && d < 2 ** 15))) node.fail("extents from 1 to 2^15", `[${out.join(", ")}]`);
  const crops = coordinates === "tf_crop_and_resize",
    roi = crops ? node.numbers(inputs, 1, "the roi") ?? [] : [];
  if (crops && node.has("axes")) node.fail("a crop of all axes", "some of them");
  const filler = crops ? node.float("extrapolation_value", 0) : undefined, dtype = dtypeOf(item.type);
  const nearest = way.mode === "nearest" && !crops;
  let x = nearest ? c.value(item) : c.as(c.value(item), "f32");
  dims.forEach((n, d) => {
    const size = out[d] as number, range = [roi[d] ?? 0, roi[d + dims.length] ?? 1] as const;
    if (size === n && scales[d] === 1 && !(crops && (range[0] !== 0 || range[1] !== 1))) return;
    x = along(c, x, d, tapsOf(way, n, size, scales[d] as number, range), filler);
  });
  return c.of(item.type, c.as(x, dtype));
};

/** Changes of size. */
export const RESIZES: Importers = { Resize: resize, Upsample: resize };
