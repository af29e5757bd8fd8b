/** Operators that move elements along dimensions, against positions written out in the test. */
import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { interpret } from "../../lib/interp/interpret.ts";
import * as op from "../../lib/face/op.ts";
import * as te from "../../lib/face/te.ts";
import { assertResults, drawn, shown } from "./drawn.ts";
import { arbSeed, tensor } from "./reference.ts";

const arbType = fc.constantFrom("f32", "f16", "i32", "u32", "bool");

Deno.test("permuteDims puts dimensions in any order", async () => {
  const arbAxes = fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 });
  await fc.assert(
    fc.asyncProperty(arbAxes, arbType, arbSeed, async (axes, dtype, seed) => {
      const shapes = { n: 3 }, A = drawn("A", [2, "n", 1, 4], { dtype, seed, shapes });
      const B = op.permuteDims(A.tensor, { axes: axes.map((d) => seed % 2 ? d : d - 4) });
      assertEquals(B.dtype, dtype);
      const wanted = tensor(axes.map((d) => A.shape[d] ?? 0), (...at) => {
        const from: number[] = [];
        axes.forEach((d, k) => from[d] = at[k] ?? NaN);
        return A.at(...from);
      });
      await assertResults([A], [B], [wanted], { shapes, everywhere: false });
    }),
    { numRuns: 30 },
  );
  const A = drawn("A", [2, 3, 5]);
  await assertResults([A], [op.permuteDims(A.tensor)], [
    tensor([5, 3, 2], (i = 0, j = 0, k = 0) => A.at(k, j, i)),
  ]);
});

Deno.test("broadcastTo repeats extents of 1, and adds leading ones", async () => {
  const shapes = { n: 3, m: 2 }, A = drawn("A", ["n", 1, 2], { shapes, dtype: "bool" });
  const wanted = tensor([2, 3, 4, 2], (_ = 0, j = 0, _k = 0, l = 0) => A.at(j, 0, l));
  await assertResults([A], [op.broadcastTo(A.tensor, ["m", "n", 4, 2])], [wanted], { shapes });
  const s = drawn("s", []);
  await assertResults([s], [op.broadcastTo(s.tensor, [2, "n"])], [tensor([2, 3], () => s.at())], { shapes });
});

Deno.test("pad puts elements around a tensor", async () => {
  const around: Readonly<Record<op.PadMode, (i: number, n: number) => number>> = {
    constant: (i) => i,
    edge: (i, n) => i < 0 ? 0 : i >= n ? n - 1 : i,
    wrap: (i, n) => ((i % n) + n) % n,
    reflect: (i, n) => i < 0 ? -i : i >= n ? 2 * n - 2 - i : i,
  };
  const side = fc.nat(2),
    arb = fc.record({
      padding: fc.array(fc.tuple(side, side), { minLength: 2, maxLength: 2 }),
      mode: fc.constantFrom(...Object.keys(around) as op.PadMode[]),
      dtype: arbType,
      seed: arbSeed,
    });
  const check = async (
    o: {
      padding: [number, number][];
      mode: op.PadMode;
      dtype: "f32" | "bool" | "f16" | "i32" | "u32";
      seed: number;
    },
    everywhere: boolean,
  ) => {
    const { padding, mode, dtype, seed } = o,
      shapes = { n: 3 },
      A = drawn("A", ["n", 4], { dtype, seed, shapes });
    const value = dtype === "bool" ? 1 : 7,
      all = [3, 4].map((n, d) => n + (padding[d]?.[0] ?? 0) + (padding[d]?.[1] ?? 0));
    const wanted = tensor(all, (i = 0, j = 0) => {
      const x = A.at(
        around[mode](i - (padding[0]?.[0] ?? 0), 3),
        around[mode](j - (padding[1]?.[0] ?? 0), 4),
      );
      return Number.isNaN(x) ? value : x;
    });
    await assertResults([A], [op.pad(A.tensor, { padding, mode, value })], [wanted], { shapes, everywhere });
  };
  await fc.assert(fc.asyncProperty(arb, (o) => check(o, false)), { numRuns: 60 });
  for (const mode of Object.keys(around) as op.PadMode[]) {
    await check({ padding: [[2, 1], [1, 2]], mode, dtype: "f32", seed: 1 }, true);
  }
});

Deno.test("slice is Python's slice along each axis", async () => {
  const bound = fc.oneof(fc.integer({ min: -9, max: 9 }), fc.constant(null));
  const arb = fc.tuple(
    fc.integer({ min: 1, max: 7 }),
    bound,
    bound,
    fc.constantFrom(1, 2, 3, -1, -2, -3),
    fc.boolean(),
  );
  const chosen = (n: number, from: number | null, to: number | null, stride: number) => {
    // Python takes a position from the end first, and then to the nearest that there is.
    const clamp = (x: number, low: number, high: number) => Math.min(Math.max(x < 0 ? x + n : x, low), high);
    const list: number[] = [];
    if (stride > 0) {
      for (
        let i = from === null ? 0 : clamp(from, 0, n);
        i < (to === null ? n : clamp(to, 0, n));
        i += stride
      ) list.push(i);
    } else {
      for (
        let i = from === null ? n - 1 : clamp(from, -1, n - 1);
        i > (to === null ? -1 : clamp(to, -1, n - 1));
        i += stride
      ) {
        list.push(i);
      }
    }
    return list;
  };
  await fc.assert(
    fc.asyncProperty(arb, async ([n, from, to, stride, symbolic]) => {
      const shapes = { n }, A = drawn("A", [2, symbolic ? "n" : n], { shapes, dtype: "i32" });
      const list = chosen(n, from, to, stride);
      const inside = (x: number | null, least: number) => x === null || (x >= -n && x <= n - 1 + least);
      if (symbolic && !(inside(from, 0) && inside(to, stride > 0 ? 1 : 0))) return;
      const build = () => op.slice(A.tensor, { begin: [from], end: [to], strides: [stride], axes: [-1] });
      if (list.length === 0) return;
      const wanted = tensor([2, list.length], (i = 0, k = 0) => A.at(i, list[k] ?? NaN));
      await assertResults([A], [build()], [wanted], { shapes, everywhere: false });
    }),
    { numRuns: 300 },
  );
  const shapes = { n: 8 }, A = drawn("A", ["n", 5], { shapes });
  const B = op.slice(A.tensor, { begin: [-2, null], end: [2, null], strides: [-3, 2] });
  await assertResults([A], [B], [tensor([2, 3], (i = 0, j = 0) => A.at(6 - 3 * i, 2 * j))], { shapes });
  const last = op.slice(A.tensor, { begin: [-2] });
  assertEquals(shown(last), "f32[2, 5]");
});

Deno.test("a slice that a run's extents don't have is refused", () => {
  const A = te.placeholder("A", ["n"]);
  const refused: readonly (readonly [op.SliceOptions, number])[] = [
    [{ begin: [3] }, 3],
    [{ begin: [-4] }, 3],
    [{ begin: [0], end: [4] }, 3],
    [{ begin: [1], end: [-2] }, 3],
    [{ begin: [4], strides: [-1] }, 4],
  ];
  for (const [options, n] of refused) {
    const f = te.primFunc("f", [A, op.slice(A, options)]);
    const run = (n: number) => interpret(f, { A: new Float32Array(n) }, { shapes: { n } });
    run(n + 1);
    assertThrows(() => run(n), Error, "because the slice lies within an extent of n and has an element");
  }
});

Deno.test("flip, roll, repeat and tile move elements along axes", async () => {
  const shapes = { n: 5 }, A = drawn("A", ["n", 1, 3], { shapes, dtype: "i32" });
  const mod = (i: number, n: number) => ((i % n) + n) % n;
  const cases: readonly (readonly [te.Tensor, readonly number[], (...at: number[]) => number])[] = [
    [op.flip(A.tensor), [5, 1, 3], (i = 0, _ = 0, k = 0) => A.at(4 - i, 0, 2 - k)],
    [op.flip(A.tensor, { axis: -1 }), [5, 1, 3], (i = 0, _ = 0, k = 0) => A.at(i, 0, 2 - k)],
    [
      op.roll(A.tensor, { shift: [7, -2], axis: [0, 2] }),
      [5, 1, 3],
      (i = 0, _ = 0, k = 0) => A.at(mod(i - 7, 5), 0, mod(k + 2, 3)),
    ],
    [op.repeat(A.tensor, { repeats: 2 }), [5, 1, 6], (i = 0, _ = 0, k = 0) => A.at(i, 0, Math.floor(k / 2))],
    [
      op.repeat(A.tensor, { repeats: 3, axis: 0 }),
      [15, 1, 3],
      (i = 0, _ = 0, k = 0) => A.at(Math.floor(i / 3), 0, k),
    ],
    [op.tile(A.tensor, [2, 1, 2]), [10, 1, 6], (i = 0, _ = 0, k = 0) => A.at(i % 5, 0, k % 3)],
    [op.tile(A.tensor, [2]), [5, 1, 6], (i = 0, _ = 0, k = 0) => A.at(i, 0, k % 3)],
    [op.tile(A.tensor, [2, 1, 3, 1]), [2, 5, 3, 3], (_ = 0, i = 0, _j = 0, k = 0) => A.at(i, 0, k)],
  ];
  for (const [B, shape, value] of cases) await assertResults([A], [B], [tensor(shape, value)], { shapes });
});

Deno.test("movements that don't fit are refused", () => {
  const A = te.placeholder("A", [4, 3]), I = te.placeholder("I", [4], "i32");
  const refused: readonly (readonly [() => te.Tensor, string])[] = [
    [() => op.pad(A, { padding: [[1, 1]] }), "expected 2 pairs in padding, one for each axis, got 1, in pad"],
    [
      () => op.pad(A, { padding: [[0, 0], [0, 3]], mode: "reflect" }),
      "expected padding below 3 to reflect A's [4, 3], got 3, in pad",
    ],
    [
      () => op.pad(I, { padding: [[1, 1]], value: 0.5 }),
      "expected value to be a number of i32, got 0.5, in pad",
    ],
    [
      () => op.slice(A, { begin: [2], end: [2] }),
      "expected a slice with elements, got none from 2 to 2 by 1 of dimension 0 of extent 4, in slice",
    ],
    [
      () => op.slice(A, { begin: [0, 0], end: [1] }),
      "expected 2 positions in end, one for each axis, got 1, in slice",
    ],
    [
      () => op.slice(A, { begin: [0, 0, 0] }),
      "expected axis from -2 to 1 for A of shape [4, 3], got 2, in slice",
    ],
    [() => op.flip(A, { axis: 2 }), "expected axis from -2 to 1 for A of shape [4, 3], got 2, in flip"],
    [() => op.roll(A, { shift: 1, axis: [0, 1] }), "expected 2 shifts, one for each axis, got 1, in roll"],
    [
      () => op.repeat(A, { repeats: 2, axis: 2 }),
      "expected axis from -2 to 1 for A of shape [4, 3], got 2, in repeat",
    ],
  ];
  for (const [build, says] of refused) assertThrows(build, te.TeError, says);
  assertThrows(
    () => op.pad(A, { padding: [[-1, 0], [0, 0]] }),
    Error,
    "expected padding[0][0] of op.pad to be an integer",
  );
  assertThrows(() => op.slice(A, { begin: [0], strides: [0] }), Error, "to be an integer, and not 0");
  assertThrows(() => op.tile(A, [0]), Error, "expected repeats[0] of op.tile");
});
