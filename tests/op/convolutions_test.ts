/** Convolutions in one and three dimensions, and transposed ones, against sums element by element. */
import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { interpret } from "../../lib/interp/interpret.ts";
import * as op from "../../lib/face/op.ts";
import * as te from "../../lib/face/te.ts";
import { assertResults, type Drawn, drawn, shown } from "./drawn.ts";
import { arbSeed, tensor } from "./reference.ts";

interface Shape {
  readonly size: readonly number[];
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly groups: number;
}
const CHANNELS = 4, FILTERS = 6;

/** All positions of a box. */
function positions(extents: readonly number[]): readonly (readonly number[])[] {
  const all: (readonly number[])[] = [];
  tensor(extents, (...at) => all.push(at));
  return all;
}

function convolved(A: Drawn, W: Drawn, s: Shape) {
  const out = s.size.map((n, d) =>
    Math.floor((n + s.before[d]! + s.after[d]! - s.dilation[d]! * (s.kernel[d]! - 1) - 1) / s.stride[d]!) + 1
  );
  const own = CHANNELS / s.groups, each = FILTERS / s.groups;
  return tensor([A.shape[0]!, FILTERS, ...out], (n = 0, f = 0, ...y) => {
    let sum = 0;
    for (let c = 0; c < own; c++) {
      for (const k of positions(s.kernel)) {
        const x = y.map((i, d) => i * s.stride[d]! + k[d]! * s.dilation[d]! - s.before[d]!);
        const a = A.at(n, Math.floor(f / each) * own + c, ...x);
        if (!Number.isNaN(a)) sum += a * W.at(f, c, ...k);
      }
    }
    return sum;
  });
}

/** Scatters each element of A, as the definition has it. */
function scattered(A: Drawn, W: Drawn, s: Shape, added: readonly number[]) {
  const out = s.size.map((n, d) =>
    (n - 1) * s.stride[d]! + s.dilation[d]! * (s.kernel[d]! - 1) + 1 + added[d]! - s.before[d]! - s.after[d]!
  );
  const own = CHANNELS / s.groups, each = FILTERS / s.groups, sums = new Map<string, number>();
  for (const [n = 0, c = 0, ...x] of positions(A.shape)) {
    for (let f = 0; f < each; f++) {
      for (const k of positions(s.kernel)) {
        const y = x.map((i, d) => i * s.stride[d]! + k[d]! * s.dilation[d]! - s.before[d]!);
        const key = [n, Math.floor(c / own) * each + f, ...y].join();
        sums.set(key, (sums.get(key) ?? 0) + A.at(n, c, ...x) * W.at(c, f, ...k));
      }
    }
  }
  return tensor([A.shape[0]!, FILTERS, ...out], (...at) => sums.get(at.join()) ?? 0);
}

function arbShape(rank: number): fc.Arbitrary<Shape> {
  const list = (x: fc.Arbitrary<number>) => fc.array(x, { minLength: rank, maxLength: rank });
  return fc.record({
    size: list(fc.integer({ min: 5, max: 6 })),
    kernel: list(fc.integer({ min: 1, max: 3 })),
    stride: list(fc.integer({ min: 1, max: 3 })),
    dilation: list(fc.integer({ min: 1, max: 2 })),
    before: list(fc.nat(2)),
    after: list(fc.nat(1)),
    groups: fc.constantFrom(1, 2),
  });
}
const NAMES = ["x", "y", "z"];
function images(s: Shape, symbolic: boolean, seed: number) {
  const shapes = Object.fromEntries([["n", 2], ...s.size.map((v, d) => [NAMES[d]!, v] as const)]);
  const A = drawn("A", ["n", CHANNELS, ...symbolic ? s.size.map((_, d) => NAMES[d]!) : s.size], {
    seed,
    shapes,
  });
  return { A, shapes };
}

const FORWARD = [[op.conv1d, 1], [op.conv3d, 3]] as const;
for (const [convolve, rank] of FORWARD) {
  Deno.test(`${convolve.name} sums windows, whatever their stride, padding, dilation and groups`, async () => {
    const check = async (s: Shape, symbolic: boolean, seed: number, everywhere: boolean) => {
      const { A, shapes } = images(s, symbolic, seed);
      const W = drawn("W", [FILTERS, CHANNELS / s.groups, ...s.kernel], { seed });
      const { stride, dilation, groups } = s, padding = [...s.before, ...s.after];
      const C = convolve(A.tensor, W.tensor, { stride, dilation, groups, padding });
      await assertResults([A, W], [C], [convolved(A, W, s)], { shapes, everywhere, tolerance: 1e-4 });
    };
    await fc.assert(
      fc.asyncProperty(
        arbShape(rank),
        fc.boolean(),
        arbSeed,
        (s, symbolic, seed) => check(s, symbolic, seed, false),
      ),
      { numRuns: rank === 1 ? 50 : 8 },
    );
    const list = (x: number) => Array<number>(rank).fill(x);
    const s = { size: list(5), kernel: list(3), dilation: list(1), before: list(1), after: list(0) };
    await check({ ...s, stride: list(2), groups: 2 }, false, 1, true);
    await check({ ...s, stride: list(1), groups: 1 }, true, 2, true);
  });
}

const BACKWARD = [[op.convTranspose1d, 1], [op.convTranspose2d, 2], [op.convTranspose3d, 3]] as const;
for (const [convolve, rank] of BACKWARD) {
  Deno.test(`${convolve.name} is the transpose of a convolution`, async () => {
    const check = async (
      s: Shape,
      added: readonly number[],
      symbolic: boolean,
      seed: number,
      everywhere: boolean,
    ) => {
      const { A, shapes } = images(s, symbolic, seed);
      const W = drawn("W", [CHANNELS, FILTERS / s.groups, ...s.kernel], { seed });
      const { stride, dilation, groups } = s, padding = [...s.before, ...s.after];
      const C = convolve(A.tensor, W.tensor, { stride, dilation, groups, padding, outputPadding: added });
      await assertResults([A, W], [C], [scattered(A, W, s, added)], { shapes, everywhere, tolerance: 1e-4 });
    };
    const arb = fc.record({ s: arbShape(rank), more: fc.nat(2), symbolic: fc.boolean(), seed: arbSeed });
    await fc.assert(
      fc.asyncProperty(arb, ({ s, more, symbolic, seed }) => {
        const added = s.stride.map((x, d) => Math.min(more, Math.max(x, s.dilation[d]!) - 1));
        return check(s, added, symbolic, seed, false);
      }),
      { numRuns: [60, 20, 6][rank - 1] as number },
    );
    const list = (x: number) => Array<number>(rank).fill(x);
    const s = { size: list(5), kernel: list(3), dilation: list(1), before: list(1), after: list(1) };
    await check({ ...s, stride: list(2), groups: 2 }, list(1), false, 1, true);
    await check({ ...s, stride: list(3), groups: 1 }, list(0), true, 2, true);
  });
}

Deno.test("bias, activation and residual follow a convolution", async () => {
  const A = drawn("A", [1, CHANNELS, 6]), W = drawn("W", [FILTERS, CHANNELS, 1]), b = drawn("b", [FILTERS]);
  const R = drawn("R", [1, FILTERS, 6]);
  const C = op.conv1d(A.tensor, W.tensor, { bias: b.tensor, activation: "relu", residual: R.tensor });
  const wanted = tensor([1, FILTERS, 6], (n = 0, f = 0, x = 0) =>
    R.at(n, f, x) +
    Math.max(0, b.at(f) + [0, 1, 2, 3].reduce((s, c) => s + A.at(n, c, x) * W.at(f, c, 0), 0)));
  await assertResults([A, W, b, R], [C], [wanted], { tolerance: 1e-4 });
});

Deno.test("padding same gives each stride a window, as ONNX's auto_pad does", async () => {
  for (const padding of ["sameUpper", "sameLower"] as const) {
    for (const [size, kernel, stride] of [[7, 3, 2], [6, 4, 1], [5, 2, 3], [8, 1, 2]] as const) {
      const out = Math.ceil(size / stride), all = Math.max(0, (out - 1) * stride + kernel - size);
      const before = padding === "sameUpper" ? Math.floor(all / 2) : Math.ceil(all / 2);
      const s = {
        size: [size],
        kernel: [kernel],
        stride: [stride],
        dilation: [1],
        before: [before],
        after: [all - before],
        groups: 1,
      };
      const A = drawn("A", [2, CHANNELS, size]), W = drawn("W", [FILTERS, CHANNELS, kernel]);
      const C = op.conv1d(A.tensor, W.tensor, { padding, stride });
      assertEquals(shown(C), `f32[2, 6, ${out}]`);
      await assertResults([A, W], [C], [convolved(A, W, s)], { everywhere: false });
      // The same along both dimensions of images.
      const I = drawn("I", [1, 1, size, size]), K = drawn("K", [1, 1, kernel, kernel]);
      const image = (i: number, j: number) => I.at(0, 0, i, j) || 0;
      const wanted = tensor(
        [1, 1, out, out],
        (_n = 0, _f = 0, y = 0, x = 0) =>
          positions([kernel, kernel]).reduce(
            (t, [i = 0, j = 0]) =>
              t + image(y * stride + i - before, x * stride + j - before) * K.at(0, 0, i, j),
            0,
          ),
      );
      await assertResults([I, K], [op.conv2d(I.tensor, K.tensor, { padding, stride })], [wanted], {
        everywhere: false,
      });
      const largest = tensor(
        [1, 1, out, out],
        (_n = 0, _f = 0, y = 0, x = 0) =>
          Math.max(
            ...positions([kernel, kernel])
              .map(([i = 0, j = 0]) => I.at(0, 0, y * stride + i - before, x * stride + j - before))
              .filter((v) => !Number.isNaN(v)),
          ),
      );
      await assertResults([I], [op.maxPool2d(I.tensor, { kernel, padding, stride })], [largest], {
        everywhere: false,
      });
    }
    const A = drawn("A", [1, CHANNELS, 5]), W = drawn("W", [CHANNELS, FILTERS, 4]);
    const T = op.convTranspose1d(A.tensor, W.tensor, { padding, stride: 3 });
    assertEquals(shown(T), "f32[1, 6, 15]");
    const sides = { before: [padding === "sameUpper" ? 0 : 1], after: [padding === "sameUpper" ? 1 : 0] };
    const s = { size: [5], kernel: [4], stride: [3], dilation: [1], ...sides, groups: 1 };
    await assertResults([A, W], [T], [scattered(A, W, s, [0])], { everywhere: false });
  }
  const S = te.placeholder("S", [1, CHANNELS, "n"]), W = te.placeholder("W", [FILTERS, CHANNELS, 3]);
  assertEquals(shown(op.conv1d(S, W, { padding: "sameUpper" })), "f32[1, 6, n]");
});

Deno.test("operands and windows that don't fit are refused", () => {
  const A = te.placeholder("A", [1, 4, 5]),
    W = te.placeholder("W", [6, 4, 3]),
    S = te.placeholder("S", [1, 4, "n"]);
  const refused: readonly (readonly [() => te.Tensor, string])[] = [
    [
      () => op.conv1d(W, te.placeholder("x", [3])),
      "expected W of shape [f, c/groups, kw], got [3], in conv1d",
    ],
    [() => op.conv3d(A, W), "expected A of shape [n, c, d, h, w], got [1, 4, 5], in conv3d"],
    [
      () => op.conv1d(A, te.placeholder("W", [6, 3, 3])),
      "expected W of shape [f, 4, kw] to match A's 4 channels in 1 group, got [6, 3, 3], in conv1d",
    ],
    [
      () => op.conv1d(A, W, { groups: 4 }),
      "expected groups to divide channels and filters, got 4 groups of 4 channels and 6 filters, in conv1d",
    ],
    [
      () => op.conv1d(A, W, { dilation: 3 }),
      "expected a window that fits 5 elements with their padding, got one of 7, in conv1d; use more padding",
    ],
    [
      () => op.conv1d(S, W, { padding: "sameUpper", stride: 2 }),
      "expected a number for dimension 2 of A beside padding = sameUpper and a stride of 2, got n, in conv1d",
    ],
    [
      () => op.convTranspose1d(A, te.placeholder("W", [4, 6, 3]), { outputPadding: 1 }),
      "expected outputPadding below stride 1 or dilation 1, got 1, in convTranspose1d",
    ],
    [
      () => op.convTranspose1d(A, te.placeholder("W", [4, 6, 1]), { padding: 3 }),
      "expected padding that leaves an element, got 3 and 3 of 5, in convTranspose1d",
    ],
    [() => op.convTranspose1d(A, W), "expected W of shape [4, f/groups, kw] to match A's 4 channels"],
  ];
  for (const [build, says] of refused) assertThrows(build, te.TeError, says);
  assertThrows(
    () => op.conv3d(A, W, { stride: [1, 2] }),
    Error,
    "expected stride of op.conv3d to be a positive integer below 2^31, or a list of 3 of them",
  );
  const f = te.primFunc("f", [S, W, op.conv1d(S, W)]);
  const run = (n: number) =>
    interpret(f, { S: new Float32Array(4 * n), W: new Float32Array(72) }, { shapes: { n } });
  run(3);
  assertThrows(() => run(2), Error, "because a window of conv1d fits the image");
});
