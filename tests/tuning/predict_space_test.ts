import { assert, assertEquals } from "@std/assert";
import { predictSpace } from "../../lib/tuning/predict_space.ts";
import { recordedSpaces } from "../bench/recorded_space.ts";

Deno.test("a cost model is shown some points, and says of the others more than chance would", async () => {
  const recorded = (await recordedSpaces("llvmpipe")).get("softmax");
  assert(recorded);
  const rows = predictSpace(recorded, { seed: 1, learn: 48, next: 5 });
  const of = (kind: string) => rows.filter((r) => r.kind === kind);
  assertEquals([of("learnt").length, of("next").length], [48, 5]);
  assert(rows.length <= recorded.points.size && rows.length > recorded.points.size / 2);
  assertEquals(rows, predictSpace(recorded, { seed: 1, learn: 48, next: 5 }));
  // What it likes best is what it expects most of, among what it has not seen; and that is better than the rest.
  const least = Math.min(...of("next").map((r) => r.predicted));
  assert(of("unseen").every((r) => r.predicted <= least));
  const mean = (kind: string) => {
    const known = of(kind).map((r) => r.measured).filter(Number.isFinite);
    return known.reduce((a, b) => a + b, 0) / known.length;
  };
  assert(mean("next") > 1.5 * mean("unseen"), `${mean("next")} and ${mean("unseen")}`);
  assertEquals(Math.max(...rows.map((r) => r.measured).filter(Number.isFinite)), 1);
});
