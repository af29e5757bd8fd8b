import { assertAlmostEquals, assertEquals, assertGreater } from "@std/assert";
import { bestPoint } from "../../lib/tuning/simulate.ts";
import { dataTest } from "../data.ts";
import { kernelTunerSpaces, spaceOfCsv } from "./kernel_tuner_spaces.ts";
import { bestStrategy, REAL_MARKS, searchReal, strategiesOf } from "./real_spaces.ts";
import { type Contestant, contestants } from "./tuners.ts";

const fromScratch = (tuner: string) =>
  contestants.find((c) => c.tuner === tuner && c.start === "scratch") as Contestant;

Deno.test("a table of parameters and times is a space, whose empty times are failures", () => {
  const { space, points } = spaceOfCsv("block,shared,ms\n48,0,2.5\n16,1,\n16,0,1\n");
  assertEquals(space.knobs.map((k) => k.candidates), [[16, 48], [0, 1]]);
  assertEquals([...points.values()].map((p) => [p.index, p.status, p.ms]), [
    [2, "ok", 2.5],
    [1, "run", NaN],
    [0, "ok", 1],
  ]);
  assertEquals(space.refusal(3), "it was not recorded");
});

Deno.test("strategies are means over spaces, and the best is one at each mark", () => {
  const csv = "space,strategy,trials,mean_share_of_best\n" +
    ["a", "b"].flatMap((space) =>
      REAL_MARKS.flatMap((
        m,
        i,
      ) => [`${space},early,${m},0.${5 + (space === "a" ? 1 : 0)}`, `${space},late,${m},0.${4 + i}`])
    ).join("\n");
  const strategies = strategiesOf(csv);
  strategies.get("early")?.forEach((x) => assertAlmostEquals(x, 0.55));
  bestStrategy(strategies).forEach((x, i) => assertAlmostEquals(x, [0.55, 0.55, 0.6, 0.7][i] as number));
});

dataTest("the spaces of real GPUs have the sizes and bests that Kernel Tuner measured", async (find) => {
  const spaces = await kernelTunerSpaces(find());
  const points = [...spaces].map(([name, s]) => `${name} ${s.points.size} ${bestPoint(s).ms}`);
  assertEquals(points, [
    "convolution_a100 4362 0.5536",
    "convolution_a4000 4362 1.02117",
    "convolution_a6000 4362 0.603038",
    "convolution_w6600 4362 1.72762",
    "dedispersion_a100 11130 68.1166",
    "dedispersion_a4000 11130 147.698",
    "dedispersion_mi250x 11130 49.5725",
    "dedispersion_w6600 11130 135.081",
    "gemm_rtx_2080_ti 17956 11.4828",
    "gemm_rtx_3090 17956 5.65784",
  ]);
});

dataTest(
  "on spaces of real GPUs the default tuner is ahead of random points: a sample of the seeds",
  async (find) => {
    const spaces = await kernelTunerSpaces(find());
    const [own, random] = ["portfolio", "random"].map((t) => searchReal(spaces, fromScratch(t), [1, 2]));
    own?.mean.forEach((share, i) => assertGreater(share, random?.mean[i] ?? 1, `${REAL_MARKS[i]} trials`));
  },
);
