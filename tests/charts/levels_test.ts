import { assert, assertEquals, assertThrows } from "@std/assert";
import { tableFromArrays } from "apache-arrow";
import { colorScale } from "../../lib/charts/methods.ts";
import { levels } from "../../lib/charts/levels.ts";
import { RecordError } from "../../lib/records/error.ts";
import { type LevelRow, levelTable } from "../../lib/records/graph_levels.ts";
import { assertShown } from "../notebook/texts.ts";
import { chartShows } from "./facts.ts";

const row = (level: number, ms: number, more: Partial<LevelRow> = {}): LevelRow => ({
  ...{ graph: "mobilenet", level, status: "ok", message: "", launches: 60 - level, calls: 54, bytes: 1e6 },
  ...{ tuned: 0, buildSeconds: 1, searchSeconds: 0, medianMs: ms, lowMs: ms * 0.95, highMs: ms * 1.1 },
  ...{ speedup: 900 / ms, lowSpeedup: 850 / ms, highSpeedup: 950 / ms, maxError: 1e-6, samples: [ms] },
  ...more,
});
const rows = [row(0, 900), row(1, 90), row(2, 88.5), row(3, 61)];
const said = { title: "mobilenet", subtitle: "a small device" };

Deno.test("the chart of levels is as it was", async () => {
  await chartShows("levels", levels(levelTable(rows), said).spec);
});

Deno.test("a level without a time says why, and one without any other stands alone", async () => {
  const none = { medianMs: NaN, lowMs: NaN, highMs: NaN, speedup: NaN, samples: [] };
  const wrong = [...rows.slice(0, 2), row(2, NaN, { ...none, status: "wrongAnswer", message: "y is wrong" })];
  const svg = await levels(levelTable(wrong)).toSVG();
  assert(svg.includes(">wrong result<") && !svg.includes("NaN"));
  assert((await levels(levelTable([row(1, 5)])).toSVG()).includes(">5.00 ms<"));
  assert((await levels(levelTable([])).toSVG()).includes(">no level was measured<"));
  assertShown(levels(levelTable([row(7, 5, { graph: "\u001b[31mred" })])).spec);
  assertThrows(() => levels(tableFromArrays({ level: [1] })), RecordError, "expected a table with a column");
});

Deno.test("a level has one colour in every chart, beside methods that keep theirs", () => {
  const bars = levels(levelTable(rows)).spec as unknown as {
    readonly data: { readonly values: readonly { readonly color: string }[] };
  };
  const own = bars.data.values.map((v) => v.color);
  assertEquals(colorScale(["level 0", "level 1", "level 2", "level 3"]).range, own);
  const { domain, range } = colorScale(["level 1", "dlight", "mine"]);
  assertEquals([domain, range], [["DLight (rule)", "level 1", "mine"], ["#0072B2", own[1], "#56B4E9"]]);
});
