/** How convolutions and pools move a window over a tensor of any number of dimensions. */
import { and, constant, floorDiv, ge, isConst, lt, mul, select, sub } from "../../../ir/build.ts";
import type { Expr } from "../../../ir/expr.ts";
import { plus } from "../../../op/extents.ts";
import type { Tensor } from "../../../te/tensor.ts";
import type { Item } from "../item.ts";
import { shownShape } from "../item.ts";
import type { OnnxNode } from "../node.ts";

/** A window along the dimensions after batch and channels. */
export interface Window {
  /** Its extents. */
  readonly kernel: readonly number[];
  /** The distance between neighbouring windows. */
  readonly strides: readonly number[];
  /** The distance between neighbouring elements of the window. */
  readonly dilations: readonly number[];
  /** What is added before each dimension. */
  readonly before: readonly number[];
  /** What is added after each dimension. */
  readonly after: readonly number[];
  /** The number of its positions along each dimension. */
  readonly out: readonly Expr[];
}

/** Reads the attributes of a window on an input [n, c, …]. */
export function windowOf(node: OnnxNode, item: Item, kernel: readonly number[]): Window {
  const spatial = item.shape.slice(2), rank = spatial.length;
  const list = (name: string, fallback: number, length = rank) => {
    const given = node.ints(name) ?? Array<number>(length).fill(fallback);
    const fits = given.length === length &&
      given.every((x) => Number.isInteger(x) && x >= fallback && x < 2 ** 20);
    return fits
      ? given
      : node.fail(`${length} integers from ${fallback} on as ${name}`, `[${given.join(", ")}]`);
  };
  if (rank < 1 || kernel.length !== rank || kernel.some((k) => !(k >= 1 && k < 2 ** 20))) {
    node.fail(`a window for ${shownShape(item.shape)}`, `[${kernel.join(", ")}]`);
  }
  const strides = list("strides", 1), dilations = list("dilations", 1), pads = list("pads", 0, 2 * rank);
  const auto = node.oneOf("auto_pad", ["NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"], "NOTSET");
  const ceil = node.flag("ceil_mode", false),
    reach = kernel.map((k, d) => (k - 1) * (dilations[d] as number) + 1);
  const sides = spatial.map((extent, d): readonly [number, number] => {
    if (auto === "NOTSET") return [pads[d] as number, pads[d + rank] as number];
    if (auto === "VALID") return [0, 0];
    if (!isConst(extent)) return node.fail("extents that are numbers for auto_pad", shownShape(item.shape));
    const stride = strides[d] as number, size = Math.ceil(extent.value / stride);
    const all = Math.max(0, (size - 1) * stride + (reach[d] as number) - extent.value), half = all >> 1;
    return auto === "SAME_UPPER" ? [half, all - half] : [all - half, half];
  });
  if (ceil && !spatial.every((d) => isConst(d))) {
    node.fail("extents that are numbers for ceil_mode; give them in shapes", shownShape(item.shape));
  }
  const out = spatial.map((extent, d) => {
    const [a, b] = sides[d] as readonly [number, number], stride = strides[d] as number;
    const room = plus(extent, a + b - (reach[d] as number));
    if (!isConst(room)) return plus(floorDiv(room, stride), 1);
    let count = (ceil ? Math.ceil : Math.floor)(room.value / stride) + 1;
    if (ceil && isConst(extent) && (count - 1) * stride >= extent.value + a) count--;
    return count >= 1 ? constant(count) : node.fail("a window that fits", `${shownShape(item.shape)}`);
  });
  return {
    kernel,
    strides,
    dilations,
    before: sides.map(([a]) => a),
    after: sides.map(([, b]) => b),
    out,
  };
}

/** Reads the element of a window, or `outside` beyond the tensor. */
export function elementIn(
  A: Tensor,
  window: Window,
  lead: readonly Expr[],
  at: readonly Expr[],
  within: readonly Expr[],
  outside: Expr,
): Expr {
  const { inside, places } = placesIn(A, window, at, within);
  return inside.length === 0
    ? A.at(...lead, ...places)
    : select(and(...inside), A.at(...lead, ...places), outside);
}

/** The places of a window's element in the tensor, and the conditions of its being inside. */
export function placesIn(A: Tensor, w: Window, at: readonly Expr[], within: readonly Expr[]) {
  const inside: Expr[] = [], guarded = w.out.map((out, d) => !fits(A.shape[d + 2] as Expr, w, d, out));
  const places = at.map((i, d) => {
    const place = sub(
      plus(mul(i, w.strides[d] as number), mul(within[d] as Expr, w.dilations[d] as number)),
      w.before[d] as number,
    );
    if ((w.before[d] as number) > 0) inside.push(ge(place, 0));
    if (guarded[d]) inside.push(lt(place, A.shape[d + 2] as Expr));
    return place;
  });
  return { inside, places };
}

/** Tells whether no window reaches past the end. */
function fits(extent: Expr, w: Window, d: number, out: Expr): boolean {
  if (!isConst(extent) || !isConst(out)) return false;
  const last = (out.value - 1) * (w.strides[d] as number) +
    ((w.kernel[d] as number) - 1) * (w.dilations[d] as number);
  return last - (w.before[d] as number) < extent.value;
}
