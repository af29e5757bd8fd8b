/** Operators that graphs need beside those of the suites: each as the only one of a program. */
import * as op from "../../lib/face/op.ts";
import * as te from "../../lib/face/te.ts";
import type { Dims, Operator } from "./operators.ts";

/** An operator on inputs of these shapes, all f32. */
function on(
  name: string,
  shapes: (dims: Dims) => readonly (readonly (te.Dim | te.Expr)[])[],
  make: (...inputs: te.Tensor[]) => te.Tensor,
): Operator {
  return {
    name,
    make: (dims) => {
      const inputs = shapes(dims).map((shape, k) => te.placeholder("XYZ".charAt(k), shape));
      return te.primFunc(name, [...inputs, make(...inputs)]);
    },
  };
}

function extentsOf(A: te.Tensor | undefined, d: number): readonly te.Expr[] {
  return A?.shape.slice(d, d + 1) ?? [];
}

const movements: readonly Operator[] = [
  on("reshape", ([a, b]) => [[a, 6, b]], (A) => op.reshape(A as te.Tensor, [-1, 3])),
  on("permuteDims", ([a, b, c]) => [[a, b, c]], (A) => op.permuteDims(A as te.Tensor, { axes: [2, 0, 1] })),
  on(
    "broadcastTo",
    ([a, , c]) => [[a, 1, c]],
    (A) => op.broadcastTo(A as te.Tensor, [2, ...extentsOf(A, 0), 5, ...extentsOf(A, 2)]),
  ),
  on("concat", ([a, b, c]) => [[a, c], [b, c], [3, c]], (...all) => op.concat(all)),
  on("concat columns", ([a, b, c]) => [[a, c], [a, b]], (...all) => op.concat(all, { axis: -1 })),
  on("stack", ([a, , c]) => [[a, c], [a, c], [a, c]], (...all) => op.stack(all, { axis: 1 })),
  on("split", ([a, , c]) => [[a, 8, c]], (A) => {
    const [x, y] = op.split(A as te.Tensor, { sizes: [5, 3], axis: 1 });
    return op.concat([y as te.Tensor, x as te.Tensor], { axis: 1, name: "S" });
  }),
  ...(["constant", "edge", "wrap"] as const).map((mode) =>
    on(
      `pad ${mode}`,
      ([a, , c]) => [[a, c]],
      (A) => op.pad(A as te.Tensor, { padding: [[2, 1], [0, 3]], mode }),
    )
  ),
  on(
    "pad reflect",
    ([a]) => [[a, 7]],
    (A) => op.pad(A as te.Tensor, { padding: [[0, 0], [3, 2]], mode: "reflect" }),
  ),
  on(
    "slice",
    ([a, b, c]) => [[a, 9, b, c]],
    (A) =>
      op.slice(A as te.Tensor, {
        begin: [7, null, 0],
        end: [1, null, null],
        strides: [-2, -1, 2],
        axes: [1, 2, 3],
      }),
  ),
  on("flip", ([a, , c]) => [[a, c]], (A) => op.flip(A as te.Tensor)),
  on("roll", ([a, , c]) => [[a, c]], (A) => op.roll(A as te.Tensor, { shift: [3, -2], axis: [0, 1] })),
  on("repeat", ([a, , c]) => [[a, c]], (A) => op.repeat(A as te.Tensor, { repeats: 3, axis: 0 })),
  on("tile", ([a, , c]) => [[a, c]], (A) => op.tile(A as te.Tensor, [2, 3, 2])),
];

/** An operator that reads at positions of X along a dimension of this extent. */
function indexed(
  name: string,
  shapes: (dims: Dims) => readonly [table: readonly te.Dim[], indices: readonly te.Dim[], below: te.Dim],
  make: (X: te.Tensor, indices: te.Tensor) => te.Tensor,
): Operator {
  return {
    name,
    make: (dims) => {
      const [table, indices, below] = shapes(dims);
      const X = te.placeholder("X", table), I = te.placeholder("I", indices, "i32", { from: -3, below });
      return te.primFunc(name, [X, I, make(X, I)]);
    },
  };
}

const lookups: readonly Operator[] = [
  indexed("gather", ([a, b, c]) => [[a, b, c], [7], b], (X, I) => op.gather(X, I, { axis: 1 })),
  indexed(
    "gather of a computed table",
    ([a, b, c]) => [[b, c], [a, 2], b],
    (X, I) => op.gather(op.reshape(op.silu(X), [...X.shape, 1]), I, { negative: true }),
  ),
  indexed(
    "gatherElements",
    ([a, b, c]) => [[a, b], [a, c], b],
    (X, I) => op.gatherElements(X, I, { axis: 1 }),
  ),
  indexed("gatherND", ([a, b, c]) => [[5, b, c], [a, 2], 5], (X, I) => op.gatherND(X, I, { negative: true })),
  {
    name: "append",
    make: ([a, b, c]) => {
      const cache = te.placeholder("cache", [40, b, c]), X = te.placeholder("X", [a, b, c]);
      const at = te.placeholder("at", [1], "i32", { below: 40 });
      return te.primFunc("append", [cache, X, at, op.append(cache, op.silu(X), at)]);
    },
  },
  {
    name: "scatterUpdate",
    make: ([a, b, c]) => {
      const cache = te.placeholder("cache", [b, 50, c]), X = te.placeholder("X", [b, a, c]);
      const at = te.placeholder("at", [a], "i32", { below: 50, distinct: true });
      return te.primFunc("scatter_update", [cache, X, at, op.scatterUpdate(cache, X, at, { axis: 1 })]);
    },
  },
  {
    name: "oneHot",
    make: ([a, , c]) => {
      const I = te.placeholder("I", [a], "i32", { from: -2, below: c });
      return te.primFunc("oneHot", [I, op.oneHot(I, { depth: c })]);
    },
  },
  {
    name: "where",
    make: ([a, , c]) => {
      const P = te.placeholder("P", [a, 1], "bool"),
        X = te.placeholder("X", [a, c]),
        Y = te.placeholder("Y", [c]);
      return te.primFunc("where", [P, X, Y, op.where(P, X, Y, { name: "R" })]);
    },
  },
  {
    name: "cast",
    make: ([a, , c]) => {
      const X = te.placeholder("X", [a, c], "i32");
      return te.primFunc("cast", [X, op.cast(X, "u32"), op.cast(X, "bool", { name: "P" })]);
    },
  },
  {
    name: "arange and full",
    make: ([a, , c]) =>
      te.primFunc("arange", [op.arange({ stop: a, start: -1, step: 2 }), op.full([c, a], 3, { name: "F" })]),
  },
  on("trilu", ([a, , c]) => [[2, a, c]], (X) => op.trilu(X as te.Tensor, { k: -1 })),
  on("depthToSpace", ([a, b]) => [[2, 12, a, b]], (X) => op.depthToSpace(X as te.Tensor, { blockSize: 2 })),
  on(
    "spaceToDepth",
    ([a]) => [[a, 3, 6, 4]],
    (X) => op.spaceToDepth(X as te.Tensor, { blockSize: 2, mode: "CRD" }),
  ),
];

/** Updates of X at positions that are data, some of them outside. */
function scattered(
  name: string,
  shapes: (dims: Dims) => readonly (readonly te.Dim[])[],
  below: (dims: Dims) => te.Dim,
  make: (X: te.Tensor, I: te.Tensor, U: te.Tensor) => te.Tensor,
): Operator {
  return {
    name,
    make: (dims) => {
      const [x, i, u] = shapes(dims) as [readonly te.Dim[], readonly te.Dim[], readonly te.Dim[]];
      const X = te.placeholder("X", x), U = te.placeholder("U", u);
      const I = te.placeholder("I", i, "i32", { from: -2, below: below(dims) });
      return te.primFunc("scattered", [X, I, U, make(X, I, U)]);
    },
  };
}

const scatters: readonly Operator[] = [
  scattered(
    "scatterElements",
    ([, , c]) => [[3, c], [3, 5], [3, 5]],
    ([, , c]) => c,
    (X, I, U) => op.scatterElements(X, I, U, { axis: 1, negative: true }),
  ),
  scattered(
    "scatterElements add",
    ([a, b]) => [[a, 6], [b, 6], [b, 6]],
    ([a]) => a,
    (X, I, U) => op.scatterElements(X, I, U, { reduction: "add" }),
  ),
  scattered(
    "scatterND max",
    ([a, b, c]) => [[a, 4, c], [b, 2], [b, c]],
    () => 4,
    (X, I, U) => op.scatterND(X, I, U, { reduction: "max" }),
  ),
];

/** Types that are stored in words, and the bits of integers. */
const words: readonly Operator[] = [
  ...(["i8", "u8", "bf16"] as const).flatMap((as): readonly Operator[] => [
    {
      name: `unpack ${as}`,
      make: ([a, , c]) => {
        const W = te.placeholder("W", [a, c], "u32"), s = te.placeholder("s", [a]);
        // The bits of some floats are no numbers.
        const decoded = as === "bf16"
          ? op.unpack(op.bitwiseAnd(W, constantOf(0x3fff3fff, W)), { as })
          : op.unpack(W, { as, scale: s });
        return te.primFunc("unpack", [W, ...(as === "bf16" ? [] : [s]), decoded]);
      },
    },
    on(
      `pack ${as}`,
      ([a]) => [[a, 24]],
      (X) => op.pack(op.mul(X as te.Tensor, fullOf(100, X as te.Tensor)), { as }),
    ),
  ]),
  {
    name: "bits",
    make: ([a, , c]) => {
      const X = te.placeholder("X", [a, c], "i32"),
        Y = te.placeholder("Y", [c], "i32", { from: 0, below: 32 });
      const moved = op.bitwiseXor(op.leftShift(X, Y), op.bitwiseNot(op.rightShift(X, Y)));
      return te.primFunc("bits", [X, Y, op.bitwiseOr(moved, op.bitwiseAnd(X, Y))]);
    },
  },
];

function constantOf(value: number, like: te.Tensor): te.Tensor {
  return op.full(like.shape, value, { dtype: "u32", name: "mask" });
}

function fullOf(value: number, like: te.Tensor): te.Tensor {
  return op.full(like.shape, value, { name: "factor" });
}

const losses: readonly Operator[] = [
  {
    name: "crossEntropy",
    make: ([a, , c]) => {
      const X = te.placeholder("X", [a, c]), I = te.placeholder("I", [a], "i32", { from: 0, below: c });
      return te.primFunc("cross_entropy", [X, I, op.crossEntropy(X, I)]);
    },
  },
  on(
    "squaredError",
    ([a, , c]) => [[a, c], [a, c]],
    (X, T) => op.squaredError(X as te.Tensor, T as te.Tensor),
  ),
];

/** Operators on each element, of a kind each: the others only differ in the function. */
const elements: readonly Operator[] = [
  on("sub broadcast", ([a, b, c]) => [[a, b, 1], [1, c]], (X, Y) => op.sub(X as te.Tensor, Y as te.Tensor)),
  ...(["sigmoid", "softplus", "mish", "selu", "hardSwish", "neg", "floor", "ceil", "round", "sign"] as const)
    .map((name) => on(name, ([a, , c]) => [[a, c]], (X) => op[name](X as te.Tensor))),
  ...(["exp2", "tan", "atan", "sinh", "asinh"] as const).map((name) =>
    on(name, ([a, , c]) => [[a, c]], (X) => op[name](X as te.Tensor))
  ),
  on("prelu", ([a, , c]) => [[a, 3, c], [3, 1]], (X, S) => op.prelu(X as te.Tensor, S as te.Tensor)),
  on("compared", ([a, , c]) => [[a, c], [c]], (X, Y) => {
    const [x, y] = [X as te.Tensor, Y as te.Tensor];
    return op.xor(op.less(x, y), op.not(op.greaterEqual(x, op.abs(y))), { name: "P" });
  }),
  ...(["div", "mod"] as const).map((name): Operator => ({
    name: `${name} of integers`,
    make: ([a, , c]) => {
      const X = te.placeholder("X", [a, c], "i32"),
        Y = te.placeholder("Y", [c], "i32", { from: 1, below: 50 });
      return te.primFunc(name, [X, Y, op[name](X, Y)]);
    },
  })),
];

const reductions: readonly Operator[] = [
  ...(["reduceMean", "reduceL1", "reduceL2", "reduceSumSquare"] as const).map((name) =>
    on(name, ([a, , c]) => [[a, c]], (X) => op[name](X as te.Tensor))
  ),
  on("reduceLogSum", ([a, , c]) => [[a, c]], (X) => op.reduceLogSum(op.sigmoid(X as te.Tensor))),
  on(
    "reduceMean of two",
    ([a, b, c]) => [[a, b, c]],
    (X) => op.reduceMean(X as te.Tensor, { axis: [1, 2], keepDims: true }),
  ),
  on("reduceL2 of outer", ([a, b, c]) => [[a, b, c]], (X) => op.reduceL2(X as te.Tensor, { axis: [0, 2] })),
  on("reduceMean of all", ([a, , c]) => [[a, c]], (X) => op.reduceMean(X as te.Tensor, { axis: [0, 1] })),
  on("logSoftmax", ([a, , c]) => [[a, c]], (X) => op.logSoftmax(X as te.Tensor)),
];

const convolutions: readonly Operator[] = [
  on(
    "conv1d",
    ([a, b]) => [[a, 4, b], [6, 2, 3]],
    (X, W) => op.conv1d(X as te.Tensor, W as te.Tensor, { padding: "sameUpper", groups: 2 }),
  ),
  on(
    "conv3d",
    ([a]) => [[a, 4, 3, 5, 4], [6, 4, 2, 3, 3]],
    (X, W) => op.conv3d(X as te.Tensor, W as te.Tensor, { padding: 1, stride: [1, 2, 1] }),
  ),
  on(
    "convTranspose1d",
    ([a, b]) => [[a, 4, b], [4, 6, 3]],
    (X, W) => op.convTranspose1d(X as te.Tensor, W as te.Tensor, { padding: 1, stride: 2, outputPadding: 1 }),
  ),
  on(
    "convTranspose2d",
    ([a]) => [[a, 4, 5, 4], [4, 6, 3, 3]],
    (X, W) => op.convTranspose2d(X as te.Tensor, W as te.Tensor, { stride: 2 }),
  ),
  on(
    "convTranspose3d",
    ([a]) => [[a, 4, 2, 3, 2], [4, 3, 2, 2, 3]],
    (X, W) => op.convTranspose3d(X as te.Tensor, W as te.Tensor, { stride: [1, 2, 1] }),
  ),
];

const norms: readonly Operator[] = [
  {
    name: "batchNorm",
    // Mean and bias are one tensor, as some devices have four storage textures.
    make: ([a, , c]) => {
      const X = te.placeholder("X", [a, 5, c]), w = te.placeholder("w", [5]), b = te.placeholder("b", [5]);
      const v = te.placeholder("v", [5], "f32", { from: 0.25, below: 4 });
      return te.primFunc("batchNorm", [X, w, b, v, op.batchNorm(X, w, b, { mean: b, variance: v })]);
    },
  },
  on(
    "groupNorm",
    ([a, b]) => [[a, 6, b, 5], [6], [6]],
    (X, w, b) => op.groupNorm(X as te.Tensor, w as te.Tensor, b as te.Tensor, { groups: 2 }),
  ),
  on(
    "instanceNorm",
    ([a, b, c]) => [[a, b, c], [b], [b]],
    (X, w, b) => op.instanceNorm(X as te.Tensor, w as te.Tensor, b as te.Tensor),
  ),
];

const resizes: readonly Operator[] = [
  on("resize nearest", ([a, b, c]) => [[a, 2, b, c]], (X) => op.resize(X as te.Tensor, { scales: [2, 1.5] })),
  on(
    "resize linear",
    ([a, b]) => [[a, 2, b, 5]],
    (X) => op.resize(X as te.Tensor, { sizes: [7, 9], mode: "linear", coordinates: "alignCorners" }),
  ),
  on(
    "resize cubic",
    ([a]) => [[a, 2, 4, 5]],
    (X) => op.resize(X as te.Tensor, { axes: 3, scales: [2], mode: "cubic" }),
  ),
];

export const MORE_OPERATORS: readonly Operator[] = [
  ...movements,
  ...lookups,
  ...scatters,
  ...words,
  ...losses,
  ...elements,
  ...reductions,
  ...convolutions,
  ...norms,
  ...resizes,
];
