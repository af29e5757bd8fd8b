import { assert, assertEquals } from "@std/assert";
import { tableFromIPC, tableToIPC } from "apache-arrow";
import { RECOMMENDED } from "../../lib/autotvm/recommended.ts";
import type { RecordedSpace } from "../../lib/records/recorded_space.ts";
import { recordedSpaces } from "./recorded_space.ts";
import {
  type Contestant,
  contestants,
  MARKS,
  meanShare,
  quartiles,
  rowsOf,
  run,
  shareAt,
  trialsTo,
  tuningTable,
} from "./tuners.ts";

const spaces = await recordedSpaces();
const SEEDS = Array.from({ length: 20 }, (_, i) => i + 1);
const contestant = (tuner: string, start: string) =>
  contestants.find((c) => c.tuner === tuner && c.start === start) as Contestant;

Deno.test("a run is looked up where it stands, and where it has ended", () => {
  const r = { share: [0, 0.5, 0.5, 0.96], seconds: [1, 2, 3, 4] };
  assertEquals([1, 2, 3, 4, 512].map((t) => shareAt(r, t)), [0, 0.5, 0.5, 0.96, 0.96]);
  assertEquals(trialsTo(r, 0.5), 2);
  assertEquals(trialsTo(r, 0.97), Infinity);
  assertEquals(quartiles([Infinity, 1, 3, 2]), [1, 2, 3]);
});

Deno.test("the table keeps the marks that were reached, the trial of 95% and the end", () => {
  const share = [...Array<number>(5).fill(0.5), 0.96, 0.96, 0.96, 0.96, 1];
  const rows = rowsOf("s", contestant("ga", "preset"), 3, { share, seconds: share.map((_, i) => i) });
  assertEquals(rows.map((r) => r.trial), [4, 6, 8, 10]);
  const table = tableFromIPC(tableToIPC(tuningTable(rows), "stream"));
  assertEquals([...table.getChild("trial") ?? []], [4, 6, 8, 10]);
  assertEquals(table.get(3)?.toJSON().share, 1);
});

Deno.test("a search on a recorded space is the same each time, and ends with the best point", () => {
  const [space] = [...spaces.values()] as [RecordedSpace];
  const again = () => run(space, contestant("droplet", "scratch"), { seed: 2, trials: space.points.size });
  const { share, seconds } = again();
  assertEquals(again(), { share, seconds });
  assertEquals(share.at(-1), 1);
  assert(share.every((s, i) => i === 0 || s >= (share[i - 1] ?? 0)));
});
