import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { OptionError } from "../../lib/base/error.ts";
import type { NumberArray } from "../../lib/interp/interpret.ts";
import { verifyFunc } from "../../lib/ir/verify.ts";
import * as te from "../../lib/face/te.ts";
import {
  ACTIVATION,
  arbActivation,
  arbDtype,
  arbGiven,
  arbSeed,
  assertComputes,
  Random,
  shapesOf,
  tensor,
  total,
} from "./reference.ts";

type Layout = "NCHW" | "NHWC";
type Four = readonly [n: number, c: number, y: number, x: number];

/** Element (n, c, y, x) of an image with `shape` channels, rows and columns; `outside` of it, that. */
function pixel(
  A: NumberArray,
  layout: Layout,
  [channels, height, width]: readonly [number, number, number],
  [n, c, y, x]: Four,
  outside: number,
): number {
  if (y < 0 || x < 0 || y >= height || x >= width) return outside;
  const at = layout === "NCHW"
    ? ((n * channels + c) * height + y) * width + x
    : ((n * height + y) * width + x) * channels + c;
  return A[at] ?? NaN;
}
/** The tensor of `f` over images, in the order of the layout. */
function image(layout: Layout, [n, c, h, w]: Four, f: (...at: Four) => number): readonly number[] {
  return layout === "NCHW"
    ? tensor([n, c, h, w], (n = 0, c = 0, y = 0, x = 0) => f(n, c, y, x))
    : tensor([n, h, w, c], (n = 0, y = 0, x = 0, c = 0) => f(n, c, y, x));
}

const small = fc.integer({ min: 1, max: 3 });
const arbWindow = fc.record({
  batch: arbGiven("batch", fc.integer({ min: 1, max: 2 })),
  height: fc.integer({ min: 3, max: 7 }),
  width: fc.integer({ min: 3, max: 7 }),
  kernel: fc.tuple(small, small),
  stride: fc.tuple(small, small),
  padding: fc.tuple(fc.nat(1), fc.nat(1)),
  layout: fc.constantFrom<Layout>("NCHW", "NHWC"),
  dtype: arbDtype,
});
const out = (size: number, kernel: number, stride: number, padding: number, dilation = 1) =>
  Math.floor((size + 2 * padding - dilation * (kernel - 1) - 1) / stride) + 1;

Deno.test("conv2d sums over its window and its group's channels, with zeros around the image", () => {
  const arb = fc.record({
    window: arbWindow,
    dilation: fc.tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 2 })),
    groups: small,
    own: small,
    each: small,
    epilogue: fc.record({ bias: fc.boolean(), activation: arbActivation, residual: fc.boolean() }),
  });
  fc.assert(
    fc.property(arb, arbSeed, ({ window, dilation, groups, own, each, epilogue }, seed) => {
      const { batch, height, width, kernel, stride, padding, layout, dtype } = window;
      const oh = out(height, kernel[0], stride[0], padding[0], dilation[0]);
      const ow = out(width, kernel[1], stride[1], padding[1], dilation[1]);
      fc.pre(oh >= 1 && ow >= 1);
      const channels = groups * own, filters = groups * each, n = batch.value;
      const f = te.conv2d({ ...window, batch: batch.dim, channels, filters, groups, dilation, ...epilogue });
      verifyFunc(f);
      const random = new Random(seed);
      const A = random.floats(n * channels * height * width, dtype);
      const W = random.floats(filters * own * kernel[0] * kernel[1], dtype);
      const bias = random.floats(filters, dtype), residual = random.floats(n * filters * oh * ow, dtype);
      const weight = (f: number, c: number, i: number, j: number) =>
        W[
          layout === "NCHW"
            ? ((f * own + c) * kernel[0] + i) * kernel[1] + j
            : ((i * kernel[1] + j) * own + c) * filters + f
        ] ?? NaN;
      const C = image(layout, [n, filters, oh, ow], (n, f, y, x) => {
        const sum = total(own, (c) =>
          total(kernel[0], (i) =>
            total(kernel[1], (j) => {
              const row = y * stride[0] + i * dilation[0] - padding[0];
              const column = x * stride[1] + j * dilation[1] - padding[1];
              const channel = Math.floor(f / each) * own + c;
              return pixel(A, layout, [channels, height, width], [n, channel, row, column], 0) *
                weight(f, c, i, j);
            })));
        const shifted = epilogue.bias ? sum + (bias[f] ?? NaN) : sum;
        const rest = epilogue.residual ? pixel(residual, layout, [filters, oh, ow], [n, f, y, x], 0) : 0;
        return ACTIVATION[epilogue.activation](shifted) + rest;
      });
      const extra = { ...(epilogue.bias ? { bias } : {}), ...(epilogue.residual ? { residual } : {}) };
      assertComputes(f, { A, W, ...extra }, { C }, shapesOf(batch));
    }),
    { numRuns: 60 },
  );
});

Deno.test("pools take the largest, or the mean, of each window", () => {
  fc.assert(
    fc.property(arbWindow, small, arbSeed, (window, channels, seed) => {
      const { batch, height, width, kernel, stride, padding, layout, dtype } = window;
      const oh = out(height, kernel[0], stride[0], padding[0]),
        ow = out(width, kernel[1], stride[1], padding[1]);
      fc.pre(padding.every((p, d) => p < (kernel[d] ?? 0)));
      const n = batch.value;
      const A = new Random(seed).floats(n * channels * height * width, dtype);
      const windows = (outside: number, reduce: (list: readonly number[]) => number) =>
        image(layout, [n, channels, oh, ow], (n, c, y, x) =>
          reduce(tensor(kernel, (i = 0, j = 0) => {
            const at: Four = [n, c, y * stride[0] + i - padding[0], x * stride[1] + j - padding[1]];
            return pixel(A, layout, [channels, height, width], at, outside);
          })));
      const options = { ...window, batch: batch.dim, channels };
      const most = te.maxPool2d(options), mean = te.avgPool2d(options);
      verifyFunc(most);
      verifyFunc(mean);
      assertComputes(most, { A }, { B: windows(-Infinity, (list) => Math.max(...list)) }, shapesOf(batch), 0);
      const B = windows(0, (list) => list.reduce((a, b) => a + b) / list.length);
      assertComputes(mean, { A }, { B }, shapesOf(batch));
    }),
    { numRuns: 60 },
  );
});

Deno.test("the global mean is that of each channel's plane", () => {
  fc.assert(
    fc.property(arbWindow, small, arbSeed, ({ batch, height, width, layout, dtype }, channels, seed) => {
      const f = te.globalAvgPool2d({ batch: batch.dim, channels, height, width, layout, dtype });
      verifyFunc(f);
      const A = new Random(seed).floats(batch.value * channels * height * width, dtype);
      const B = tensor(
        [batch.value, channels],
        (n = 0, c = 0) =>
          total(
            height,
            (y) => total(width, (x) => pixel(A, layout, [channels, height, width], [n, c, y, x], 0)),
          ) /
          (height * width),
      );
      assertComputes(f, { A }, { B }, shapesOf(batch));
    }),
    { numRuns: 30 },
  );
});

Deno.test("a convolution of groups of one channel is called depthwise", () => {
  const options = { height: 8, width: 8, channels: 4, kernel: 3 };
  assertEquals(te.conv2d({ ...options, filters: 4, groups: 4 }).name, "depthwise_conv2d");
  assertEquals(te.conv2d({ ...options, filters: 4, groups: 2 }).name, "conv2d");
});

Deno.test("windows that cannot be are refused", () => {
  const image = { height: 8, width: 6, channels: 4, kernel: 3 };
  const refused = (more: Partial<Parameters<typeof te.conv2d>[0]>, says: string) =>
    assertThrows(() => te.conv2d({ ...image, filters: 4, ...more }), te.TeError, says);
  const impossible = (more: Partial<Parameters<typeof te.conv2d>[0]>, says: string) =>
    assertThrows(() => te.conv2d({ ...image, filters: 4, ...more }), OptionError, says);
  const extent = "of te.conv2d to be a positive integer below 2^31";
  impossible({ height: 0 }, `expected height ${extent}, got 0`);
  impossible({ channels: 1.5 }, `expected channels ${extent}, got 1.5`);
  impossible({ filters: -4 }, `expected filters ${extent}, got -4`);
  impossible({ kernel: [3, 0] }, `expected kernel[1] ${extent}, got 0`);
  impossible({ stride: 0 }, `expected stride ${extent}, or two of them in a list, got 0`);
  impossible({ dilation: [1, 2.5] }, `expected dilation[1] ${extent}, got 2.5`);
  impossible({ groups: 0 }, `expected groups ${extent}, got 0`);
  impossible({ padding: [1, -1] }, "expected padding[1] of te.conv2d to be an integer of at least 0, got -1");
  impossible({ padding: 0.5 }, "expected padding of te.conv2d to be an integer of at least 0");
  refused(
    { groups: 3 },
    "expected groups to divide channels and filters, got 3 groups of 4 channels and 4 filters, in conv2d",
  );
  refused({ filters: 6, groups: 4 }, "got 4 groups of 4 channels and 6 filters");
  refused(
    { kernel: [3, 7] },
    "expected a window that fits the 8 x 6 image, got 3 x 7, in conv2d; use more padding",
  );
  refused({ dilation: 4 }, "expected a window that fits the 8 x 6 image");
  assertThrows(
    () => te.maxPool2d({ ...image, kernel: 9 }),
    te.TeError,
    "expected a window that fits the 8 x 6 image, got 9 x 9, in maxPool2d",
  );
  assertThrows(
    () => te.avgPool2d({ ...image, width: NaN }),
    OptionError,
    "expected width of te.avgPool2d to be a positive integer below 2^31, got NaN",
  );
  assertThrows(
    () => te.globalAvgPool2d({ height: 8, width: 6, channels: 0 }),
    OptionError,
    "expected channels of te.globalAvgPool2d to be a positive integer below 2^31, got 0",
  );
});
