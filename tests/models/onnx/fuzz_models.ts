/** Models, and what becomes of them when some of their bytes change. */
import { TunebookError } from "../../../lib/base/error.ts";
import { read } from "../../../lib/models/onnx/read.ts";
import { f32, i64, modelBytes, type TestNode } from "./write_model.ts";

const node = (
  op: string,
  inputs: string,
  output: string,
  attributes: TestNode["attributes"] = {},
): TestNode => ({
  op,
  inputs: inputs.split(" "),
  outputs: output.split(" "),
  attributes,
});

/** Models of many operators. */
export const SEEDS = [
  modelBytes({
    nodes: [
      node("Conv", "x w b", "a", { strides: [2, 2], pads: [1, 1, 1, 1], dilations: [1, 1], group: 1 }),
      node("BatchNormalization", "a b b b b", "c", { epsilon: { f: 1e-3 } }),
      node("MaxPool", "c", "d at", { kernel_shape: [2, 2], ceil_mode: 1, storage_order: 1 }),
      node("Resize", "d none scales", "e", { mode: "linear" }),
      node("Flatten", "e", "y", { axis: 1 }),
    ],
    inputs: { x: { dims: ["n", 3, 8, 8] } },
    initializers: {
      w: f32([4, 3, 3, 3], Array(108).fill(1)),
      b: f32([4], [1, 1, 1, 1]),
      none: f32([0], []),
      scales: f32([4], [1, 1, 2, 2]),
    },
  }),
  modelBytes({
    nodes: [
      node("Shape", "x", "s"),
      node("Slice", "s zero one", "n"),
      node("Concat", "n rest", "shape", { axis: 0 }),
      node("Reshape", "x shape", "r"),
      node("Transpose", "r", "t", { perm: [2, 0, 1] }),
      node("Softmax", "t", "p", { axis: -1 }),
      node("Pad", "p pads", "q"),
      node("Tile", "q two", "u"),
      node("TopK", "u k", "v i", { axis: 0 }),
      node("Einsum", "v v", "y", { equation: "abc,abd->cd" }),
    ],
    outputs: ["y", "i"],
    inputs: { x: { dims: ["n", 6] } },
    initializers: {
      zero: i64(0),
      one: i64(1),
      rest: i64(2, 3),
      pads: i64(0, 0, 0, 1, 0, 0),
      two: i64(2, 1, 1),
      k: i64(2),
    },
  }),
  modelBytes({
    nodes: [
      node("ConstantOfShape", "shape", "c", { value: { t: i64(3) } }),
      node("Range", "c0 c1 c2", "r"),
      node("Gather", "table r", "g", { axis: 0 }),
      node("OneHot", "r depth values", "o", { axis: 0 }),
      node("CumSum", "o c0", "q", { exclusive: 1 }),
      node("QuantizeLinear", "q scale", "z"),
      node("LRN", "w", "l", { size: 3 }),
      node("Split", "g", "y h", { axis: 1 }),
    ],
    outputs: ["y", "h", "z", "l", "c"],
    inputs: { table: { dims: [9, 4] }, w: { dims: [1, 4, 2] } },
    initializers: {
      shape: i64(2, 2),
      c0: { type: "int64", dims: [], data: [0] },
      c1: { type: "int64", dims: [], data: [6] },
      c2: { type: "int64", dims: [], data: [2] },
      depth: i64(8),
      values: f32([2], [0, 1]),
      scale: f32([], [0.5]),
    },
  }),
  // Extents that double with each node, as expressions and as elements.
  modelBytes({
    nodes: [
      node("Shape", "x", "s0"),
      ...Array.from({ length: 40 }, (_, k) => node("Mul", `s${k} s${k}`, `s${k + 1}`)),
      ...Array.from(
        { length: 40 },
        (_, k) => node("Concat", k === 0 ? "x x" : `c${k} c${k}`, `c${k + 1}`, { axis: 0 }),
      ),
    ],
    outputs: ["c40", "s40"],
    inputs: { x: { dims: ["n"] } },
  }),
] as const;

/** The values that bytes of lengths, tags and numbers become. */
const ODD = [0, 1, 2, 8, 127, 128, 129, 255];

/** Changes some bytes of a model: other values, bits and odd numbers, and parts that are gone or there twice. */
export function mutated(
  bytes: Uint8Array<ArrayBuffer>,
  below: (n: number) => number,
): Uint8Array<ArrayBuffer> {
  const list = [...bytes], times = 1 + below(3);
  for (let k = 0; k < times && list.length > 0; k++) {
    const at = below(list.length);
    switch (below(5)) {
      case 0:
        list[at] = below(256);
        break;
      case 1:
        list[at] = (list[at] as number) ^ 1 << below(8);
        break;
      case 2:
        list[at] = ODD[below(ODD.length)] as number;
        break;
      case 3:
        list.splice(at, 1 + below(3));
        break;
      default:
        list.splice(at, 0, ...list.slice(at, at + 1 + below(8)));
    }
  }
  return Uint8Array.from(list);
}

/** Makes whole numbers below a bound that look random, always the same ones. */
export function numbers(seed = 1): (below: number) => number {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * n);
  };
}

/**
 * Reads a model: true where it is a graph, and false where it is refused.
 *
 * @throws {Error} for another error than a typed one, with the bytes
 */
export function isGraph(bytes: Uint8Array<ArrayBuffer>): boolean {
  try {
    read(bytes);
    return true;
  } catch (e) {
    if (e instanceof TunebookError) return false;
    throw new Error(`expected a graph or a typed error, got another, of bytes ${bytes.toHex()}`, {
      cause: e,
    });
  }
}
