/** Operators that move elements along dimensions, against positions written out in the test. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import * as op from "../../lib/face/op.ts";
import { assertResults, drawn } from "./drawn.ts";
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
