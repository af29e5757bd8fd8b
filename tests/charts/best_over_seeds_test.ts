import { assert, assertEquals, assertThrows } from "@std/assert";
import { tableFromArrays } from "apache-arrow";
import { RecordError } from "../../lib/records/error.ts";
import type { TrialRecord } from "../../lib/records/record.ts";
import { recordsToTable } from "../../lib/records/table.ts";
import { ChartError } from "../../lib/charts/error.ts";
import { svgOf } from "../../lib/charts/picture.ts";
import { bestOverSeedsSpec } from "../../lib/charts/best_over_seeds.ts";
import { trialOf } from "./results.ts";
import { assertShown } from "../notebook/texts.ts";
import { chartShows } from "./facts.ts";

/** Speeds in GFLOP/s of the trials of one seed, NaN for a failure, at seconds 1, 2, … */
function run(
  seed: number,
  speeds: readonly number[],
  parts: Partial<TrialRecord> = {},
): readonly TrialRecord[] {
  return speeds.map((gflops, trial) => {
    const ok = gflops > 0;
    return trialOf({
      seed,
      trial,
      status: ok ? "ok" : "timeout",
      ...(ok ? { medianMs: 20 / gflops, gflops } : {}),
      secondsSinceStart: trial + 1,
      ...parts,
    });
  });
}
const scratch = [run(0, [1, 5, 2]), run(1, [NaN, 2, 8]), run(2, [3])];
const preset = [0, 1, 2].flatMap((seed) =>
  run(seed, [6, 7 + seed], { contestant: "autotvm+dlight", start: "preset" })
);
const rule = trialOf({ contestant: "dlight", tuner: "none", medianMs: 20 / 6, gflops: 6 });
const table = recordsToTable([...scratch.flat(), ...preset, rule]);

interface Datum {
  readonly who: string;
  readonly x: number;
  readonly y: number;
  readonly low: number;
  readonly high: number;
  readonly result: string;
}
function valuesOf(spec: unknown, mark: string, who = "AutoTVM (from scratch)"): readonly Datum[] {
  const { layer } = spec as {
    readonly layer: readonly {
      readonly mark: { readonly type: string };
      readonly data?: { readonly values: readonly Datum[] };
    }[];
  };
  return layer.findLast((l) => l.mark.type === mark)?.data?.values.filter((d) => d.who === who) ?? [];
}

Deno.test("the chart of several seeds is as it was", async () => {
  const said = { title: "Three seeds", subtitle: "a small device" };
  await chartShows("best_over_seeds", bestOverSeedsSpec(table, said));
});

Deno.test("a line goes through the medians of what runs hold, from where each has a result, in a band from end to end", () => {
  const spec = bestOverSeedsSpec(table, { x: "trials" });
  // After two trials they hold 5, 2 and 3; after three 5, 8, and the 3 of the one that has ended.
  assertEquals(valuesOf(spec, "line").map((d) => [d.x, d.y]), [[2, 3], [3, 5], [3.06, 5]]);
  const band = valuesOf(spec, "area").map((d) => [d.x, d.low, d.high]);
  assertEquals(band, [[2, 2, 5], [3, 3, 8], [3.06, 3, 8]]);
});

Deno.test("quartiles are drawn where they are asked for, and from eight runs on", async () => {
  const middle = (spec: unknown) => valuesOf(spec, "area").at(-1);
  const asked = middle(bestOverSeedsSpec(table, { band: "quartiles" }));
  assertEquals([asked?.low, asked?.high], [4, 6.5]);
  const eight = recordsToTable([1, 2, 3, 4, 5, 6, 7, 8].flatMap((y) => run(y, [y])));
  assertEquals([middle(bestOverSeedsSpec(eight))?.low, middle(bestOverSeedsSpec(eight))?.high], [2.75, 6.25]);
  assert(
    (await svgOf(bestOverSeedsSpec(eight))).includes(
      ">line: median of 8 runs; band: from quartile to quartile<",
    ),
  );
});

Deno.test("runs may come as tables, in which seeds may be the same", () => {
  const tables = scratch.map((own) => recordsToTable(own.map((r) => ({ ...r, seed: 0 }))));
  const drawn = (spec: unknown) => [valuesOf(spec, "line"), valuesOf(spec, "area")];
  assertEquals(drawn(bestOverSeedsSpec(tables)), drawn(bestOverSeedsSpec(recordsToTable(scratch.flat()))));
});

Deno.test("runs without a result are told, and tuners of one contestant told apart", () => {
  const lost = recordsToTable([...scratch.flat(), ...run(7, [NaN])]);
  assertEquals(
    valuesOf(bestOverSeedsSpec(lost), "text").at(-1)?.result,
    "5.00 GFLOP/s, 3.00 to 8.00, 1 of 4 runs without a result",
  );
  const tuners = recordsToTable([...run(0, [1]), ...run(0, [2], { tuner: "ga" })]);
  const ends = ["xgb", "ga"].map((t) =>
    valuesOf(bestOverSeedsSpec(tuners), "line", `AutoTVM (from scratch), ${t}`).at(-1)?.y
  );
  assertEquals(ends, [1, 2]);
});

Deno.test("a stranger's names are shown, and act on nothing", () => {
  const odd = { contestant: "\u001b[31mred", tuner: "\u202eback" };
  assertShown(
    bestOverSeedsSpec(
      recordsToTable([...run(0, [1], odd), ...run(0, [1], { ...odd, tuner: "z".repeat(999) })]),
    ),
  );
});

Deno.test("nothing, one trial and failures alone can be drawn; several programs and other tables are refused", async () => {
  assert((await svgOf(bestOverSeedsSpec([]))).includes(">no trials were recorded<"));
  assert((await svgOf(bestOverSeedsSpec(recordsToTable(run(0, [2]))))).includes(">2.00 GFLOP/s<"));
  assert((await svgOf(bestOverSeedsSpec(recordsToTable(run(0, [NaN]))))).includes("no result"));
  const two = recordsToTable([trialOf({}), trialOf({ task: "softmax(A: f32[2, 2])" })]);
  assertThrows(
    () => bestOverSeedsSpec(two),
    ChartError,
    "expected trials of one program, got trials of 2 programs",
  );
  assertThrows(
    () => bestOverSeedsSpec(tableFromArrays({ x: [1] })),
    RecordError,
    "expected a table with a column",
  );
});
