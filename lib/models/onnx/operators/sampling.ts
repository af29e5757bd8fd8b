/** GridSample: elements of pictures at places that are data. */
import {
  add,
  and,
  call,
  cast,
  constant,
  div,
  floorMod,
  ge,
  lt,
  max,
  min,
  mul,
  select,
  sub,
} from "../../../ir/build.ts";
import type { Expr, Var } from "../../../ir/expr.ts";
import type { Value } from "../../../relax/value.ts";
import { compute } from "../../../te/compute.ts";
import type { Tensor } from "../../../te/tensor.ts";
import { floatInput, type Importer, type Importers, sameType } from "./operator.ts";

const f32 = (x: number) => constant(x, "f32");

/** The weights of the neighbours of a place, from the whole number below it on. */
function shares(mode: "linear" | "cubic", t: Expr): readonly Expr[] {
  if (mode === "linear") return [sub(f32(1), t), t];
  const a = -0.75,
    poly = (x: Expr, p: number, q: number, r: number, s: number) =>
      add(mul(add(mul(add(mul(x, f32(p)), f32(q)), x), f32(r)), x), f32(s));
  const near = (x: Expr) => poly(x, a + 2, -(a + 3), 0, 1),
    far = (x: Expr) => poly(x, a, -5 * a, 8 * a, -4 * a);
  return [far(add(t, f32(1))), near(t), near(sub(f32(1), t)), far(sub(f32(2), t))];
}

/** Takes a place outside of an extent to one inside. */
function inside(padding: string, i: Expr, extent: Expr, aligns: boolean): Expr {
  if (padding !== "reflection") return max(min(i, sub(extent, 1)), 0);
  const period = aligns ? max(mul(sub(extent, 1), 2), 1) : mul(extent, 2), m = floorMod(i, period);
  return select(lt(m, extent), m, sub(sub(period, aligns ? 0 : 1), m));
}

const gridSample: Importer = (node, inputs, c) => {
  const item = floatInput(node, inputs, 0), grid = node.input(inputs, 1), type = sameType(node, [item, grid]);
  const mode = node.oneOf("mode", ["bilinear", "linear", "nearest", "bicubic", "cubic"], "bilinear");
  const padding = node.oneOf("padding_mode", ["zeros", "border", "reflection"], "zeros");
  const aligns = node.flag("align_corners", false);
  if (item.rank !== 4 || grid.rank !== 4) node.fail("pictures [n, c, h, w]", `${item.rank} dimensions`);
  const [made] = c.program("grid_sample", [c.value(item), c.value(grid)], (...tensors) => {
    const [A, G] = tensors as [Tensor, Tensor],
      [n, channels, height, width] = A.shape as [Expr, Expr, Expr, Expr];
    return compute("B", [n, channels, G.shape[1] as Expr, G.shape[2] as Expr], (...at) => {
      const [image, channel, row, column] = at as [Var, Var, Var, Var];
      const place = (k: number, extent: Expr): Expr => {
        const half = div(add(cast("f32", G.at(image, row, column, k)), f32(1)), f32(2)),
          size = cast("f32", extent);
        return aligns ? mul(half, sub(size, f32(1))) : sub(mul(half, size), f32(0.5));
      };
      const pixel = (y: Expr, x: Expr): Expr => {
        const value = cast(
          "f32",
          A.at(image, channel, inside(padding, y, height, aligns), inside(padding, x, width, aligns)),
        );
        if (padding !== "zeros") return value;
        return select(and(ge(y, 0), lt(y, height), ge(x, 0), lt(x, width)), value, f32(0));
      };
      const [x, y] = [place(0, width), place(1, height)];
      const whole = (e: Expr) => cast("i32", e);
      if (mode === "nearest") return cast(A.dtype, pixel(whole(call("round", y)), whole(call("round", x))));
      const way = mode === "bicubic" || mode === "cubic" ? "cubic" : "linear",
        first = way === "cubic" ? -1 : 0;
      const low = [call("floor", y), call("floor", x)] as const;
      const rows = shares(way, sub(y, low[0])), columns = shares(way, sub(x, low[1]));
      const parts = rows.map((r, i) =>
        mul(
          r,
          columns.map((s, j) => mul(s, pixel(add(whole(low[0]), i + first), add(whole(low[1]), j + first))))
            .reduce(add),
        )
      );
      return cast(A.dtype, parts.reduce(add));
    });
  });
  return c.of(type, made as Value);
};

/** Samples of pictures. */
export const SAMPLING: Importers = { GridSample: gridSample };
