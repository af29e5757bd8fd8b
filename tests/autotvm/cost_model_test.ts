import { assert, assertEquals, assertGreater } from "@std/assert";
import { CostModel, fitLegality } from "../../lib/autotvm/cost_model.ts";
import { KnobFeatures } from "../../lib/autotvm/knob_features.ts";
import { Rng } from "../../lib/base/random.ts";
import { isLegal, matmulSpace } from "./landscape.ts";

const row = (x: number) => Float64Array.of(x);

Deno.test("scores are learnt as shares of the best, failures as 0", () => {
  const rows = [1, 2, 3, 4, 5, 6].map(row);
  const model = new CostModel(rows, [undefined, undefined, 50, 50, 100, 100], {
    trees: { loss: "regression" },
  });
  assert(Math.abs(model.predict(row(1)) - 0) < 0.05);
  assert(Math.abs(model.predict(row(3)) - 0.5) < 0.05);
  assert(Math.abs(model.predict(row(6)) - 1) < 0.05);
});

Deno.test("learnt by rank, a prediction tells what is better than the middle", () => {
  const rows = [1, 2, 3, 4, 5, 6].map(row);
  const trees = { loss: "rank" } as const;
  const model = new CostModel(rows, [undefined, undefined, 50, 50, 100, 100], { trees });
  const [worst = NaN, middling = NaN, best = NaN] = [1, 3, 6].map((x) => model.predict(row(x)));
  assert(worst < middling && middling < best, `${worst} ${middling} ${best}`);
  assert(worst < 0 && best > 0);
  assertEquals(new CostModel([], [], { trees }).predict(row(1)), 0);
});

Deno.test("where everything failed every point is expected to be worth nothing", () => {
  const failed = [1, 2, 3].map(row), scores = [undefined, undefined, undefined];
  assertEquals(new CostModel(failed, scores, { trees: { loss: "regression" } }).predict(row(2)), 0);
});

Deno.test("a model is trusted as far as it ranks rows that it has not seen", () => {
  const rng = Rng.of(1);
  const rows = Array.from({ length: 60 }, () => Float64Array.of(rng.float(), rng.float()));
  const clear = new CostModel(rows, rows.map(([a = 0, b = 0]) => a + b / 4));
  const noise = new CostModel(rows, rows.map(() => rng.float()));
  assertGreater(clear.trust, 0.6);
  assert(noise.trust < 0.3 && noise.trust >= 0, `${noise.trust}`);
  // Nine rows can tell nothing.
  assertEquals(new CostModel(rows.slice(0, 9), rows.slice(0, 9).map(([a = 0]) => a)).trust, 0);
});

Deno.test("legality is learnt from what was rejected", () => {
  const space = matmulSpace("generic"), knobs = new KnobFeatures(space), rng = Rng.of(1);
  const points = Array.from({ length: 900 }, () => space.random(rng));
  const known = new Map(points.slice(0, 500).map((i) => [i, isLegal(space, i)]));
  const legality = fitLegality(known, (i) => knobs.of(i));
  const right = points.slice(500).filter((i) => (legality(i) > 0.5) === isLegal(space, i)).length;
  // Guessing "rejected" each time would be right for 78%.
  assertGreater(right / 400, 0.85);
  assert(points.every((i) => legality(i) >= 0 && legality(i) <= 1));
});

Deno.test("legality is expected everywhere while too little is known", () => {
  const checked = new Map([[0, true], [1, true], [2, false]]);
  assertEquals(fitLegality(checked, row)(2), 1);
});
