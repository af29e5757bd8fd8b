/** Searches the kernels of the model that ships, and loads it with what they found. */
import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { fileURLToPath } from "node:url";
import { OptionError } from "../../../lib/base/error.ts";
import { ModelError } from "../../../lib/models/error.ts";
import { Engine } from "../../../lib/models/language/engine.ts";
import { LanguageModel } from "../../../lib/models/language/language_model.ts";
import { settingsOf } from "../../../lib/models/language/sampling/settings.ts";
import { stepMembers } from "../../../lib/models/language/tune_steps.ts";
import { openModel } from "../../../lib/models/open_model.ts";
import { tokenComparisonParts } from "../../../lib/notebook/graph_views.ts";
import { TuningDatabase } from "../../../lib/records/database.ts";
import { Device } from "../../../lib/runtime/device.ts";
import { InterruptedError } from "../../../lib/tuning/interrupted_error.ts";
import { lastCommit } from "../../last_commit.ts";
import { byText, SimulatedMeasuring } from "../../tuning/simulated_measuring.ts";

const FOLDER = fileURLToPath(new URL("../../../lib/models/fables", import.meta.url));
const OPTIONS = { context: 160, prefillChunk: 16 };
const device = await Device.open({ backend: "cpu" });

const wordsOf = async (lm: LanguageModel) =>
  (await Array.fromAsync(lm.generate("Once upon a time", { temperature: 0, maxTokens: 24 }))).join("");

/** The functions of a token that take a record, and all of them. */
function recordsIn(lm: LanguageModel): readonly [taken: number, all: number] {
  const calls = lm.explain().split("\n").slice(1);
  return [calls.filter((line) => line.includes("(record)")).length, calls.length];
}

Deno.test("the functions of a text count as often as a token calls them", async () => {
  const { config, weights } = await openModel(FOLDER), chunk = 16;
  using engine = await Engine.open(device, {
    config,
    weights,
    quantization: "q4f16_1",
    context: 160,
    pages: 11,
    chunk,
  });
  const members = stepMembers(engine, settingsOf({ temperature: 0 }, {}, 0));
  const countOf = (name: string) =>
    members.filter((m) => m.name.startsWith(name)).reduce((n, m) => n + m.count, 0);
  // A text of 160 positions decodes 128 with kernels for short texts, and 32 with those for its whole.
  const launches = 9 * config.layers + 5;
  assertAlmostEquals(countOf("decode128."), launches * 0.8);
  assertAlmostEquals(countOf("decode160."), launches * 0.2);
  const batch = stepMembers(engine, settingsOf({ temperature: 0 }, {}, 0), 4);
  const attention = batch.filter((m) => /^decode\d+\.attention$/.test(m.name));
  assertEquals(attention.map((m) => m.shapes), [{ b: 4, pages: 11 }, { b: 4, pages: 11 }]);
  assertAlmostEquals(attention.reduce((n, m) => n + m.count, 0), config.layers / 4);
  // Each text of the batch writes to a page of its own.
  const { table } = attention[0]?.inputs ?? {}, last = [7, 15, 23, 31].map((k) => (table as Int32Array)[k]);
  assertEquals(new Set(last).size, 4);
  const layers = members.find((m) => m.name === "prefill.attention");
  assertEquals([layers?.count, layers?.shapes], [config.layers / chunk, { n: 16, pages: 11, blocks: 10 }]);
});

/** Compares the levels: each has its times, and the cache is as it was. */
async function checkComparison(lm: LanguageModel, database: TuningDatabase, words: string) {
  const taken = () => lm.stats.bytes.total - lm.stats.bytes.idle, before = taken();
  const plain = await lm.compare({ levels: [1, 0], tokens: 4, rounds: 2, functions: false });
  const comparison = await lm.compare({
    levels: [3, 1],
    database,
    prompt: "Once",
    tokens: 10,
    rounds: 3,
  });
  const { rows, rateRows, functionRows, gainRows } = comparison;
  const calls = 9 * lm.config.layers + 5;
  assertEquals([...plain.rows, ...rows].map((r) => [r.level, r.status, r.samples.length, r.tuned]), [
    [0, "ok", 2, 0],
    [1, "ok", 2, 0],
    [1, "ok", 3, 0],
    [3, "ok", 3, calls],
  ]);
  assert((plain.rows[0]?.launches ?? 0) > calls);
  assertEquals([rows[0]?.calls, plain.functionRows.length, comparison.rates.numRows], [calls, 0, 2]);
  assertEquals(tokenComparisonParts(comparison).length, 8);
  rows.forEach((r, k) => assertAlmostEquals((rateRows[k]?.tokensPerSecond ?? NaN) * r.medianMs, 1000, 1e-6));
  const sumAt = (level: number) =>
    functionRows.filter((r) => r.level === level).reduce((ms, r) => ms + r.count * r.ms, 0);
  const saved = gainRows.reduce((ms, g) => ms + g.savedMs, 0);
  assertAlmostEquals(saved, sumAt(1) - sumAt(3), 1e-6);
  assert(gainRows.some((g) => g.kernel === "attention" && g.beforeMs > 0 && g.afterMs > 0));
  assertEquals(gainRows, gainRows.toSorted((a, b) => b.savedMs - a.savedMs));
  assertEquals([taken(), await wordsOf(lm)], [before, words]);
}

Deno.test("what a search found is used at level 2, in another context too, with the same words", async () => {
  using database = TuningDatabase.memory();
  let words = "";
  {
    using lm = await LanguageModel.load(FOLDER, device, OPTIONS);
    words = await wordsOf(lm);
    assertEquals(recordsIn(lm)[0], 0);
    const { open } = new SimulatedMeasuring(byText);
    const log = await lm.tune({ budget: { trials: 34 }, database, seed: 1, open });
    assertEquals(log.records.length, 34);
    assertEquals([log.best.length, database.records.length], [log.rows.length, log.rows.length]);
    assertAlmostEquals(log.rows.reduce((sum, r) => sum + r.share, 0), 1);
    assert(log.rows.some((r) => r.kernels.startsWith("decode128.attention") && r.share > 0));
  }
  using tuned = await LanguageModel.load(FOLDER, device, { ...OPTIONS, level: 2, database });
  const [taken, all] = recordsIn(tuned);
  assertEquals(taken, all);
  assertEquals(await wordsOf(tuned), words);
  using other = await LanguageModel.load(FOLDER, device, { context: 96, level: 2, database });
  assert(recordsIn(other)[0] > all / 2);
  assertEquals(await wordsOf(other), words);
  await checkComparison(tuned, database, words);
});

/** It takes a minute, so it runs after some commits, and always with `-- --all`. */
const seldom = Deno.args.includes("--all") || await lastCommit() % 4 === 0 ? Deno.test : Deno.test.ignore;

seldom(
  "a batch's kernels are searched on the device, and texts that are decoded together keep their words",
  async () => {
    using database = TuningDatabase.memory();
    const prompts = ["Once upon a time", "The fox", "A mole", "What is unrolling?"];
    const told = async (lm: LanguageModel, prompt: string) =>
      (await Array.fromAsync(lm.generate(prompt, { temperature: 0, maxTokens: 16 }))).join("");
    const together = { ...OPTIONS, sequences: prompts.length };
    const words: string[] = [];
    {
      using lm = await LanguageModel.load(FOLDER, device, together);
      for (const prompt of prompts) words.push(await told(lm, prompt));
      const log = await lm.tune({ budget: { trials: 30 }, database, seed: 2, batch: prompts.length });
      const { records } = log, statuses = new Set(records.map((r) => r.status));
      assertEquals([records.length, statuses.has("wrongAnswer")], [30, false], [...statuses].join());
      assert(
        records.some((r) => r.status === "ok" && r.task.includes("b = 4")),
        records.map((r) => r.task).join(),
      );
    }
    using tuned = await LanguageModel.load(FOLDER, device, { ...together, level: 2, database });
    assertEquals(await Promise.all(prompts.map((prompt) => told(tuned, prompt))), words);
  },
);

Deno.test("level 3 searches first, as its programs run, and adds to the database", async () => {
  using database = TuningDatabase.memory();
  using lm = await LanguageModel.load(FOLDER, device, {
    ...OPTIONS,
    level: 3,
    database,
    budget: { trials: 1 },
  });
  assertEquals([database.records.length, database.records[0]?.status], [1, "ok"]);
  assertEquals((await wordsOf(lm)).length > 0, true);
});

Deno.test("a level without what it needs is an error that says so", async () => {
  const load = (options: Parameters<typeof LanguageModel.load>[2]) =>
    LanguageModel.load(FOLDER, device, options);
  await assertRejects(() => load({ level: 2 }), ModelError, "at level 2, got none; level 1 takes the rules");
  await assertRejects(() => load({ level: 3 }), ModelError, "expected a budget");
  await assertRejects(() => load({ level: 4 as 3 }), OptionError);
  const lm = await LanguageModel.load(FOLDER, device, { context: 64 });
  await assertRejects(() => lm.tune({ budget: {} as { trials: number } }), Error, "budget");
  await assertRejects(() => lm.tune({ trials: 3 } as never), OptionError);
  lm[Symbol.dispose]();
  await assertRejects(() => lm.tune({ budget: { trials: 1 } }), ModelError, "disposed");
});

Deno.test("a comparison says what it lacks, and can be stopped", async () => {
  using lm = await LanguageModel.load(FOLDER, device, { context: 32 });
  await assertRejects(() => lm.compare({ levels: [2] }), ModelError, "expected a database");
  await assertRejects(() => lm.compare({ levels: [1, 3] }), ModelError, "a budget for level 3");
  await assertRejects(() => lm.compare({ level: 1 } as never), OptionError);
  await assertRejects(
    () => lm.compare({ prompt: Array(32).fill(1) }),
    ModelError,
    "shorter than the context",
  );
  const signal = AbortSignal.abort();
  await assertRejects(() => lm.compare({ levels: [1], tokens: 2, signal }), InterruptedError);
});
