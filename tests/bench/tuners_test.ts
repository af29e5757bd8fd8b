import { assert, assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import { tableFromIPC, tableToIPC } from "apache-arrow";
import { type TunerName, tunerNames } from "../../lib/autotvm/create_tuner.ts";
import { RECOMMENDED } from "../../lib/autotvm/recommended.ts";
import type { RecordedSpace } from "../../lib/records/recorded_space.ts";
import type { TunerRow } from "../../lib/charts/tuners_compared.ts";
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
const SEEDS = [1, 2, 3, 4, 5, 6];
/** A difference of means of as few seeds says nothing. */
const SLACK = 0.02;
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

/** The budgets of the marks that a tuner is recommended for. */
function budgetsOf(tuner: TunerName, most: number): readonly number[] {
  const { from, to } = RECOMMENDED[tuner] ?? { from: Infinity, to: Infinity };
  return MARKS.filter((m) => m >= from && m <= to && m <= most);
}

Deno.test("no tuner is worse than random points at a budget that it is recommended for: simulated now", () => {
  const [space] = [...spaces.values()].toSorted((a, b) => a.points.size - b.points.size) as [RecordedSpace];
  for (const start of ["preset", "scratch"]) {
    const runsOf = (tuner: string) =>
      SEEDS.map((seed) => run(space, contestant(tuner, start), { seed, trials: 64 }));
    const random = runsOf("random");
    for (const tuner of tunerNames) {
      const budgets = budgetsOf(tuner, 64);
      if (budgets.length === 0) continue;
      const runs = runsOf(tuner);
      for (const m of budgets) {
        assertGreater(
          meanShare(runs, m) + SLACK,
          meanShare(random, m),
          `${tuner} from ${start}, ${m} trials`,
        );
      }
    }
  }
});

const recorded = await Deno.readFile(new URL("../../notebooks/data/tuners_llvmpipe.arrows", import.meta.url));
const rows = tableFromIPC(recorded).toArray().map((r) => r.toJSON()) as readonly TunerRow[];
const searches = Map.groupBy(rows, (r) => [r.space, r.tuner, r.start].join(" "));

/** The mean over seeds of the share after so many trials. */
function recordedShare(space: string, tuner: string, start: string, trials: number): number {
  const bySeed = Map.groupBy(searches.get([space, tuner, start].join(" ")) ?? [], (r) => r.seed);
  const shares = [...bySeed.values()].map((run) => run.findLast((r) => r.trial <= trials)?.share ?? 0);
  assert(shares.length >= 20, `${tuner} from ${start} on ${space} has ${shares.length} seeds`);
  return shares.reduce((a, b) => a + b) / shares.length;
}

for (const space of new Set(rows.map((r) => r.space))) {
  Deno.test(`no tuner is worse than random points where it is recommended: recorded on ${space}`, () => {
    for (const start of ["preset", "scratch"]) {
      for (const tuner of tunerNames) {
        for (const m of budgetsOf(tuner, 256)) {
          const [own, random] = [tuner, "random"].map((t) => recordedShare(space, t, start, m)) as [
            number,
            number,
          ];
          assertGreater(own + SLACK, random, `${tuner} from ${start}, ${m} trials`);
        }
      }
    }
  });

  Deno.test(`from the preset, a quarter of the trials of AutoTVM's defaults is enough on ${space}`, () => {
    const trialsOf = (tuner: string, start: string) => {
      const bySeed = Map.groupBy(searches.get([space, tuner, start].join(" ")) ?? [], (r) => r.seed);
      const found = [...bySeed.values()].map((run) => run.find((r) => r.share >= 0.95)?.trial ?? Infinity);
      return quartiles(found)[1];
    };
    assertLessOrEqual(4 * trialsOf("portfolio", "preset"), trialsOf("autotvm-defaults", "scratch"));
  });
}
