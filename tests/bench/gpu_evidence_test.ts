/** What is assumed of real GPUs, against what others measured on them. */
import { assertAlmostEquals, assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import { estimatedNs } from "../../lib/estimate/time.ts";
import { dataTest } from "../data.ts";
import { PRESETS } from "../../lib/dlight/presets.ts";
import { productBanks } from "./gpu_evidence/banks.ts";
import { gemmPoints, nvidiaCard, shareOfTile } from "./gpu_evidence/gemm_points.ts";
import { rankCorrelation, shareOfBest } from "./gpu_evidence/ranks.ts";

Deno.test("rank correlation and shares of the best are right on small lists", () => {
  assertEquals(rankCorrelation([1, 2, 3], [10, 20, 30]), 1);
  assertEquals(rankCorrelation([1, 2, 3], [3, 2, 1]), -1);
  // By hand: ranks 0, 1.5, 1.5, 3 and 0, 1, 2, 3.
  assertAlmostEquals(rankCorrelation([1, 2, 2, 3], [1, 2, 3, 4]), 4.5 / Math.sqrt(4.5 * 5));
  assertEquals(shareOfBest([3, 1, 2], [10, 20, 40], 1), 0.5);
  assertEquals(shareOfBest([3, 1, 2], [10, 20, 40], 3), 1);
});

for (const card of ["rtx_3090", "rtx_2080_ti"]) {
  dataTest(`the estimate orders SGEMM's tiles as ${card} does`, async (find) => {
    const points = await gemmPoints(find(), card), ms = points.map((p) => p.ms);
    const estimates = points.map((p) => estimatedNs(p.func, nvidiaCard()));
    assertEquals(points.length, 352);
    assertGreater(rankCorrelation(estimates, ms), 0.85);
    assertGreater(shareOfBest(estimates, ms, 1), 0.85);
    assertGreater(shareOfBest(estimates, ms, 8), 0.93);
    assertGreater(shareOfTile(points, PRESETS.nvidia.matmul), 0.9);
  });
}

for (const profile of ["nvidia", "amd"] as const) {
  Deno.test(`products at the presets of ${profile} are not bound by banks of workgroup memory`, () => {
    for (const transposeB of [false, true]) {
      const [least, most] = productBanks(profile, transposeB);
      assertGreater(least, 0);
      assertLessOrEqual(most, 1);
    }
  });
}
