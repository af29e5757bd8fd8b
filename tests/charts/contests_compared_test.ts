import { assertEquals, assertThrows } from "@std/assert";
import { tableFromArrays } from "apache-arrow";
import { RecordError } from "../../lib/records/error.ts";
import { tableOf } from "../../lib/records/table.ts";
import { contestsComparedSpec } from "../../lib/charts/contests_compared.ts";
import {
  CONTEST_COLUMNS,
  type ContestRow,
  geometricMean,
  leaderboards,
  timesPeer,
} from "../../lib/charts/leaderboard.ts";
import { svgOf } from "../../lib/charts/picture.ts";
import { chartShows } from "./facts.ts";

/** Medians in milliseconds, of three samples each; the roofline is at a millisecond. */
const MS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  matmul: { "slow": 8, "quick": 4, "Fallback": 32, "DLight generic": 6, "DLight": 2, "tuned": 1.5 },
  softmax: { "slow": 4, "Fallback": 8, "DLight generic": 8, "DLight": 5, "tuned": 2.5 },
  q4_gemv: { "Fallback": 9, "DLight generic": 3, "DLight": 2, "tuned": 2 },
};
const PEERS = ["slow", "quick"];
const rows: readonly ContestRow[] = Object.entries(MS).flatMap(([operator, all]) =>
  Object.entries(all).flatMap(([contestant, ms]) =>
    [ms * 1.5, ms, ms * 0.9].map((sample): ContestRow => ({
      operator,
      contestant,
      side: PEERS.includes(contestant) ? "peer" : "own",
      ms: sample,
      bound: operator === "matmul" ? "arithmetic" : "memory",
      shareOfRoofline: 1 / sample,
    }))
  )
);
const table = tableOf(rows, CONTEST_COLUMNS);

Deno.test("leaderboards are of medians, fastest first, against the fastest other library", () => {
  const all = leaderboards(table);
  assertEquals(all.map((s) => [s.operator, s.bound, s.peer?.method]), [
    ["matmul", "arithmetic", "quick"],
    ["softmax", "memory", "slow"],
    ["q4_gemv", "memory", undefined],
  ]);
  const [matmul, softmax, q4] = all as [typeof all[0], typeof all[0], typeof all[0]];
  assertEquals(matmul?.places.map((p) => p.method).slice(0, 3), ["tuned", "DLight", "quick"]);
  assertEquals([matmul?.leastMs, matmul?.places[1]?.shareOfRoofline], [1, 0.5]);
  assertEquals([timesPeer(matmul, "DLight"), timesPeer(softmax, "DLight")], [2, 0.8]);
  assertEquals([timesPeer(q4, "DLight"), timesPeer(matmul, "nobody")], [NaN, NaN]);
});

Deno.test("a geometric mean leaves out what is not a number", () => {
  assertEquals(geometricMean([1, NaN, 4]), 2);
  assertEquals(geometricMean([NaN]), NaN);
});

Deno.test("the chart of contests is as it was", async () => {
  await chartShows("contests_compared", contestsComparedSpec(table, { title: "Contests" }));
});

Deno.test("the chart shows operators that a library has, with the place of each method and of the roofline", async () => {
  const spec = contestsComparedSpec(table);
  const { values } = spec.data as { readonly values: readonly Readonly<Record<string, unknown>>[] };
  assertEquals(new Set(values.map((v) => v.operator)), new Set(["matmul", "softmax", "geometric mean"]));
  const times = (operator: string, who: string) =>
    values.find((v) => v.operator === operator && v.who === who)?.times;
  assertEquals([times("matmul", "measured roofline"), times("matmul", "DLight"), times("matmul", "slow")], [
    4,
    2,
    0.5,
  ]);
  // Where a library is ahead, the number beside the chart is marked, and the last number is the mean of both operators.
  const svg = await svgOf(spec);
  for (const text of ["0.800 ×", "2.00 ×", "1.26 ×"]) assertEquals(svg.split(`>${text}<`).length, 2, text);
  assertEquals(/fill="#D55E00"[^>]*>0\.800 ×</.test(svg), true);
});

Deno.test("a search may be left out, and another table is refused", () => {
  const own = tableOf(rows.filter((r) => r.contestant !== "tuned"), CONTEST_COLUMNS);
  assertEquals(JSON.stringify(contestsComparedSpec(own)).includes("tuned"), false);
  assertThrows(
    () => contestsComparedSpec(tableFromArrays({ x: [1] })),
    RecordError,
    "expected a table with a column operator, got x",
  );
});
