/** Norms over batches, groups, images and channels, against means and variances in doubles. */
import { assertThrows } from "@std/assert";
import fc from "fast-check";
import * as op from "../../lib/face/op.ts";
import * as te from "../../lib/face/te.ts";
import { assertResults, drawn } from "./drawn.ts";
import { arbDtype, arbSeed, tensor } from "./reference.ts";

const mean = (list: readonly number[]) => list.reduce((a, b) => a + b, 0) / list.length;
const variance = (list: readonly number[]) => mean(list.map((x) => (x - mean(list)) ** 2));

Deno.test("batchNorm normalizes each channel by known statistics", async () => {
  const shapes = { n: 2, m: 3 };
  for (const [axis, dtype] of [[undefined, "f32"], [-1, "f32"], [1, "f16"]] as const) {
    const d = axis === -1 ? 2 : 1, A = drawn("A", ["n", 4, "m"], { shapes, dtype });
    const c = d === 2 ? ["m"] : [4], [w, b, m] = ["w", "b", "m"].map((name) => drawn(name, c, { shapes }));
    const v = drawn("v", c, { shapes, from: 0.1, below: 2 });
    if (!w || !b || !m) return;
    const B = op.batchNorm(A.tensor, w.tensor, b.tensor, { mean: m.tensor, variance: v.tensor }, {
      eps: 1e-3,
      ...(axis === undefined ? {} : { axis }),
    });
    const wanted = tensor([2, 4, 3], (...at) => {
      const k = at[d] ?? NaN;
      return (A.at(...at) - m.at(k)) * w.at(k) / Math.sqrt(v.at(k) + 1e-3) + b.at(k);
    });
    await assertResults([A, w, b, m, v], [B], [wanted], {
      shapes,
      tolerance: dtype === "f16" ? 4e-3 : 2e-5,
      exact: 1e-6,
    });
  }
});

Deno.test("groupNorm normalizes groups of channels, and instanceNorm each of them", async () => {
  const arb = fc.record({
    groups: fc.constantFrom(1, 2, 3, 6),
    sizes: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 }),
    symbolic: fc.boolean(),
    dtype: arbDtype,
    seed: arbSeed,
  });
  type Case = { groups: number; sizes: number[]; symbolic: boolean; dtype: "f32" | "f16"; seed: number };
  const check = async (
    { groups, sizes, symbolic, dtype, seed }: Case,
    instance: boolean,
    everywhere: boolean,
  ) => {
    const shapes = Object.fromEntries([["n", 2], ...sizes.map((v, d) => [`s${d}`, v] as const)]);
    const A = drawn("A", ["n", 6, ...symbolic ? sizes.map((_, d) => `s${d}`) : sizes], {
      dtype,
      seed,
      shapes,
    });
    const w = drawn("w", [6], { seed }), b = drawn("b", [6], { seed }), own = instance ? 1 : 6 / groups;
    const B = instance
      ? op.instanceNorm(A.tensor, w.tensor, b.tensor, { eps: 0.01 })
      : op.groupNorm(A.tensor, w.tensor, b.tensor, { groups, eps: 0.01 });
    const group = (n: number, g: number) => {
      const list: number[] = [];
      tensor([own, ...sizes], (c = 0, ...at) => list.push(A.at(n, g * own + c, ...at)));
      return list;
    };
    const wanted = tensor([2, 6, ...sizes], (n = 0, c = 0, ...at) => {
      const all = group(n, Math.floor(c / own));
      return (A.at(n, c, ...at) - mean(all)) / Math.sqrt(variance(all) + 0.01) * w.at(c) + b.at(c);
    });
    await assertResults([A, w, b], [B], [wanted], {
      shapes,
      everywhere,
      tolerance: dtype === "f16" ? 1e-2 : 1e-4,
      exact: 1e-6,
    });
  };
  await fc.assert(fc.asyncProperty(arb, (c) => check(c, c.sizes.length > 0 && c.seed % 2 === 0, false)), {
    numRuns: 40,
  });
  for (const symbolic of [false, true]) {
    const c = { groups: 2, sizes: [3, 5], symbolic, dtype: "f32", seed: 1 } as const;
    await check({ ...c, sizes: [3, 5] }, false, true);
    await check({ ...c, sizes: [7] }, true, true);
  }
});

Deno.test("lrn divides by neighbouring channels", async () => {
  const shapes = { n: 2, c: 5 };
  for (const size of [1, 2, 3, 5, 8]) {
    const A = drawn("A", ["n", size % 2 ? "c" : 5, 3], { shapes });
    const B = op.lrn(A.tensor, { size, alpha: 0.5, beta: 0.6, bias: 1.5 });
    const wanted = tensor([2, 5, 3], (n = 0, c = 0, x = 0) => {
      let sum = 0;
      for (let k = c - Math.floor((size - 1) / 2); k <= c + Math.ceil((size - 1) / 2); k++) {
        sum += A.at(n, k, x) ** 2 || 0;
      }
      return A.at(n, c, x) / (1.5 + 0.5 / size * sum) ** 0.6;
    });
    await assertResults([A], [B], [wanted], { shapes, everywhere: size === 3 || size === 2, exact: 1e-6 });
  }
});

Deno.test("norms of what doesn't fit are refused", () => {
  const A = te.placeholder("A", [2, 4, 5]), w = te.placeholder("w", [4]), x = te.placeholder("x", [5]);
  const S = te.placeholder("S", [2, "c", 5]);
  const refused: readonly (readonly [() => te.Tensor, string])[] = [
    [
      () => op.batchNorm(A, w, x, { mean: w, variance: w }),
      "expected bias of shape [4] to match A's channels, got [5], in batchNorm",
    ],
    [
      () => op.batchNorm(A, w, w, { mean: w, variance: w }, { axis: 3 }),
      "expected axis from -3 to 2 for A of shape [2, 4, 5], got 3, in batchNorm",
    ],
    [
      () => op.groupNorm(A, w, w, { groups: 3 }),
      "expected groups that divide 4 channels, got 3, in groupNorm",
    ],
    [
      () => op.groupNorm(S, w, w, { groups: 2 }),
      "expected dimension 1 of A to be a number, got c, in groupNorm",
    ],
    [
      () => op.instanceNorm(A, x, w),
      "expected weight of shape [4] to match A's channels, got [5], in instanceNorm",
    ],
    [
      () => op.instanceNorm(te.placeholder("M", [2, 4]), w, w),
      "expected A of shape [n, c, size, …], got [2, 4], in instanceNorm",
    ],
    [() => op.lrn(x, { size: 3 }), "expected A of shape [n, c, …], got [5], in lrn"],
  ];
  for (const [build, says] of refused) assertThrows(build, te.TeError, says);
  assertThrows(
    () => op.batchNorm(A, w, w, {} as never),
    Error,
    "expected mean of op.batchNorm to be a tensor",
  );
  assertThrows(() => op.lrn(A, { size: 0 }), Error, "expected size of op.lrn to be a positive integer");
});
