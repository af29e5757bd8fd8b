import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { tableFromArrays, tableFromIPC, tableToIPC } from "apache-arrow";
import { bestPoint, simulate } from "../../lib/tuning/simulate.ts";
import * as dlight from "../../lib/dlight/schedule.ts";
import { RecordError } from "../../lib/records/error.ts";
import type { SpacePoint } from "../../lib/records/measured_space.ts";
import {
  readSpace,
  type SpaceIdentity,
  spaceToTable,
  tableToSpace,
  writeSpace,
} from "../../lib/records/recorded_space.ts";
import { narrow } from "../../lib/space/narrow.ts";
import { targetOf } from "../../lib/target/profiles.ts";
import * as te from "../../lib/face/te.ts";

const func = te.softmax({ rows: 16, columns: 64 });
const target = targetOf("generic-webgpu");
const { rule, space: whole } = dlight.schedule(func, target);
const narrowing = { vectorize: [true] } as const;
const space = narrow(whole, narrowing);
const of: SpaceIdentity = { func, target, rule, narrowing, knobs: space.knobs };
/** Every other accepted point; each third of those failed. */
const points: readonly SpacePoint[] = Array.from({ length: space.size }, (_, i) => i)
  .filter((i) => i % 2 === 0 && space.accepts(i))
  .map((index, n) =>
    n % 3 === 0
      ? { index, status: "run", ms: NaN, samples: [], seconds: 0.1 }
      : { index, status: "ok", ms: 1 + (index * 37) % 101, samples: [1, 2], seconds: 0.2 }
  );

Deno.test("a recorded space is read as it was written, and refuses what was not recorded", async () => {
  const path = `${await Deno.makeTempDir()}/space.arrows`;
  await writeSpace(path, of, points);
  const read = await readSpace(path);
  assertEquals([...read.points.values()], [...points]);
  assertEquals([read.rule, read.narrowing, read.target], [rule, narrowing, target]);
  assertEquals(String(read.func), String(func));
  assertEquals(JSON.stringify(read.space.knobs), JSON.stringify(space.knobs));
  const accepted = Array.from({ length: space.size }, (_, i) => i).filter((i) => read.space.accepts(i));
  assertEquals(accepted, points.map((p) => p.index));
  assertEquals(read.space.count(), points.length);
});

Deno.test("a search replays on a recorded space: recorded points only, the same for the same seed", () => {
  const recorded = tableToSpace(spaceToTable(of, points));
  for (const tuner of ["random", "xgb"]) {
    const run = (seed: number) =>
      simulate(recorded, { tuner, start: "scratch", seed, budget: { trials: 40 } });
    const tried = run(1);
    assertEquals(tried.length, 40);
    assertEquals(new Set(tried.map((p) => p.index)).size, 40);
    assertEquals(tried, run(1));
    assertEquals(tried.every((p) => recorded.points.get(p.index) === p), true);
  }
  const all = simulate(recorded, { tuner: "grid", start: "scratch", seed: 0, budget: { trials: Infinity } });
  assertEquals(all.length, points.length);
  const least = Math.min(...points.filter((p) => p.status === "ok").map((p) => p.ms));
  assertEquals(bestPoint(recorded).ms, least);
});

Deno.test("what is no recorded space is refused", async () => {
  const table = spaceToTable(of, points);
  assertThrows(
    () => tableToSpace(tableFromArrays({ index: [1] })),
    RecordError,
    "expected a table with the metadata tunebook.space, got none",
  );
  const path = `${await Deno.makeTempDir()}/space.arrows`;
  await assertRejects(() => readSpace(path), RecordError, `reading ${path}`);
  const bytes = tableToIPC(table, "stream");
  await Deno.writeFile(path, bytes.subarray(0, 40));
  await assertRejects(() => readSpace(path), RecordError, "expected a recorded space, got an error");
  assertEquals(tableToSpace(tableFromIPC(bytes)).points.size, points.length);
});
