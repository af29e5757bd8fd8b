import { assert, assertEquals } from "@std/assert";
import { bestSoFar } from "../../lib/charts/best_so_far.ts";
import { confirmed } from "../../lib/charts/confirmed.ts";
import { bundleOf, display } from "../../lib/notebook/display.ts";
import type { Bundle } from "../../lib/notebook/jupyter.ts";
import { raceParts, searchParts, suiteParts } from "../../lib/notebook/outcome.ts";
import { fakeJupyter } from "./fake_jupyter.ts";
import { confirmedTable, trials, trialTable } from "../charts/results.ts";
import { summaryRows } from "../../lib/records/summary_table.ts";
import { Sheet } from "../../lib/notebook/tables.ts";
import type { Measurement } from "../../lib/measure/measurement.ts";
import { Comparison } from "../../lib/tuning/comparison.ts";

const VEGALITE = "application/vnd.vegalite.v5+json";
const comparison: Comparison = {
  records: trials,
  trials: trialTable(),
  rows: summaryRows(confirmedTable()),
  summary: confirmedTable(),
  budget: {},
  charts: {
    bestSoFar: bestSoFar(trialTable(), { title: "way" }),
    confirmed: confirmed(confirmedTable(), { title: "bars" }),
  },
};
const interval = { low: 0.9, high: 1.1 };
const own = trials.filter((r) => r.contestant === "autotvm+dlight");
const best = own[1] as typeof own[number];
const search = { records: own, best, confirmed: [{ record: best, ms: 0.99, interval }] };

Deno.test("a comparison says who won, shows the way there and the end, and lists the numbers", async () => {
  using fake = fakeJupyter();
  const shown = new Comparison(comparison);
  const last = await bundleOf(shown);
  const formats = (data: Bundle) => VEGALITE in data ? "chart" : "text/html" in data ? "html" : "text";
  assertEquals(fake.messages.map((m) => formats(m.data)), ["html", "chart", "chart"]);
  assert(fake.messages[0]?.data["text/plain"]?.includes("search pays. After 4 s"));
  assert(JSON.stringify(fake.messages[1]?.metadata).includes("width"));
  assert(`${last["text/plain"]}`.includes("AutoTVM from DLight"));

  const before = fake.messages.length;
  await display(shown);
  assertEquals(fake.messages.slice(before).map((m) => formats(m.data)), ["html", "chart", "chart", "html"]);
  const text = Deno.inspect(shown);
  assert(
    text.startsWith("matmul: search pays") && text.includes("\n\nChart: way\n\nChart: bars\n\nmethod"),
  );
});

Deno.test("a search says what its best is worth, and lists the finalists as they were measured again", () => {
  const [words, chart, table] = searchParts({ ...search, speedup: { ratio: 1.83, low: 1.7, high: 1.9 } });
  assertEquals(
    `${words}`,
    "matmul, AutoTVM from DLight: 3 trials, 0 failed, in 4 s. " +
      "The best takes 0.990 ms, 1.83 times as fast as the preset (1.70–1.90).",
  );
  assertEquals(`${chart}`, `Chart: ${best.task}`);
  assertEquals(`${table}`.split("\n"), [
    "trial     ms  95% interval  configuration",
    "    1  0.990    0.900–1.10  tile_i=1x5",
  ]);
});

Deno.test("a search whose winners were not measured again shows its trials", () => {
  const [words, , table] = searchParts({ ...search, confirmed: [] });
  assert(`${words}`.endsWith("The best takes 1.00 ms."));
  assertEquals(`${table}`.split("\n").length, 4);
});

Deno.test("a race shows its chart, and each racer as a multiple of the first one, or why it failed", () => {
  const rows = summaryRows(confirmedTable()).slice(0, 3);
  const chart = confirmed(confirmedTable(), { title: "bars" });
  const [a, b, c] = rows.map((r) => r.contestant) as [string, string, string];
  const right = { status: "ok", samples: [], maxError: 0 } as unknown as Measurement;
  const wrong = { status: "wrongAnswer", message: "C[0] is off", compileMs: 1 } as Measurement;
  const measurements = { [a]: right, [b]: right, [c]: wrong };
  const parts = raceParts({ rows, table: confirmedTable(), chart, measurements });
  assertEquals(parts.map((p) => p instanceof Sheet), [false, true]);
  assertEquals(`${parts[1]}`.split("\n").map((line) => line.trim().split(/ {2,}/).slice(-2)), [
    ["× the first", "results"],
    ["1", "right"],
    ["5", "right"],
    ["4", "C[0] is off"],
  ]);
});

Deno.test("searches of a model say what they are worth together, if that is known", () => {
  const said = (speedup: number) => `${suiteParts({ table: confirmedTable(), records: trials, speedup })[0]}`;
  assertEquals(
    said(1.5),
    "4 kernels, 8 trials; by the confirmed times the whole is 1.50 times as fast as by the presets.",
  );
  assertEquals(said(NaN), "4 kernels, 8 trials.");
});
