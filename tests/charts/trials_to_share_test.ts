import { assertEquals, assertThrows } from "@std/assert";
import { tableFromArrays } from "apache-arrow";
import { TUNER_COLUMNS, type TunerRow } from "../../lib/charts/tuners_compared.ts";
import { trialsToShare } from "../../lib/charts/trials_to_share.ts";
import { OptionError } from "../../lib/base/error.ts";
import { RecordError } from "../../lib/records/error.ts";
import { tableOf } from "../../lib/records/table.ts";

/** One search: its share of the best after 1, 2, 4 … trials. */
const search = (
  tuner: string,
  seed: number,
  shares: readonly number[],
  space = "matmul",
): readonly TunerRow[] =>
  shares.map((share, k) => ({ space, tuner, start: "preset", seed, trial: 2 ** k, share, seconds: k }));
const table = tableOf([
  ...search("xgb", 1, [0.5, 0.96, 1]),
  ...search("xgb", 2, [0.5, 0.5, 0.95]),
  ...search("xgb", 3, [0.99, 1, 1]),
  ...search("xgb", 4, [0.5, 0.5, 0.94]),
  ...search("random", 1, [0.1, 0.2, 0.3]),
  ...search("xgb", 1, [1], "softmax"),
], TUNER_COLUMNS);

Deno.test("the trials to a share are the quartiles over the seeds; a search that doesn't find it counts as infinite", () => {
  assertEquals(trialsToShare(table), [
    { space: "matmul", method: "xgb from preset", low: 1, median: 2, high: 4, text: "2 (1–4)" },
    {
      ...{ space: "matmul", method: "random from preset" },
      ...{ low: Infinity, median: Infinity, high: Infinity, text: "not found" },
    },
    { space: "softmax", method: "xgb from preset", low: 1, median: 1, high: 1, text: "1 (1–1)" },
  ]);
  const [hard] = trialsToShare(table, { share: 1, methods: ["xgb from preset"] });
  assertEquals([hard?.low, hard?.median, hard?.high, hard?.text], [2, 4, Infinity, "4 (2–…)"]);
  assertEquals(trialsToShare(table, { methods: ["ga from preset"] }), []);
});

Deno.test("what is no table of tuners, and a share that can't be, are refused", () => {
  assertThrows(() => trialsToShare(tableFromArrays({ space: ["a"] })), RecordError);
  assertThrows(() => trialsToShare(table, { share: 1.5 }), OptionError);
});
