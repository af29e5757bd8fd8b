/** Simulated searches: is the model worth its while where the budget is 64 trials? */
import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { createTuner, type TunerName } from "../../lib/autotvm/create_tuner.ts";
import { AUTOTVM_DEFAULTS, XgbTuner } from "../../lib/autotvm/xgb.ts";
import {
  derivedFeatures,
  isLegal,
  matmulSpace,
  type Personality,
  type Preset,
  speedOf,
} from "./landscape.ts";

const TRIALS = 64;
const SEEDS = [1, 2, 3];
const spaces = { generic: matmulSpace("generic"), good: matmulSpace("good") };

/** The best of each seed's search, worst first. */
function bestOf(name: TunerName, start: "preset" | "scratch", preset: Preset, device: Personality): number[] {
  const space = spaces[preset];
  return SEEDS.map((seed) => {
    const features = (index: number) => derivedFeatures(space, index);
    const tuner = createTuner(name, { space, seed, start, features });
    let best = 0;
    for (let trials = 0; trials < TRIALS; trials += 8) {
      const results = tuner.ask(8).map((index) => ({ index, score: speedOf(space, index, device) }));
      tuner.tell(results);
      best = Math.max(best, ...results.map((r) => r.score ?? 0));
    }
    return best;
  }).sort((a, b) => a - b);
}
const mean = (list: readonly number[]) => list.reduce((a, b) => a + b) / list.length;
const median = (list: readonly number[]) => list[list.length >> 1] ?? NaN;

for (const device of ["cpuLike", "gpuLike"] as const) {
  const random = bestOf("random", "scratch", "generic", device);

  Deno.test(`${device}: the model beats random draws from scratch, in 64 trials`, () => {
    assertGreater(mean(bestOf("xgb", "scratch", "generic", device)), 1.25 * mean(random));
  });

  Deno.test(`${device}: from the generic preset it beats them by half, and in every seed their median`, () => {
    const found = bestOf("xgb", "preset", "generic", device);
    assertGreater(mean(found), 1.5 * mean(random));
    assertGreater(found[0] ?? 0, median(random));
  });
}

Deno.test("from a preset of the right kind it is near the best at once, and never below the preset", () => {
  const space = spaces.good;
  const preset = speedOf(space, space.preset, "cpuLike") ?? 0;
  const found = bestOf("xgb", "preset", "good", "cpuLike");
  assert(found.every((best) => best >= preset));
  // The best that 300,000 random points have is 8.3.
  assertGreater(mean(found), 8);
});

Deno.test("a preset of the wrong kind does not hold the search back", () => {
  const preset = speedOf(spaces.good, spaces.good.preset, "gpuLike") ?? 0;
  assertLess(preset, 0.5);
  assertGreater(mean(bestOf("xgb", "preset", "good", "gpuLike")), 5);
});

for (const drafts of ["knobs", "loops"] as const) {
  Deno.test(`AutoTVM's own sizes, seeing ${drafts}: 64 random points, then plans of 64 that are better`, () => {
    const space = spaces.generic;
    let looked = 0;
    const features = (index: number) => (looked++, derivedFeatures(space, index));
    const tuner = new XgbTuner({
      space,
      seed: 1,
      start: "scratch",
      features,
      valid: (index) => isLegal(space, index),
      ...AUTOTVM_DEFAULTS,
      drafts,
    });
    const medians = [0, 1, 2].map(() => {
      const results = tuner.ask(64).map((index) => ({ index, score: speedOf(space, index, "cpuLike") ?? 0 }));
      tuner.tell(results);
      return median(results.map((r) => r.score).sort((a, b) => a - b));
    });
    assertGreater(medians[1] ?? 0, 1.5 * (medians[0] ?? NaN));
    assertGreater(medians[2] ?? 0, 1.5 * (medians[0] ?? NaN));
    // Loops are looked at wherever the annealing goes; knobs alone need no schedule at all.
    if (drafts === "knobs") assertEquals(looked, 0);
    else assertGreater(looked, 2000);
  });
}

Deno.test("planning 8 points costs well under a second", () => {
  const space = spaces.generic;
  const features = (index: number) => derivedFeatures(space, index);
  const tuner = createTuner("xgb", { space, seed: 1, start: "preset", features });
  let slowest = 0;
  for (let plan = 0; plan < 20; plan++) {
    const begin = performance.now();
    const asked = tuner.ask(8);
    slowest = Math.max(slowest, performance.now() - begin);
    tuner.tell(asked.map((index) => ({ index, score: speedOf(space, index, "cpuLike") })));
  }
  assertLess(slowest, 1000);
});
