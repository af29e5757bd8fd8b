/** Padding on four sides, and the options of pools, against references in doubles that go window by window. */
import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { OptionError } from "../../lib/base/error.ts";
import type { NumberArray } from "../../lib/interp/interpret.ts";
import { signature } from "../../lib/ir/signature.ts";
import { verifyFunc } from "../../lib/ir/verify.ts";
import * as op from "../../lib/face/op.ts";
import * as te from "../../lib/face/te.ts";
import { assertEverywhere } from "./everywhere.ts";
import { arbDtype, arbSeed, assertComputes, Random, tensor, total } from "./reference.ts";

type Two = readonly [number, number];
type Four = readonly [top: number, left: number, bottom: number, right: number];
interface Slide {
  readonly kernel: Two;
  readonly stride: Two;
  readonly padding: Four;
  readonly dilation: Two;
  readonly ceilMode?: boolean | undefined;
}
interface Plane extends Slide {
  readonly height: number;
  readonly width: number;
}

/** The number of windows along a dimension, as PyTorch's pooling_output_shape computes it. */
function outputs(size: number, before: number, after: number, s: Slide, d: 0 | 1): number {
  const room = size + before + after - s.dilation[d] * (s.kernel[d] - 1) - 1;
  const count = Math.floor((room + (s.ceilMode ? s.stride[d] - 1 : 0)) / s.stride[d]) + 1;
  return s.ceilMode && (count - 1) * s.stride[d] >= size + before ? count - 1 : count;
}
function outputOf(p: Plane): Two {
  const [top, left, bottom, right] = p.padding;
  return [outputs(p.height, top, bottom, p, 0), outputs(p.width, left, right, p, 1)];
}

/** The elements of the window at (y, x): rows and columns of the image, which may lie outside of it. */
function windowAt({ kernel, stride, padding, dilation }: Plane, y: number, x: number): readonly Two[] {
  const list: Two[] = [];
  for (let i = 0; i < kernel[0]; i++) {
    for (let j = 0; j < kernel[1]; j++) {
      list.push([
        y * stride[0] + i * dilation[0] - padding[0],
        x * stride[1] + j * dilation[1] - padding[1],
      ]);
    }
  }
  return list;
}

/** Two channels of planes in NCHW: the value of a window, from its elements on the image and its elements at all. */
function pooled(
  p: Plane,
  A: NumberArray,
  value: (on: readonly number[], padded: number) => number,
): readonly number[] {
  const { height, width, padding: [top, left, bottom, right] } = p;
  return tensor([2, ...outputOf(p)], (c = 0, y = 0, x = 0) => {
    const all = windowAt(p, y, x);
    const on = all.filter(([r, s]) => r >= 0 && s >= 0 && r < height && s < width);
    const padded = all.filter(([r, s]) =>
      r >= -top && s >= -left && r < height + bottom && s < width + right
    );
    return value(on.map(([r, s]) => A[(c * height + r) * width + s] ?? NaN), padded.length);
  });
}

const mean = (list: readonly number[], count: number) => list.reduce((a, b) => a + b, 0) / Math.max(count, 1);

const small = fc.integer({ min: 1, max: 3 }), two = fc.tuple(small, small), side = fc.nat(2);
const arbPlane = fc.record({
  height: fc.integer({ min: 2, max: 7 }),
  width: fc.integer({ min: 2, max: 7 }),
  kernel: two,
  stride: two,
  dilation: fc.oneof(fc.constant<[number, number]>([1, 1]), two),
  padding: fc.tuple(side, side, side, side),
  ceilMode: fc.constantFrom(true, false, undefined),
});

Deno.test("pools take padding on four sides, dilation, ceilMode and countIncludePad, in every combination", () => {
  fc.assert(
    fc.property(arbPlane, arbDtype, fc.boolean(), arbSeed, (plane, dtype, countIncludePad, seed) => {
      const { ceilMode, ...rest } = plane;
      fc.pre(outputOf(plane).every((n) => n >= 1));
      const options = { ...rest, channels: 2, dtype, ...(ceilMode === undefined ? {} : { ceilMode }) };
      const A = new Random(seed).floats(2 * plane.height * plane.width, dtype);
      const average = te.avgPool2d({ ...options, countIncludePad });
      verifyFunc(average);
      const means = pooled(plane, A, (on, padded) => mean(on, countIncludePad ? padded : on.length));
      assertComputes(average, { A }, { B: means });
      // The largest of nothing is an edge of the dtype, which is not compared here.
      const most = te.maxPool2d(options), largest = pooled(plane, A, (on) => Math.max(...on));
      verifyFunc(most);
      if (largest.every(Number.isFinite)) assertComputes(most, { A }, { B: largest }, {}, 0);
    }),
    { numRuns: 200 },
  );
});

Deno.test("conv2d takes padding on four sides", () => {
  fc.assert(
    fc.property(arbPlane, fc.constantFrom(1, 2), fc.boolean(), arbSeed, (drawn, groups, nchw, seed) => {
      const { ceilMode: _, ...plane } = drawn, { height, width, kernel } = plane;
      fc.pre(outputOf(plane).every((n) => n >= 1));
      const f = te.conv2d({ ...plane, channels: 2, filters: 2, groups, layout: nchw ? "NCHW" : "NHWC" });
      verifyFunc(f);
      const random = new Random(seed), own = 2 / groups;
      const A = random.floats(2 * height * width, "f32"),
        W = random.floats(2 * own * kernel[0] * kernel[1], "f32");
      const pixel = (c: number, r: number, s: number) =>
        r < 0 || s < 0 || r >= height || s >= width
          ? 0
          : A[nchw ? (c * height + r) * width + s : (r * width + s) * 2 + c] ?? NaN;
      const weight = (f: number, c: number, at: number) =>
        W[nchw ? (f * own + c) * kernel[0] * kernel[1] + at : (at * own + c) * 2 + f] ?? NaN;
      const [oh, ow] = outputOf(plane);
      const element = (f: number, y: number, x: number) =>
        total(own, (c) =>
          windowAt(plane, y, x).reduce(
            (sum, [r, s], at) => sum + pixel(groups === 1 ? c : f, r, s) * weight(f, c, at),
            0,
          ));
      const C = nchw
        ? tensor([2, oh, ow], (f = 0, y = 0, x = 0) => element(f, y, x))
        : tensor([oh, ow, 2], (y = 0, x = 0, f = 0) => element(f, y, x));
      assertComputes(f, { A, W }, { C });
    }),
    { numRuns: 80 },
  );
});

const image = { height: 6, width: 5, channels: 2 };
const A = new Random(3).floats(2 * 6 * 5, "f32"), W = new Random(4).floats(2 * 2 * 3 * 2, "f32");
const plain = { kernel: [3, 2], stride: [1, 1], padding: [0, 0, 0, 0], dilation: [1, 1] } as const;

for (
  const options of [
    { padding: [2, 0, 1, 1] },
    { stride: [2, 2], ceilMode: true },
    { dilation: [2, 3], padding: [1, 1, 1, 1] },
    { padding: [2, 1, 0, 1], stride: [2, 3], dilation: [2, 1], ceilMode: true },
  ] as const
) {
  Deno.test(`pools with ${JSON.stringify(options)} are right everywhere`, async () => {
    const plane: Plane = { ...image, ...plain, ...options }, { ceilMode, ...rest } = plane;
    const all = { ...image, ...rest, ...(ceilMode === undefined ? {} : { ceilMode }) };
    await assertEverywhere(te.maxPool2d(all), { A }, { B: pooled(plane, A, (on) => Math.max(...on)) });
    for (const countIncludePad of [true, false]) {
      const B = pooled(plane, A, (on, padded) => mean(on, countIncludePad ? padded : on.length));
      await assertEverywhere(te.avgPool2d({ ...all, countIncludePad }), { A }, { B });
    }
  });
}

Deno.test("conv2d with padding on four sides is right everywhere", async () => {
  const plane: Plane = { ...image, ...plain, padding: [2, 0, 1, 3], dilation: [1, 2] };
  const [oh, ow] = outputOf(plane);
  const C = tensor(
    [2, oh, ow],
    (f = 0, y = 0, x = 0) =>
      total(2, (c) =>
        windowAt(plane, y, x).reduce((sum, [r, s], at) => {
          const a = r < 0 || s < 0 || r >= 6 || s >= 5 ? 0 : A[(c * 6 + r) * 5 + s] ?? NaN;
          return sum + a * (W[(f * 2 + c) * 6 + at] ?? NaN);
        }, 0)),
  );
  const f = te.conv2d({ ...image, filters: 2, kernel: [3, 2], padding: [2, 0, 1, 3], dilation: [1, 2] });
  await assertEverywhere(f, { A, W }, { C });
});

Deno.test("ceilMode drops a window that starts past the image, and a mean counts as PyTorch's does", () => {
  const shape = (options: Partial<Parameters<typeof te.maxPool2d>[0]>) =>
    signature(te.maxPool2d({ height: 4, width: 4, channels: 1, kernel: 2, stride: 2, ...options })).split(
      "B: ",
    )[1];
  assertEquals(shape({ padding: 1 }), "f32[1, 1, 3, 3])");
  // A fourth window would start at 5, which is past the image and the padding before it.
  assertEquals(shape({ padding: [1, 1, 2, 2], ceilMode: true }), "f32[1, 1, 3, 3])");
  assertEquals(shape({ kernel: 3, ceilMode: true }), "f32[1, 1, 2, 2])");
  assertEquals(shape({ kernel: 5, ceilMode: true }), "f32[1, 1, 1, 1])");
  // torch.nn.AvgPool2d(3, stride=2, padding=1, ceil_mode=True) of ones: the corner counts 9 or 4 elements.
  const ones = { A: new Float32Array(16).fill(1) };
  const pool = (countIncludePad: boolean) =>
    te.avgPool2d({
      height: 4,
      width: 4,
      channels: 1,
      kernel: 3,
      stride: 2,
      padding: 1,
      ceilMode: true,
      countIncludePad,
    });
  const two = 2 / 3;
  // Windows start at -1, 1 and 3; they hold 2, 3 and 1 of the image, and 3, 3 and 2 of the padded image.
  const along = [two, 1, 0.5];
  assertComputes(pool(true), ones, { B: along.flatMap((y) => along.map((x) => x * y)) });
  assertComputes(pool(false), ones, { B: new Array<number>(9).fill(1) });
});

Deno.test("options of pools that keep to their defaults add nothing to a program", () => {
  const pool = { ...image, kernel: 2, padding: 1 };
  const same = { padding: [1, 1, 1, 1], dilation: 1, ceilMode: false } as const;
  assertEquals(String(te.maxPool2d({ ...pool, ...same })), String(te.maxPool2d(pool)));
  assertEquals(String(te.avgPool2d({ ...pool, ...same, countIncludePad: true })), String(te.avgPool2d(pool)));
  const bare = { ...image, kernel: 2 };
  assertEquals(String(te.avgPool2d({ ...bare, countIncludePad: false })), String(te.avgPool2d(bare)));
});

Deno.test("options of pools that cannot be are refused", () => {
  const N = te.placeholder("N", [1, 2, 6, 5]);
  assertThrows(
    () => op.maxPool2d(N, { kernel: 2, dilation: 0 }),
    OptionError,
    "expected dilation of op.maxPool2d to be a positive integer below 2^31, or two of them in a list, got 0",
  );
  assertThrows(
    () => op.maxPool2d(N, { kernel: 2, countIncludePad: true } as op.PoolOptions),
    OptionError,
    `unknown option "countIncludePad" of op.maxPool2d`,
  );
  assertThrows(
    () => op.avgPool2d(N, { kernel: 2, ceilMode: 1 as unknown as boolean }),
    OptionError,
    "expected ceilMode of op.avgPool2d to be true or false, got 1",
  );
  assertThrows(
    () => op.maxPool2d(N, { kernel: 3, dilation: 3 }),
    te.TeError,
    "expected a window that fits the 6 x 5 image, got 3 x 3, in maxPool2d; use more padding",
  );
});
