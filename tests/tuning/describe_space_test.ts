import { assert, assertEquals, assertThrows } from "@std/assert";
import { OptionError } from "../../lib/base/error.ts";
import { readSpace } from "../../lib/records/recorded_space.ts";
import { spaceFacts, trialSteps } from "../../lib/tuning/describe_space.ts";
import { simulate } from "../../lib/tuning/simulate.ts";

const recorded = await readSpace("notebooks/data/space_matmul_llvmpipe.arrows");
const points = [...recorded.points.values()];
const times = points.filter((p) => p.status === "ok").map((p) => p.ms).toSorted((a, b) => a - b);

Deno.test("the facts of a space are its points, its best, its preset, and how many are near the best", () => {
  const { points: count, bestMs, presetMs, presetShare, near } = spaceFacts(recorded);
  assertEquals([count, bestMs], [points.length, times[0]]);
  assertEquals(presetMs, recorded.points.get(recorded.space.preset)?.ms);
  assertEquals(presetShare, bestMs / presetMs);
  assertEquals(near, times.filter((ms) => bestMs / ms >= 0.95).length);
});

/** The search that notebook 04 shows, and what its prose says of it. */
Deno.test("the search of notebook 04 finds the best by its draft: at least a fifth faster, in 16 trials", () => {
  const tried = simulate(recorded, { tuner: "portfolio", start: "preset", seed: 1, budget: { trials: 16 } });
  const rows = trialSteps(recorded, tried), [preset] = rows;
  assertEquals([rows.length, preset?.changes, preset?.better], [16, "", true]);
  assertEquals(preset?.ms, spaceFacts(recorded).presetMs);
  const last = rows.findLast((r) => r.better);
  assert(last && last.trial > 1 && (preset?.ms ?? 0) / last.ms >= 1.2, JSON.stringify(last));
  let best = Infinity;
  for (const [k, row] of rows.entries()) {
    assertEquals([row.ms, row.status], [tried[k]?.ms, tried[k]?.status]);
    assertEquals(row.better, row.ms < best);
    best = Math.min(best, row.better ? row.ms : Infinity);
    assertEquals(row.changes === "", tried[k]?.index === recorded.space.preset);
    assert(/^(\w+=\S+( |$))*$/.test(row.changes), row.changes);
  }
});

Deno.test("what is no space is refused", () => {
  assertThrows(() => spaceFacts({} as never), OptionError);
  assertThrows(() => trialSteps(recorded, [1] as never), OptionError);
});
