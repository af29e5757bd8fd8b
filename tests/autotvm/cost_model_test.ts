import { assert, assertEquals, assertGreater } from "@std/assert";
import { fitLegality, fitScores } from "../../lib/autotvm/cost_model.ts";
import { KnobFeatures } from "../../lib/autotvm/knob_features.ts";
import { Rng } from "../../lib/space/rng.ts";
import { isLegal, matmulSpace } from "./landscape.ts";

const row = (x: number) => Float64Array.of(x);

Deno.test("scores are learnt as shares of the best, failures as 0", () => {
  const rows = [1, 2, 3, 4, 5, 6].map(row);
  const model = fitScores(rows, [undefined, undefined, 50, 50, 100, 100]);
  assert(Math.abs(model.predict(row(1)) - 0) < 0.05);
  assert(Math.abs(model.predict(row(3)) - 0.5) < 0.05);
  assert(Math.abs(model.predict(row(6)) - 1) < 0.05);
});

Deno.test("where everything failed every point is expected to be worth nothing", () => {
  assertEquals(
    fitScores([1, 2, 3].map(row), [undefined, undefined, undefined]).predict(row(2)),
    0,
  );
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
