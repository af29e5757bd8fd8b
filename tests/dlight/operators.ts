/** Every operator on small shapes of each sort. */
import type { PrimFunc } from "../../lib/ir/func.ts";
import type { Shapes } from "../../lib/runtime/arguments.ts";
import * as te from "../../lib/face/te.ts";
import { MORE_OPERATORS } from "./more_operators.ts";
import { STORED_OPERATORS } from "./stored_operators.ts";

/** Sorts of shapes: even ones, those that no tile divides, ones, and symbolic ones. */
export const SORTS = ["even", "odd", "one", "symbolic"] as const;
export type Sort = typeof SORTS[number];

export interface Case {
  readonly operator: string;
  readonly sort: Sort;
  readonly dtype: string;
  readonly func: PrimFunc;
  readonly shapes: Shapes;
}

export type Dtype = "f32" | "f16" | "q4f16_1" | "q4f32_1";
const FLOATS: readonly Dtype[] = ["f32", "f16"];
const WEIGHTS: readonly Dtype[] = [...FLOATS, "q4f16_1", "q4f32_1"];

/** What an operator takes for a dtype: of all tensors, or of the weights. */
function typed(dtype: Dtype) {
  return dtype === "f32" || dtype === "f16" ? { dtype } : { weights: dtype };
}

/** Three extents: each has a name where shapes are symbolic, and a value then. */
export type Dims = readonly [a: te.Dim, b: te.Dim, c: te.Dim];
const EXTENTS: Readonly<Record<Sort, Dims>> = {
  even: [16, 32, 64],
  odd: [17, 13, 37],
  one: [1, 1, 1],
  symbolic: ["a", "b", "c"],
};
const VALUES: Readonly<Record<string, number>> = { a: 6, b: 19, c: 35 };

/** A length that is whole words of bytes. */
function bytes(k: te.Dim): number {
  return 4 * (typeof k === "string" ? 9 : k);
}

export interface Operator {
  readonly name: string;
  readonly dtypes?: readonly Dtype[];
  readonly make: (dims: Dims, dtype: Dtype) => PrimFunc;
}

const image = { channels: 4, kernel: 3, padding: 1 } as const;
/** Extents of an image are constants; only the batch may be symbolic. */
function imageOf([a, b]: Dims) {
  return typeof a === "string" || typeof b === "string"
    ? { batch: a, height: 6, width: 5 }
    : { batch: 2, height: Math.min(a, 8), width: Math.min(b, 9) };
}

const OPERATORS: readonly Operator[] = [
  { name: "matmul", dtypes: WEIGHTS, make: ([m, n, k], t) => te.matmul({ m, n, k, ...typed(t) }) },
  { name: "matmul tn", make: ([m, n, k]) => te.matmul({ m, n, k, transposeA: true }) },
  {
    name: "matmul nt",
    dtypes: FLOATS,
    make: ([m, n, k], t) => te.matmul({ m, n, k, transposeB: true, ...typed(t) }),
  },
  {
    name: "matmul batched",
    make: ([m, n, k]) => te.matmul({ m, n, k, batch: typeof m === "string" ? "d" : 3 }),
  },
  { name: "matmul square", make: ([, , k]) => te.matmul({ m: k, n: k, k }) },
  {
    name: "matmul finished",
    dtypes: ["f32", "q4f16_1"],
    make: ([m, n, k], t) =>
      te.matmul({ m, n, k, ...typed(t), bias: true, activation: "gelu", residual: true }),
  },
  { name: "matmul i8", make: ([m, n, k]) => te.matmul({ m, n, k: bytes(k), dtype: "i8" }) },
  {
    name: "matmul i8 finished",
    dtypes: FLOATS,
    make: ([m, n, k], t) => {
      const batch = t === "f16" ? 2 : undefined;
      const after = { out: t as "f32" | "f16", bias: true, activation: "silu", residual: true } as const;
      return te.matmul({ m, n, k: bytes(k), dtype: "i8", ...(batch ? { batch } : {}), ...after });
    },
  },
  { name: "gemv i8", make: ([, n, k]) => te.gemv({ n, k: bytes(k), dtype: "i8" }) },
  {
    name: "gemv i8 finished",
    make: ([, n, k]) => te.gemv({ n, k: bytes(k), dtype: "i8", out: "f32", bias: true, transposeA: false }),
  },
  { name: "gemv", dtypes: WEIGHTS, make: ([, n, k], t) => te.gemv({ n, k, ...typed(t) }) },
  {
    name: "gemv transposed",
    dtypes: FLOATS,
    make: ([, n, k], t) => te.gemv({ n, k, transposeA: true, ...typed(t) }),
  },
  { name: "gemv batched", make: ([, n, k]) => te.matmul({ m: 1, n, k, batch: 3 }) },
  ...(["softmax", "logSumExp", "rmsNorm", "addRmsNorm", "layerNorm", "reduceSum", "transpose"] as const)
    .map((name): Operator => ({
      name,
      dtypes: FLOATS,
      make: ([rows, , columns], t) => te[name]({ rows, columns, ...typed(t) }),
    })),
  { name: "sum of rows", make: ([rows, columns]) => te.reduceSum({ rows, columns, axis: 0 }) },
  ...(["add", "mul", "relu", "silu", "gelu"] as const).map((name): Operator => ({
    name,
    dtypes: FLOATS,
    make: ([a, , c], t) => te[name]({ shape: [a, c], ...typed(t) }),
  })),
  { name: "gelu tanh", make: ([a]) => te.gelu({ shape: [a], approximate: "tanh" }) },
  { name: "add of four axes", make: ([a, b, c]) => te.add({ shape: [2, a, b, c] }) },
  {
    name: "gated",
    dtypes: FLOATS,
    make: ([rows, columns], t) => te.gated({ rows, columns, activation: "silu", ...typed(t) }),
  },
  {
    name: "embedding",
    dtypes: WEIGHTS,
    make: ([rows, vocabulary, columns], t) => te.embedding({ rows, vocabulary, columns, ...typed(t) }),
  },
  {
    name: "rope",
    dtypes: FLOATS,
    make: ([rows], t) => te.rope({ rows, heads: 4, kvHeads: 2, headDim: 6, ...typed(t) }),
  },
  {
    name: "attention",
    dtypes: FLOATS,
    make: ([queries, , length], t) =>
      te.attention({ queries, length, heads: 4, kvHeads: 2, headDim: 8, chunk: 16, ...typed(t) }),
  },
  ...(["NCHW", "NHWC"] as const).flatMap((layout): readonly Operator[] => [
    { name: `conv2d ${layout}`, make: (d) => te.conv2d({ ...imageOf(d), ...image, filters: 6, layout }) },
    {
      name: `conv2d strided ${layout}`,
      dtypes: FLOATS,
      make: (d, t) =>
        te.conv2d({
          ...imageOf(d),
          ...image,
          filters: 6,
          stride: 2,
          groups: 2,
          layout,
          bias: true,
          ...typed(t),
        }),
    },
    {
      name: `conv2d depthwise ${layout}`,
      make: (d) => te.conv2d({ ...imageOf(d), ...image, filters: 4, groups: 4, layout, activation: "relu6" }),
    },
    {
      name: `maxPool2d ${layout}`,
      make: (d) => te.maxPool2d({ ...imageOf(d), ...image, stride: 2, layout }),
    },
    { name: `avgPool2d ${layout}`, make: (d) => te.avgPool2d({ ...imageOf(d), ...image, layout }) },
    {
      name: `globalAvgPool2d ${layout}`,
      make: (d) => te.globalAvgPool2d({ ...imageOf(d), channels: 5, layout }),
    },
  ]),
  {
    name: "dequantizeQ4",
    dtypes: ["q4f16_1", "q4f32_1"],
    make: ([, n, k], t) => te.dequantizeQ4({ n, k, layout: t as te.Q4Layout }),
  },
];

/** Each operator on each sort of shapes, in each of its dtypes. */
export const CASES: readonly Case[] = [...OPERATORS, ...MORE_OPERATORS, ...STORED_OPERATORS].flatMap((
  { name, dtypes = ["f32"], make },
) =>
  SORTS.flatMap((sort) =>
    dtypes.map((dtype): Case => {
      const func = make(EXTENTS[sort], dtype);
      const shapes = Object.fromEntries(func.shapeVars.map((v) => [v.name, VALUES[v.name] ?? 3]));
      return { operator: name, sort, dtype, func, shapes };
    })
  )
);
