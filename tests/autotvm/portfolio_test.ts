import { assertEquals, assertGreater } from "@std/assert";
import { createTuner, tunerNames } from "../../lib/autotvm/create_tuner.ts";
import { PortfolioTuner } from "../../lib/autotvm/portfolio.ts";
import { RECOMMENDED } from "../../lib/autotvm/recommended.ts";
import { ConfigSpace } from "../../lib/space/config_space.ts";
import { splitKnob } from "../../lib/space/knob.ts";
import { derivedFeatures, matmulSpace, speedOf } from "./landscape.ts";

const large = matmulSpace("generic");
const few = new ConfigSpace([
  splitKnob("i", 512, { parts: 3, preset: [8, 4] }),
  splitKnob("j", 512, { parts: 3, preset: [8, 4] }),
]);

Deno.test("the portfolio says whom it has picked: by knobs, and by how far the search is", () => {
  const pickedAt = (space: ConfigSpace, trials: readonly number[], more = {}) => {
    const tuner = new PortfolioTuner({ space, seed: 1, start: "preset", ...more });
    let asked = 0;
    return trials.map((t) => {
      tuner.tell(tuner.ask(t - asked).map((index) => ({ index, score: 1 + index % 7 })));
      asked = t;
      return tuner.picked;
    });
  };
  assertEquals(pickedAt(large, [0, 31, 32, 64]), ["droplet", "droplet", "bayes", "evolution"]);
  assertEquals(pickedAt(few, [0, 32, 64]), ["droplet", "bayes", "bayes"]);
  const estimate = (index: number) => index % 13;
  assertEquals(pickedAt(few, [0, 15, 16, 32], { estimate }), ["draft", "draft", "droplet", "bayes"]);
});

Deno.test("the portfolio resumes with whom it had picked", () => {
  const tuner = new PortfolioTuner({ space: large, seed: 1, start: "scratch" });
  tuner.tell(Array.from({ length: 50 }, (_, index) => ({ index, score: 1 + index % 5 })));
  assertEquals(tuner.picked, "evolution");
});

for (const device of ["cpuLike", "gpuLike"] as const) {
  Deno.test(`${device}: the portfolio beats random points from scratch by a quarter, knowing nothing of the device`, () => {
    const mean = (name: string) =>
      [1, 2, 3, 4].reduce((sum, seed) => {
        const features = (index: number) => derivedFeatures(large, index);
        const tuner = createTuner(name, { space: large, seed, start: "scratch", features });
        let best = 0;
        for (let trials = 0; trials < 64; trials += 8) {
          const told = tuner.ask(8).map((index) => ({ index, score: speedOf(large, index, device) }));
          tuner.tell(told);
          best = Math.max(best, ...told.map((t) => t.score ?? 0));
        }
        return sum + best / 4;
      }, 0);
    assertGreater(mean("portfolio"), 1.25 * mean("random"));
  });
}

Deno.test("the docs have every tuner and the budgets that it is recommended for", async () => {
  const page = await Deno.readTextFile(new URL("../../docs/search.md", import.meta.url));
  for (const name of tunerNames) {
    const row = page.split("\n").find((line) => line.startsWith(`| \`${name}\``)) ?? "";
    const { from, to } = RECOMMENDED[name] ?? {};
    const budget = from === undefined ? "" : to === Infinity ? `from ${from}` : `${from} – ${to}`;
    assertEquals(row.split("|").at(3)?.trim(), budget, name);
  }
});
