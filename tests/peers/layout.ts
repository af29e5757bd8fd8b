/** Arguments and results in another layout than this module's. It is done before anything is timed. */
import type { TypedArray } from "../../lib/runtime/arrays.ts";
import type { Argument } from "./peer.ts";

/** The argument with its axes in this order: `[1, 0]` transposes a matrix. */
export function permuted(arg: Argument, order: readonly number[]): Argument {
  const { shape, data } = arg;
  const strides = shape.map((_, d) => shape.slice(d + 1).reduce((n, x) => n * x, 1));
  const to = order.map((d) => shape[d] as number), steps = order.map((d) => strides[d] as number);
  const moved = data.slice();
  const fill = (axis: number, from: number, at: number): number => {
    if (axis === to.length) {
      moved[at] = data[from] as number;
      return at + 1;
    }
    for (let x = 0; x < (to[axis] as number); x++) {
      at = fill(axis + 1, from + x * (steps[axis] as number), at);
    }
    return at;
  };
  fill(0, 0, 0);
  return { ...arg, shape: to, data: moved };
}

/** A result whose axes are in this order, of the `shape` that it has as this module's. */
export function restored(data: TypedArray, shape: readonly number[], order: readonly number[]): TypedArray {
  const back = order.map((_, d) => order.indexOf(d));
  return permuted({ name: "result", shape: order.map((d) => shape[d] as number), data }, back).data;
}

/** Columns of a matrix from `begin` up to `end`. */
export function columns({ shape, data }: Argument, name: string, begin: number, end: number): Argument {
  const [rows = 0, width = 0] = shape;
  const own = end - begin;
  const part = data.slice(0, rows * own).map((_, at) =>
    data[Math.floor(at / own) * width + begin + at % own] as number
  );
  return { name, shape: [rows, own], data: part };
}

/** The argument in another shape. */
export function reshaped(arg: Argument, shape: readonly number[]): Argument {
  return { ...arg, shape };
}
