/** Convolutions over one, two or more dimensions, and their transposes. */
import {
  add,
  and,
  cast,
  constant,
  eq,
  floorDiv,
  floorMod,
  ge,
  isConst,
  lt,
  mul,
  select,
  sub,
} from "../../../ir/build.ts";
import { isFloat, type ScalarType } from "../../../ir/dtype.ts";
import type { Expr, Var } from "../../../ir/expr.ts";
import type { Value } from "../../../relax/value.ts";
import { compute } from "../../../te/compute.ts";
import { reduceAxis, sum } from "../../../te/reduce.ts";
import type { Tensor } from "../../../te/tensor.ts";
import type { ImportContext } from "../context.ts";
import { isFloatType } from "../element_types.ts";
import { type Item, shownShape } from "../item.ts";
import type { Inputs } from "../known_tensor.ts";
import type { OnnxNode } from "../node.ts";
import { type Importer, type Importers, sameType } from "./operator.ts";
import { elementIn, type Window, windowOf } from "./windows.ts";

interface Filters {
  readonly x: Item;
  readonly w: Item;
  readonly dims: readonly number[];
  readonly groups: number;
}

function filtersOf(node: OnnxNode, inputs: Inputs): Filters {
  const x = node.input(inputs, 0), w = node.input(inputs, 1), { dims } = w, groups = node.int("group", 1);
  if (!dims || x.rank < 3 || dims.length !== x.rank || dims.length > 8) {
    return node.fail(
      `filters for ${shownShape(x.shape)}, with extents that are numbers`,
      shownShape(w.shape),
    );
  }
  const given = node.ints("kernel_shape");
  if (given && given.join() !== dims.slice(2).join()) {
    node.fail(`filters of [${given.join(", ")}]`, `[${dims.join(", ")}]`);
  }
  return { x, w, dims, groups };
}

/** Convolves by the operators of graphs; integers, and pictures of dynamic channels, by a program. */
export function convolved(
  c: ImportContext,
  [x, w, bias]: readonly [Value, Value, Value | undefined],
  groups: number,
  window: Window,
): Value {
  const rank = window.kernel.length, channels = x.type.shape[1];
  const options = {
    stride: window.strides,
    dilation: window.dilations,
    padding: [...window.before, ...window.after],
    groups,
    ...(bias ? { bias } : {}),
  };
  if (channels && isConst(channels) && isFloat(x.type.dtype)) {
    if (rank === 1) return c.b.conv1d(x, w, options);
    if (rank === 3) return c.b.conv3d(x, w, options);
    if (rank === 2) {
      const pair = ([y = 1, x = 1]: readonly number[]) => [y, x] as const;
      const padding = [...pair(window.before), ...pair(window.after)] as const;
      const own = { stride: pair(window.strides), dilation: pair(window.dilations), padding };
      return c.b.conv2d(x, w, { ...options, ...own });
    }
  }
  const made = convolution(c, x, w, groups, window);
  return bias ? c.b.add(made, c.b.reshape(bias, [-1, ...Array<number>(rank).fill(1)])) : made;
}

function convolution(c: ImportContext, x: Value, w: Value, groups: number, window: Window): Value {
  const { dtype } = x.type, wide = isFloat(dtype) ? "f32" as ScalarType : dtype;
  return c.program("conv", [x, w], (...tensors) => {
    const [A, W] = tensors as [Tensor, Tensor], [filters, own] = W.shape as [Expr, Expr];
    const total = compute("total", [A.shape[0] as Expr, filters, ...outOf(A, window)], (...at) => {
      const [n, f] = at as [Var, Var], k = reduceAxis(own, "c");
      const axes = window.kernel.map((d) => reduceAxis(d)), within = axes.map((a) => a.var);
      const group = groups === 1 ? constant(0) : floorDiv(f, floorDiv(filters, groups));
      const channel = add(mul(group, own), k.var);
      const a = elementIn(A, window, [n, channel], at.slice(2), within, constant(0, dtype));
      return sum(mul(cast(wide, a), cast(wide, W.at(f, k.var, ...within))), [k, ...axes]);
    });
    return dtype === wide ? total : compute("B", total.shape, (...at) => cast(dtype, total.at(...at)));
  })[0] as Value;
}

/** The positions of a window on a placeholder, whose extents may be variables of its own. */
export function outOf(A: Tensor, w: Window): readonly Expr[] {
  return w.out.map((out, d) => {
    const extent = A.shape[d + 2] as Expr;
    if (isConst(out)) return out;
    const all = (w.before[d] as number) + (w.after[d] as number), stride = w.strides[d] as number;
    const reach = ((w.kernel[d] as number) - 1) * (w.dilations[d] as number) + 1;
    return add(floorDiv(sub(add(extent, all), reach), stride), 1);
  });
}

const conv: Importer = (node, inputs, c) => {
  const { x, w, dims, groups } = filtersOf(node, inputs), type = sameType(node, [x, w]);
  const own = x.dims?.[1] ?? (dims[1] as number) * groups;
  if (groups < 1 || own !== (dims[1] as number) * groups || (dims[0] as number) % groups !== 0) {
    node.fail(`filters of ${groups} groups for ${shownShape(x.shape)}`, shownShape(w.shape));
  }
  const bias = inputs[2] && c.value(inputs[2]), window = windowOf(node, x, dims.slice(2));
  return c.of(type, convolved(c, [c.value(x), c.value(w), bias], groups, window));
};

const convTranspose: Importer = (node, inputs, c) => {
  const { x, w, dims, groups } = filtersOf(node, inputs), type = sameType(node, [x, w]);
  if (!isFloatType(type)) node.fail("floats", type);
  const kernel = dims.slice(2),
    rank = kernel.length,
    extra = node.ints("output_padding") ?? kernel.map(() => 0);
  const strides = node.ints("strides") ?? kernel.map(() => 1),
    dilations = node.ints("dilations") ?? kernel.map(() => 1);
  const pads = node.ints("pads") ?? Array<number>(2 * rank).fill(0), wanted = node.ints("output_shape");
  const auto = node.oneOf("auto_pad", ["NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"], "NOTSET");
  const lists = [strides, dilations, extra, pads.slice(0, rank), pads.slice(rank), wanted ?? kernel];
  if (
    lists.some((l) => l.length !== rank || l.some((v) => !(v >= 0 && v < 2 ** 24))) || strides.includes(0)
  ) {
    node.fail(`strides, pads and others for ${rank} dimensions`, "others");
  }
  const y = c.value(x), filters = c.value(w), bias = inputs[2] && c.value(inputs[2]), { dtype } = y.type;
  if (!wanted && (auto === "NOTSET" || auto === "VALID") && rank <= 3) {
    const padding = auto === "VALID" ? 0 : pads;
    const options = { stride: strides, dilation: dilations, padding, groups, outputPadding: extra };
    const operators = [c.b.convTranspose1d, c.b.convTranspose2d, c.b.convTranspose3d];
    const apply = operators[rank - 1] as typeof c.b.convTranspose2d;
    return c.of(type, apply(y, filters, { ...options, ...(bias ? { bias } : {}) }));
  }
  const spatial = x.dims?.slice(2) ?? node.fail("extents that are numbers", shownShape(x.shape));
  const full = spatial.map((extent, d) =>
    (extent - 1) * (strides[d] as number) + ((kernel[d] as number) - 1) * (dilations[d] as number) + 1 +
    (extra[d] as number)
  );
  const out = full.map((size, d) => {
    if (wanted) return wanted[d] as number;
    if (auto === "SAME_UPPER" || auto === "SAME_LOWER") {
      return (spatial[d] as number) * (strides[d] as number);
    }
    return auto === "VALID" ? size : size - (pads[d] as number) - (pads[d + rank] as number);
  });
  const before = full.map((size, d) => {
    if (!wanted && auto === "NOTSET") return pads[d] as number;
    const all = size - (out[d] as number);
    return auto === "SAME_UPPER" ? Math.floor(all / 2) : all - Math.floor(all / 2);
  });
  const per = dims[1] as number, channels = (x.dims as readonly number[])[1] as number;
  if (channels !== dims[0] || channels % groups !== 0 || out.some((d) => d < 1)) {
    node.fail(`filters of ${groups} groups for ${shownShape(x.shape)}`, shownShape(w.shape));
  }
  const [made] = c.program("conv_transpose", [y, filters], (...tensors) => {
    const [A, W] = tensors as [Tensor, Tensor];
    const total = compute("total", [A.shape[0] as Expr, constant(per * groups), ...out], (...at) => {
      const [n, f, ...places] = at as [Var, Var, ...Var[]], k = reduceAxis(channels / groups, "c");
      const axes = kernel.map((d) => reduceAxis(d)), inside: Expr[] = [];
      const from = places.map((o, d) => {
        const stride = strides[d] as number;
        const shifted = sub(
          add(o, before[d] as number),
          mul((axes[d] as { var: Var }).var, dilations[d] as number),
        );
        const place = floorDiv(shifted, stride);
        inside.push(ge(shifted, 0), lt(place, spatial[d] as number));
        if (stride > 1) inside.push(eq(floorMod(shifted, stride), 0));
        return place;
      });
      const channel = add(mul(floorDiv(f, per), channels / groups), k.var);
      const a = select(and(...inside), A.at(n, channel, ...from), constant(0, dtype));
      const b = W.at(channel, floorMod(f, per), ...axes.map((x) => x.var));
      return sum(mul(cast("f32", a), cast("f32", b)), [k, ...axes]);
    });
    return dtype === "f32" ? total : compute("B", total.shape, (...at) => cast(dtype, total.at(...at)));
  });
  const all = made as Value;
  return c.of(type, bias ? c.b.add(all, c.b.reshape(bias, [-1, ...kernel.map(() => 1)])) : all);
};

/** Convolutions. */
export const CONVOLUTIONS: Importers = { Conv: conv, ConvTranspose: convTranspose };
