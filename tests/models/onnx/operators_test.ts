/** Operators of ONNX against plain references: read from bytes, interpreted, and some of them run on devices. */
import { devices } from "../../devices.ts";
import { filled, indexOf, near, noise, positions, runModel, sizeOf } from "./run_model.ts";
import { f32, i64, type TestAttribute, type TestModel, type TestTensor } from "./write_model.ts";

interface Case {
  readonly op: string;
  readonly inputs: readonly TestTensor[];
  readonly attributes?: Readonly<Record<string, TestAttribute>>;
  readonly wanted: readonly (readonly number[])[];
  /** Inputs that are initializers, by their places. */
  readonly fixed?: readonly number[];
  readonly opset?: number;
  readonly tolerance?: number;
  readonly domain?: string;
}

const cases: Readonly<Record<string, Case>> = {};
const add = (name: string, c: Case) => void ((cases as Record<string, Case>)[name] = c);
const random = (dims: readonly number[], seed?: number) => f32(dims, noise(sizeOf(dims), seed));
const at = (t: TestTensor, ...index: readonly number[]) => t.data[indexOf(t.dims, index) ?? -1] ?? 0;

const x = random([3, 4], 1), y = random([3, 4], 2), row = random([4], 3);

for (
  const [op, f] of [
    ["Add", (a, b) => a + b],
    ["Sub", (a, b) => a - b],
    ["Mul", (a, b) => a * b],
    ["Div", (a, b) => a / b],
    ["Max", Math.max],
    ["Min", Math.min],
  ] as readonly (readonly [string, (a: number, b: number) => number])[]
) {
  add(op, { op, inputs: [x, y], wanted: [x.data.map((a, k) => f(a, y.data[k] as number))], tolerance: 1e-4 });
  const wide = x.data.map((a, k) => f(a, row.data[k % 4] as number));
  add(`${op}, broadcast`, { op, inputs: [x, row], wanted: [wide], fixed: [1], tolerance: 1e-4 });
}
for (
  const [op, f] of [
    ["Less", (a, b) => a < b],
    ["Greater", (a, b) => a > b],
    ["LessOrEqual", (a, b) => a <= b],
    ["GreaterOrEqual", (a, b) => a >= b],
    ["Equal", (a, b) => a === b],
  ] as readonly (readonly [string, (a: number, b: number) => boolean])[]
) {
  add(op, { op, inputs: [x, y], wanted: [x.data.map((a, k) => f(a, y.data[k] as number) ? 1 : 0)] });
}
for (
  const [op, f] of [
    ["Abs", Math.abs],
    ["Neg", (a) => -a],
    ["Exp", Math.exp],
    ["Sin", Math.sin],
    ["Tan", Math.tan],
    ["Asinh", Math.asinh],
    ["Cosh", Math.cosh],
    ["Tanh", Math.tanh],
    ["Atan", Math.atan],
    ["Floor", Math.floor],
    ["Ceil", Math.ceil],
    ["Sign", Math.sign],
    ["Reciprocal", (a) => 1 / a],
    ["Sigmoid", (a) => 1 / (1 + Math.exp(-a))],
    ["Relu", (a) => Math.max(a, 0)],
    ["LeakyRelu", (a) => a < 0 ? 0.01 * a : a],
    ["Elu", (a) => a < 0 ? Math.expm1(a) : a],
    ["HardSigmoid", (a) => Math.min(1, Math.max(0, 0.2 * a + 0.5))],
    ["HardSwish", (a) => a * Math.min(1, Math.max(0, a / 6 + 0.5))],
    ["Softplus", (a) => Math.log1p(Math.exp(a))],
    ["Softsign", (a) => a / (1 + Math.abs(a))],
  ] as readonly (readonly [string, (a: number) => number])[]
) {
  add(op, { op, inputs: [x], wanted: [x.data.map(f)], tolerance: 1e-4 });
}
add("Clip of attributes", {
  op: "Clip",
  inputs: [x],
  attributes: { min: { f: -0.5 }, max: { f: 0.25 } },
  opset: 6,
  wanted: [x.data.map((a) => Math.min(0.25, Math.max(-0.5, a)))],
});
add("Clip of inputs", {
  op: "Clip",
  inputs: [x, f32([], [-0.5]), f32([], [0.25])],
  wanted: [x.data.map((a) => Math.min(0.25, Math.max(-0.5, a)))],
});
const bytes: TestTensor = { type: "uint8", dims: [3], data: [250, 3, 7] };
add("Add of bytes wraps around", { op: "Add", inputs: [bytes, bytes], wanted: [[244, 6, 14]] });
add("Pow of integers", { op: "Pow", inputs: [i64(2, 3, -2), i64(3, 2, 3)], wanted: [[8, 9, -8]] });
add("Div of integers", { op: "Div", inputs: [i64(7, -7, 5), i64(2, 2, -3)], wanted: [[3, -3, -1]] });
add("Cast to integers", {
  op: "Cast",
  inputs: [f32([3], [1.7, -1.7, 3])],
  attributes: { to: 7 },
  wanted: [[1, -1, 3]],
});
add("Cast to bytes", { op: "Cast", inputs: [i64(257, -1, 3)], attributes: { to: 2 }, wanted: [[1, 255, 3]] });

const a = random([2, 3, 4], 4), b = random([2, 4, 5], 5), w = random([4, 5], 6), bias = random([5], 7);
const product = (p: TestTensor, q: TestTensor, n: number, i: number, j: number, batched: boolean) =>
  Array.from({ length: 4 }, (_, k) => at(p, n, i, k) * (batched ? at(q, n, k, j) : at(q, k, j))).reduce(
    (s, v) => s + v,
    0,
  );
const matrices = { op: "MatMul", tolerance: 1e-5 } as const;
add("MatMul, batched", {
  ...matrices,
  inputs: [a, b],
  wanted: [filled([2, 3, 5], ([n, i, j]) => product(a, b, n as number, i as number, j as number, true))],
});
add("MatMul, shared", {
  ...matrices,
  inputs: [a, w],
  fixed: [1],
  wanted: [filled([2, 3, 5], ([n, i, j]) => product(a, w, n as number, i as number, j as number, false))],
});
add("MatMul of a vector", {
  ...matrices,
  inputs: [row, w],
  wanted: [filled([5], ([j]) => row.data.reduce((s, v, k) => s + v * at(w, k, j as number), 0))],
});
add("Gemm", {
  op: "Gemm",
  inputs: [random([4, 3], 8), random([5, 4], 9), bias],
  attributes: { transA: 1, transB: 1, alpha: { f: 0.5 }, beta: { f: 2 } },
  wanted: [filled([3, 5], ([i, j]) => {
    const p = random([4, 3], 8), q = random([5, 4], 9);
    const sum = [0, 1, 2, 3].reduce((s, k) => s + at(p, k, i as number) * at(q, j as number, k), 0);
    return 0.5 * sum + 2 * at(bias, j as number);
  })],
});
add("Einsum", {
  op: "Einsum",
  inputs: [a, b],
  attributes: { equation: "bij,bjk->bki" },
  wanted: [filled([2, 5, 3], ([n, j, i]) => product(a, b, n as number, i as number, j as number, true))],
});

/** Convolves over any number of dimensions, with zeros outside. */
function convolve(
  image: TestTensor,
  filters: TestTensor,
  { stride, pad, dilation = 1, groups = 1 }: {
    readonly stride: number;
    readonly pad: number;
    readonly dilation?: number;
    readonly groups?: number;
  },
): readonly number[] {
  const kernel = filters.dims.slice(2), own = filters.dims[1] as number, count = filters.dims[0] as number;
  const out = kernel.map((k, d) =>
    Math.floor(((image.dims[d + 2] as number) + 2 * pad - dilation * (k - 1) - 1) / stride) + 1
  );
  return filled([image.dims[0] as number, count, ...out], ([n, f, ...p]) => {
    const group = Math.floor((f as number) / (count / groups));
    return positions([own, ...kernel]).reduce((sum, [c, ...k]) => {
      const from = p.map((i, d) => i * stride + (k[d] as number) * dilation - pad);
      const v = indexOf(image.dims, [n as number, group * own + (c as number), ...from]);
      return v === undefined
        ? sum
        : sum + (image.data[v] as number) * at(filters, f as number, c as number, ...k);
    }, 0);
  });
}
for (const rank of [1, 2, 3]) {
  const image = random([1, 4, ...[6, 5, 4].slice(0, rank)], 10),
    filters = random([4, 2, ...Array(rank).fill(2)], 11);
  const list = (n: number, times = 1) => Array<number>(rank * times).fill(n);
  add(`Conv over ${rank} dimensions`, {
    op: "Conv",
    inputs: [image, filters, random([4], 12)],
    fixed: [1, 2],
    attributes: { strides: list(2), pads: list(1, 2), group: 2 },
    wanted: [
      convolve(image, filters, { stride: 2, pad: 1, groups: 2 }).map((v, k, all) =>
        v + at(random([4], 12), Math.floor(k / (all.length / 4)))
      ),
    ],
  });
  add(`MaxPool over ${rank} dimensions`, {
    op: "MaxPool",
    inputs: [image],
    attributes: { kernel_shape: list(2), strides: list(2) },
    wanted: [
      filled([
        1,
        4,
        ...[6, 5, 4].slice(0, rank).map((d) => d >> 1),
      ], ([n, c, ...p]) =>
        Math.max(
          ...positions(list(2)).map((k) =>
            at(image, n as number, c as number, ...p.map((i, d) => 2 * i + (k[d] as number)))
          ),
        )),
    ],
  });
  add(`AveragePool over ${rank} dimensions`, {
    op: "AveragePool",
    inputs: [image],
    attributes: { kernel_shape: list(3), pads: list(1, 2) },
    wanted: [filled(image.dims, ([n, c, ...p]) => {
      const found = positions(list(3)).map((k) =>
        indexOf(image.dims, [n as number, c as number, ...p.map((i, d) => i + (k[d] as number) - 1)])
      );
      const inside = found.flatMap((k) => k === undefined ? [] : [image.data[k] as number]);
      return inside.reduce((s, v) => s + v, 0) / inside.length;
    })],
  });
  const small = random([1, 2, ...list(3)], 13), turned = random([2, 3, ...list(2)], 14);
  add(`ConvTranspose over ${rank} dimensions`, {
    op: "ConvTranspose",
    inputs: [small, turned],
    attributes: { strides: list(2) },
    wanted: [(() => {
      const dims = [1, 3, ...list(6)], sums = Array<number>(sizeOf(dims)).fill(0);
      for (const [c, f, ...rest] of positions([2, 3, ...list(3), ...list(2)])) {
        const p = rest.slice(0, rank), k = rest.slice(rank);
        const to = indexOf(dims, [0, f as number, ...p.map((i, d) => 2 * i + (k[d] as number))]) as number;
        sums[to] = (sums[to] as number) +
          at(small, 0, c as number, ...p) * at(turned, c as number, f as number, ...k);
      }
      return sums;
    })()],
  });
}

/** Reduces over the last dimension of a[2, 3, 4]. */
const rows = (f: (row: readonly number[]) => number) =>
  filled([2, 3], ([n, i]) => f(a.data.slice(4 * (3 * (n as number) + (i as number))).slice(0, 4)));
const total = (list: readonly number[]) => list.reduce((s, v) => s + v, 0);
for (
  const [op, f] of [
    ["ReduceSum", total],
    ["ReduceMean", (r) => total(r) / 4],
    ["ReduceMax", (r) => Math.max(...r)],
    ["ReduceMin", (r) => Math.min(...r)],
    ["ReduceProd", (r) => r.reduce((s, v) => s * v, 1)],
    ["ReduceL1", (r) => total(r.map(Math.abs))],
    ["ReduceL2", (r) => Math.hypot(...r)],
    ["ReduceSumSquare", (r) => total(r.map((v) => v * v))],
    ["ReduceLogSumExp", (r) => Math.log(total(r.map(Math.exp)))],
  ] as readonly (readonly [string, (row: readonly number[]) => number])[]
) {
  const old = op !== "ReduceSum";
  add(op, {
    op,
    inputs: old ? [a] : [a, i64(-1)],
    attributes: { keepdims: 0, ...(old ? { axes: [-1] } : {}) },
    fixed: [1],
    wanted: [rows(f)],
  });
  add(`${op} since version 18`, { op, inputs: [a, i64(2)], fixed: [1], opset: 18, wanted: [rows(f)] });
}
const exps = (r: readonly number[]) => r.map((v) => Math.exp(v) / total(r.map(Math.exp)));
const everyRow = (f: (r: readonly number[]) => readonly number[]) =>
  Array.from({ length: 6 }, (_, k) => f(a.data.slice(4 * k, 4 * k + 4))).flat();
add("Softmax", { op: "Softmax", inputs: [a], wanted: [everyRow(exps)] });
add("LogSoftmax", { op: "LogSoftmax", inputs: [a], wanted: [everyRow((r) => exps(r).map(Math.log))] });
add("Softmax of a matrix, before version 13", {
  op: "Softmax",
  inputs: [a],
  opset: 11,
  wanted: [[0, 1].flatMap((n) => exps(a.data.slice(12 * n, 12 * n + 12)))],
});
add("ArgMax", {
  op: "ArgMax",
  inputs: [a],
  attributes: { axis: 2, keepdims: 0 },
  wanted: [rows((r) => r.indexOf(Math.max(...r)))],
});
const normal = (r: readonly number[]) => {
  const mean = total(r) / r.length, variance = total(r.map((v) => (v - mean) ** 2)) / r.length;
  return r.map((v) => (v - mean) / Math.sqrt(variance + 1e-5));
};
add("LayerNormalization", {
  op: "LayerNormalization",
  inputs: [a, row, row],
  wanted: [everyRow((r) => normal(r).map((v, k) => v * at(row, k) + at(row, k)))],
  tolerance: 1e-4,
});
const channels = random([3], 15);
const perChannel = (k: number) => at(channels, Math.floor(k / 4) % 3);
add("InstanceNormalization", {
  op: "InstanceNormalization",
  inputs: [a, channels, channels],
  wanted: [everyRow(normal).map((v, k) => v * perChannel(k) + perChannel(k))],
  tolerance: 1e-4,
});
for (const fixed of [[], [1, 2, 3, 4]]) {
  add(`BatchNormalization${fixed.length > 0 ? " of constants" : ""}`, {
    op: "BatchNormalization",
    inputs: [a, channels, channels, channels, f32([3], [0.5, 1, 2])],
    fixed,
    wanted: [
      a.data.map((v, k) =>
        (v - perChannel(k)) / Math.sqrt(([0.5, 1, 2][Math.floor(k / 4) % 3] as number) + 1e-5) *
          perChannel(k) + perChannel(k)
      ),
    ],
    tolerance: 1e-4,
  });
}
add("Transpose", {
  op: "Transpose",
  inputs: [a],
  attributes: { perm: [2, 0, 1] },
  wanted: [filled([4, 2, 3], ([k, n, i]) => at(a, n as number, i as number, k as number))],
});
add("Reshape with 0 and -1", { op: "Reshape", inputs: [a, i64(0, -1)], fixed: [1], wanted: [a.data] });
add("Concat", {
  op: "Concat",
  inputs: [x, y],
  attributes: { axis: 1 },
  wanted: [
    filled(
      [3, 8],
      ([i, j]) => (j as number) < 4 ? at(x, i as number, j as number) : at(y, i as number, (j as number) - 4),
    ),
  ],
});
add("Slice backwards", {
  op: "Slice",
  inputs: [x, i64(3), i64(-5), i64(1), i64(-2)],
  fixed: [1, 2, 3, 4],
  wanted: [filled([3, 2], ([i, j]) => at(x, i as number, 3 - 2 * (j as number)))],
});
add("Slice by steps that end before the last element, and one after", {
  op: "Slice",
  inputs: [f32([7], [0, 1, 2, 3, 4, 5, 6]), i64(1), i64(7), i64(0), i64(4)],
  fixed: [1, 2, 3, 4],
  wanted: [[1, 5]],
});
add("MaxPool over windows that reach past the end", {
  op: "MaxPool",
  inputs: [f32([1, 1, 5], [1, 5, 2, 4, 3])],
  attributes: { kernel_shape: [2], strides: [2], ceil_mode: 1 },
  wanted: [[5, 4, 3]],
});
add("Slice of attributes", {
  op: "Slice",
  inputs: [x],
  attributes: { starts: [1], ends: [9223372036854775807n], axes: [0] },
  opset: 9,
  wanted: [x.data.slice(4)],
});
add("Split", {
  op: "Split",
  inputs: [x, i64(1, 3)],
  fixed: [1],
  attributes: { axis: 1 },
  wanted: [
    [0, 1, 2].map((i) => at(x, i, 0)),
    filled([3, 3], ([i, j]) => at(x, i as number, (j as number) + 1)),
  ],
});
add("Expand", { op: "Expand", inputs: [row, i64(2, 4)], fixed: [1], wanted: [[...row.data, ...row.data]] });
add("Tile", { op: "Tile", inputs: [row, i64(2)], fixed: [1], wanted: [[...row.data, ...row.data]] });
add("Pad", {
  op: "Pad",
  inputs: [x, i64(1, 0, 0, 2), f32([], [9])],
  fixed: [1, 2],
  wanted: [
    filled([4, 6], ([i, j]) => i === 0 || (j as number) > 3 ? 9 : at(x, (i as number) - 1, j as number)),
  ],
});
add("Gather", {
  op: "Gather",
  inputs: [x, i64(2, -3)],
  wanted: [[...x.data.slice(8), ...x.data.slice(0, 4)]],
});
add("GatherElements", {
  op: "GatherElements",
  inputs: [x, { type: "int64", dims: [3, 2], data: [3, 0, -1, 1, 2, 2] }],
  attributes: { axis: 1 },
  wanted: [[at(x, 0, 3), at(x, 0, 0), at(x, 1, 3), at(x, 1, 1), at(x, 2, 2), at(x, 2, 2)]],
});
add("GatherND", {
  op: "GatherND",
  inputs: [a, { type: "int64", dims: [2, 2], data: [1, 2, 0, 0] }],
  wanted: [[...a.data.slice(20), ...a.data.slice(0, 4)]],
});
add("ScatterElements", {
  op: "ScatterElements",
  inputs: [f32([4], [1, 2, 3, 4]), i64(3, 0), f32([2], [7, 8])],
  wanted: [[8, 2, 3, 7]],
});
add("ScatterElements adds", {
  op: "ScatterElements",
  inputs: [f32([4], [1, 2, 3, 4]), i64(3, 3), f32([2], [7, 8])],
  attributes: { reduction: "add" },
  wanted: [[1, 2, 3, 19]],
});
add("ScatterND", {
  op: "ScatterND",
  inputs: [f32([3, 2], [1, 2, 3, 4, 5, 6]), { type: "int64", dims: [1, 1], data: [1] }, f32([1, 2], [8, 9])],
  wanted: [[1, 2, 8, 9, 5, 6]],
});
add("OneHot", {
  op: "OneHot",
  inputs: [i64(1, -1), i64(3), f32([2], [-1, 5])],
  fixed: [1, 2],
  wanted: [[-1, 5, -1, -1, -1, 5]],
});
add("TopK", {
  op: "TopK",
  inputs: [f32([5], [3, 1, 4, 1, 5]), i64(3)],
  fixed: [1],
  wanted: [[5, 4, 3], [4, 2, 0]],
});
add("CumSum", {
  op: "CumSum",
  inputs: [f32([4], [1, 2, 3, 4]), i64(0)],
  fixed: [1],
  attributes: { reverse: 1 },
  wanted: [[10, 9, 7, 4]],
});
add("Where", {
  op: "Where",
  inputs: [{ type: "bool", dims: [4], data: [1, 0, 0, 1] }, row, f32([], [2])],
  wanted: [row.data.map((v, k) => k === 0 || k === 3 ? v : 2)],
});
add("Trilu", {
  op: "Trilu",
  inputs: [x],
  attributes: { upper: 0 },
  wanted: [filled([3, 4], ([i, j]) => (j as number) <= (i as number) ? at(x, i as number, j as number) : 0)],
});
add("Resize to nearest ones", {
  op: "Resize",
  inputs: [f32([1, 1, 2, 2], [1, 2, 3, 4]), f32([0], []), f32([4], [1, 1, 2, 2])],
  fixed: [1, 2],
  wanted: [[1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4]],
});
add("Resize linearly", {
  op: "Resize",
  inputs: [f32([1, 1, 1, 3], [0, 10, 20]), f32([0], []), f32([0], []), i64(1, 1, 1, 5)],
  fixed: [1, 2, 3],
  attributes: { mode: "linear", coordinate_transformation_mode: "align_corners" },
  wanted: [[0, 5, 10, 15, 20]],
});
add("DepthToSpace", {
  op: "DepthToSpace",
  inputs: [f32([1, 4, 1, 1], [1, 2, 3, 4])],
  attributes: { blocksize: 2 },
  wanted: [[1, 2, 3, 4]],
});
add("QuantizeLinear", {
  op: "QuantizeLinear",
  inputs: [f32([4], [-1, 0.24, 3, 1000]), f32([], [0.5]), { type: "uint8", dims: [], data: [10] }],
  wanted: [[8, 10, 16, 255]],
});
add("DequantizeLinear", {
  op: "DequantizeLinear",
  inputs: [{ type: "int8", dims: [3], data: [-1, 0, 100] }, f32([], [0.5]), {
    type: "int8",
    dims: [],
    data: [2],
  }],
  wanted: [[-1.5, -1, 49]],
});
add("MatMulInteger", {
  op: "MatMulInteger",
  inputs: [{ type: "uint8", dims: [1, 2], data: [10, 20] }, { type: "int8", dims: [2, 1], data: [-1, 3] }, {
    type: "uint8",
    dims: [],
    data: [5],
  }],
  wanted: [[40]],
});
add("MatMulNBits", {
  op: "MatMulNBits",
  domain: "com.microsoft",
  inputs: [
    f32([1, 4], [1, 2, 3, 4]),
    { type: "uint8", dims: [1, 1, 2], data: [0x98, 0x7f] },
    f32([1], [0.5]),
  ],
  fixed: [1, 2],
  attributes: { K: 4, N: 1, bits: 4, block_size: 4 },
  wanted: [[0.5 * (0 * 1 + 1 * 2 + 7 * 3 + -1 * 4)]],
});
add("NegativeLogLikelihoodLoss", {
  op: "NegativeLogLikelihoodLoss",
  inputs: [x, i64(1, 3, 0)],
  attributes: { ignore_index: 3 },
  wanted: [[-(at(x, 0, 1) + at(x, 2, 0)) / 2]],
});

const sequence = random([3, 2, 4], 20),
  wx = random([1, 8, 4], 21),
  wh = random([1, 8, 2], 22),
  wb = random([1, 16], 23);
add("LSTM", {
  op: "LSTM",
  inputs: [sequence, wx, wh, wb],
  attributes: { hidden_size: 2 },
  wanted: (() => {
    const sigmoid = (v: number) => 1 / (1 + Math.exp(-v)), y: number[] = [];
    let h = [0, 0, 0, 0], cell = [0, 0, 0, 0];
    for (let t = 0; t < 3; t++) {
      const old = h, next = [0, 0, 0, 0], made = [0, 0, 0, 0];
      for (const [n, j] of positions([2, 2]) as readonly (readonly [number, number])[]) {
        const gate = (g: number) => {
          const row = 2 * g + j,
            inner = [0, 1, 2, 3].reduce((s, k) => s + at(sequence, t, n, k) * at(wx, 0, row, k), 0);
          const state = [0, 1].reduce((s, k) => s + (old[2 * n + k] as number) * at(wh, 0, row, k), 0);
          return inner + state + at(wb, 0, row) + at(wb, 0, 8 + row);
        };
        const k = 2 * n + j;
        made[k] = sigmoid(gate(2)) * (cell[k] as number) + sigmoid(gate(0)) * Math.tanh(gate(3));
        next[k] = sigmoid(gate(1)) * Math.tanh(made[k]);
      }
      [h, cell] = [next, made];
      y.push(...h);
    }
    return [y, h, cell];
  })(),
});
add("RNN backwards", {
  op: "RNN",
  inputs: [sequence, random([1, 2, 4], 24), random([1, 2, 2], 25)],
  attributes: { direction: "reverse" },
  wanted: (() => {
    const w = random([1, 2, 4], 24), r = random([1, 2, 2], 25), y: number[][] = [];
    let h = [0, 0, 0, 0];
    for (let t = 2; t >= 0; t--) {
      const old = h;
      h = filled([2, 2], ([n = 0, j = 0]) =>
        Math.tanh(
          [0, 1, 2, 3].reduce((s, k) => s + at(sequence, t, n, k) * at(w, 0, j, k), 0) +
            [0, 1].reduce((s, k) => s + (old[2 * n + k] as number) * at(r, 0, j, k), 0),
        ));
      y.unshift(h);
    }
    return [y.flat(), h];
  })(),
});
add("GridSample", {
  op: "GridSample",
  inputs: [f32([1, 1, 2, 2], [1, 2, 3, 4]), f32([1, 1, 4, 2], [-1, -1, 0, 0, 1, -1, 3, 3])],
  attributes: { align_corners: 1 },
  opset: 16,
  wanted: [[1, 2.5, 2, 0]],
});
add("HannWindow", {
  op: "HannWindow",
  inputs: [i64(4)],
  fixed: [0],
  wanted: [[0, 0.5, 1, 0.5]],
});
add("Identity of what is known", {
  op: "Identity",
  inputs: [f32([2], [1, 2])],
  fixed: [0],
  wanted: [[1, 2]],
});
add("GroupNormalization", {
  op: "GroupNormalization",
  inputs: [random([1, 4, 2], 26), f32([2], [1, 2]), f32([2], [0, 1])],
  attributes: { num_groups: 2 },
  opset: 18,
  wanted: [[0, 1].flatMap((g) => normal(noise(8, 26).slice(4 * g, 4 * g + 4)).map((v) => v * (g + 1) + g))],
  tolerance: 1e-4,
});
add("LRN", {
  op: "LRN",
  inputs: [random([1, 3, 2], 27)],
  attributes: { size: 3, alpha: { f: 0.5 }, beta: { f: 0.5 }, bias: { f: 1 } },
  wanted: [filled([1, 3, 2], ([, k = 0, i = 0]) => {
    const t = random([1, 3, 2], 27), near = [k - 1, k, k + 1].filter((j) => j >= 0 && j < 3);
    return at(t, 0, k, i) / Math.sqrt(1 + 0.5 / 3 * total(near.map((j) => at(t, 0, j, i) ** 2)));
  })],
});
add("IsInf of one sign", {
  op: "IsInf",
  inputs: [f32([3], [Infinity, -Infinity, 1])],
  attributes: { detect_negative: 0 },
  wanted: [[1, 0, 0]],
});
add("BitShift", {
  op: "BitShift",
  inputs: [{ type: "uint8", dims: [2], data: [129, 3] }, { type: "uint8", dims: [2], data: [1, 2] }],
  attributes: { direction: "LEFT" },
  wanted: [[2, 12]],
});
add("Compress", {
  op: "Compress",
  inputs: [x, { type: "bool", dims: [3], data: [1, 0, 1] }],
  fixed: [1],
  attributes: { axis: 0 },
  wanted: [[...x.data.slice(0, 4), ...x.data.slice(8)]],
});
add("MaxPool with places", {
  op: "MaxPool",
  inputs: [f32([1, 1, 2, 4], [1, 7, 3, 4, 5, 6, 9, 8])],
  attributes: { kernel_shape: [2, 2], strides: [2, 2] },
  wanted: [[7, 9], [1, 6]],
});

add("SkipLayerNormalization", {
  op: "SkipLayerNormalization",
  domain: "com.microsoft",
  inputs: [a, random([2, 3, 4], 28), row, row, row],
  wanted: [(() => {
    const sum = a.data.map((v, k) => v + at(random([24], 28), k) + at(row, k % 4));
    return Array.from(
      { length: 6 },
      (_, k) => normal(sum.slice(4 * k, 4 * k + 4)).map((v, j) => v * at(row, j) + at(row, j)),
    ).flat();
  })()],
  tolerance: 1e-3,
});
add("FusedMatMul", {
  op: "FusedMatMul",
  domain: "com.microsoft",
  inputs: [x, random([5, 4], 29)],
  attributes: { transB: 1, alpha: { f: 0.5 } },
  wanted: [
    filled(
      [3, 5],
      ([i = 0, j = 0]) =>
        [0, 1, 2, 3].reduce((s, k) => s + at(x, i, k) * at(random([5, 4], 29), j, k), 0) / 2,
    ),
  ],
});

function modelOf({ op, inputs, attributes, wanted, fixed = [], opset, domain }: Case): TestModel {
  const names = inputs.map((_, k) => `i${k}`), has = (k: number) => fixed.includes(k);
  const pick = (held: boolean) =>
    inputs.flatMap((t, k) => has(k) === held ? [[names[k] as string, t] as const] : []);
  return {
    nodes: [{
      op,
      inputs: names,
      outputs: wanted.map((_, k) => `o${k}`),
      ...(attributes ? { attributes } : {}),
      ...(domain ? { domain } : {}),
    }],
    inputs: Object.fromEntries(pick(false)),
    initializers: Object.fromEntries(pick(true)),
    outputs: wanted.map((_, k) => `o${k}`),
    ...(opset ? { opset } : {}),
  };
}

for (const [name, c] of Object.entries(cases)) {
  Deno.test(`${name} computes what ONNX says`, async () => {
    const given = Object.fromEntries(c.inputs.map((t, k) => [`i${k}`, t])),
      made = await runModel(modelOf(c), given);
    c.wanted.forEach((list, k) => near(made[`o${k}`], list, c.tolerance));
  });
}

const ON_DEVICES = [
  "Add of bytes wraps around",
  "Conv over 1 dimensions",
  "Conv over 3 dimensions",
  "MaxPool over 3 dimensions",
  "ConvTranspose over 2 dimensions",
  "ReduceLogSumExp since version 18",
  "BatchNormalization of constants",
  "ScatterElements",
  "TopK",
  "CumSum",
  "LSTM",
  "GridSample",
  "MaxPool with places",
  "Resize linearly",
  "QuantizeLinear",
  "MatMulInteger",
];
for (const device of devices) {
  Deno.test(`operators that are programs of their own run on ${device.target.name}`, async () => {
    for (const name of ON_DEVICES) {
      const c = cases[name] as Case, given = Object.fromEntries(c.inputs.map((t, k) => [`i${k}`, t]));
      const made = await runModel(modelOf(c), given, { device });
      c.wanted.forEach((list, k) => near(made[`o${k}`], list, 1e-4));
    }
  });
}
