import { assert, assertThrows } from "@std/assert";
import { tableFromArrays } from "apache-arrow";
import { tokenRates } from "../../lib/charts/token_rates.ts";
import { RecordError } from "../../lib/records/error.ts";
import { tokenRateTable } from "../../lib/records/token_rates.ts";
import { chartShows } from "./facts.ts";

const rows = [
  { level: 0, tokensPerSecond: 29, low: 26, high: 33 },
  { level: 1, tokensPerSecond: 70.25, low: 61, high: 81 },
  { level: 3, tokensPerSecond: 145, low: 130, high: 150 },
];

Deno.test("the chart of tokens per second is as it was", async () => {
  await chartShows("token_rates", tokenRates(tokenRateTable(rows), { title: "fables" }).spec);
});

Deno.test("a level without tokens says so, and no level at all, too", async () => {
  const none = { level: 2, tokensPerSecond: NaN, low: NaN, high: NaN };
  const svg = await tokenRates(tokenRateTable([...rows, none])).toSVG();
  assert(svg.includes(">no result<") && !svg.includes("NaN"));
  assert((await tokenRates(tokenRateTable([none])).toSVG()).includes(">no level was measured<"));
  assertThrows(
    () => tokenRates(tableFromArrays({ level: [1] })),
    RecordError,
    "expected a table with a column",
  );
});
