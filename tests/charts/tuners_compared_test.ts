import { assertEquals, assertThrows } from "@std/assert";
import { tableFromArrays } from "apache-arrow";
import { RecordError } from "../../lib/records/error.ts";
import { tableOf } from "../../lib/records/table.ts";
import { TUNER_COLUMNS, type TunerRow, tunersComparedSpec } from "../../lib/charts/tuners_compared.ts";
import { chartShows } from "./facts.ts";

/** Five seeds of two tuners on two spaces; the better one is at once where the other is in the end. */
const rows: readonly TunerRow[] = ["matmul", "softmax"].flatMap((space) =>
  ["random", "xgb"].flatMap((tuner) =>
    [0, 1, 2, 3, 4].flatMap((seed) =>
      [4, 16, 64].map((trial, k): TunerRow => ({
        space,
        tuner,
        start: tuner === "xgb" ? "preset" : "scratch",
        seed,
        trial,
        share: (tuner === "xgb" ? 0.7 : 0.4) + 0.1 * k + 0.01 * seed,
        seconds: trial / 2,
      }))
    )
  )
);
const table = tableOf(rows, TUNER_COLUMNS);
const valuesOf = (spec: ReturnType<typeof tunersComparedSpec>) =>
  (spec.data as { readonly values: readonly Readonly<Record<string, unknown>>[] }).values;

Deno.test("the chart of tuners is as it was", async () => {
  await chartShows("tuners_compared", tunersComparedSpec(table, { title: "Tuners" }));
});

Deno.test("lines go through medians, bands from quartile to quartile, and a search stands where it has ended", () => {
  // One seed has ended early, with the best there is.
  const ended = rows.filter((r) => r.seed !== 4 || r.trial === 4)
    .map((r) => r.seed === 4 ? { ...r, share: 1 } : r);
  const values = valuesOf(tunersComparedSpec(tableOf(ended, TUNER_COLUMNS)));
  assertEquals(values.map((v) => v.x).slice(0, 5), [4, 8, 16, 32, 64]);
  const [first, , third] = values;
  assertEquals(first?.who, "random from scratch");
  const shown = (v: typeof first) => [v?.low, v?.mid, v?.high].map((y) => Number(y).toFixed(3));
  assertEquals(shown(first), ["0.410", "0.420", "0.430"]);
  assertEquals(shown(third), ["0.510", "0.520", "0.530"]);
});

Deno.test("contestants can be chosen, and seconds take the place of trials", () => {
  const spec = tunersComparedSpec(table, { methods: ["xgb from preset"], x: "seconds" });
  assertEquals(new Set(valuesOf(spec).map((v) => v.who)), new Set(["xgb from preset"]));
  assertEquals(valuesOf(spec).map((v) => v.x).slice(0, 3), [2, 4, 8]);
});

Deno.test("another table is refused", () => {
  assertThrows(
    () => tunersComparedSpec(tableFromArrays({ x: [1] })),
    RecordError,
    "expected a table with a column space, got x",
  );
});
