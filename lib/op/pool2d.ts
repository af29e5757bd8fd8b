import { add, cast, constant, mul } from "../ir/build.ts";
import { RANGE } from "../ir/dtype.ts";
import type { Var } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { compute, type Dim, dims, max, placeholder, primFunc, reduceAxis, sum } from "../te/compute.ts";
import { type ImageLayout, imageOf, named, ordered, padded, windowOf, type WindowOptions } from "./conv2d.ts";

/**
 * The largest element of each window: `B[n, c, y, x] = max_{i, j} A[n, c, y·stride + i - padding, …]`.
 * Parameters A, B, in the layout's order.
 *
 * @throws {TeError} for an impossible extent
 */
export function maxPool2d(options: WindowOptions): PrimFunc {
  return pool("max_pool2d", options, "max");
}

/**
 * The mean of each window, zeros around the image counted in. Parameters A, B, in the layout's order.
 *
 * @throws {TeError} for an impossible extent
 */
export function avgPool2d(options: WindowOptions): PrimFunc {
  return pool("avg_pool2d", options, "avg");
}

function pool(name: string, options: WindowOptions, kind: "max" | "avg"): PrimFunc {
  const { layout = "NCHW", dtype = "f32", channels, height, width } = options;
  const w = windowOf(name, options);
  const A = imageOf("A", layout, w.batch, channels, height, width, dtype);
  const source = padded(A, layout, w.padding, kind === "max" ? RANGE[dtype][0] : 0);
  const i = reduceAxis(w.kernel[0], "i"), j = reduceAxis(w.kernel[1], "j");
  const shape = ordered<typeof w.batch | number>(layout, w.batch, channels, w.out[0], w.out[1]);
  const element = (...at: readonly Var[]) => {
    const [n, c, y, x] = named(layout, at);
    const row = add(mul(y, w.stride[0]), i.var), column = add(mul(x, w.stride[1]), j.var);
    return source.at(...ordered<ReturnType<typeof add>>(layout, n, c, row, column));
  };
  if (kind === "max") return primFunc(name, [A, compute("B", shape, (...at) => max(element(...at), [i, j]))]);
  const total = compute("total", shape, (...at) => sum(cast("f32", element(...at)), [i, j]));
  const share = constant(1 / (w.kernel[0] * w.kernel[1]), "f32");
  return primFunc(name, [A, compute("B", shape, (...at) => cast(dtype, mul(total.at(...at), share)))]);
}

/**
 * The mean of each channel's plane: `B[n, c] = mean_{y, x} A[n, c, y, x]`. Parameters A in the layout's order,
 * B[batch, channels].
 *
 * @throws {TeError} for an impossible extent
 */
export function globalAvgPool2d(
  options: {
    readonly batch?: Dim;
    readonly channels: number;
    readonly height: number;
    readonly width: number;
    readonly layout?: ImageLayout;
    readonly dtype?: "f32" | "f16";
  },
): PrimFunc {
  const { channels, height, width, layout = "NCHW", dtype = "f32" } = options;
  const { batch } = dims("globalAvgPool2d", { batch: options.batch ?? 1, channels, height, width });
  const shape = ordered<typeof batch | number>(layout, batch, channels, height, width);
  const A = placeholder("A", shape, dtype);
  const y = reduceAxis(height, "y"), x = reduceAxis(width, "x");
  const total = compute(
    "total",
    [batch, channels],
    (n, c) => sum(cast("f32", A.at(...ordered<Var>(layout, n as Var, c as Var, y.var, x.var))), [y, x]),
  );
  const share = constant(1 / (height * width), "f32");
  const B = compute("B", [batch, channels], (n, c) => cast(dtype, mul(total.at(n as Var, c as Var), share)));
  return primFunc("global_avg_pool2d", [A, B]);
}
