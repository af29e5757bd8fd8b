import * as te from "../../lib/face/te.ts";
import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { compile as compileChart, type TopLevelSpec } from "vega-lite";
import { TunerError } from "../../lib/autotvm/error.ts";
import { compare } from "../../lib/tuning/compare.ts";
import type { CompareOptions } from "../../lib/tuning/compare_options.ts";
import { METHODS } from "../../lib/tuning/methods.ts";
import type { Comparison } from "../../lib/tuning/comparison.ts";
import { flopsOf } from "../../lib/estimate/work.ts";
import { IrError } from "../../lib/ir/error.ts";
import { OptionError, TunebookError } from "../../lib/base/error.ts";
import type { PrimFunc } from "../../lib/ir/func.ts";
import { median } from "../../lib/base/statistics.ts";
import { readLog } from "../../lib/records/log.ts";
import { TRIAL_COLUMNS } from "../../lib/records/schema.ts";
import { SUMMARY_COLUMNS, summaryRows } from "../../lib/records/summary_table.ts";
import { tableToRecords } from "../../lib/records/table.ts";
import { summaryCells } from "../../lib/notebook/tables.ts";
import { Device } from "../../lib/runtime/device.ts";
import { replay } from "../../lib/schedule/trace.ts";
import type { Progress, Reporter } from "../../lib/tuning/reporter.ts";
import { matmul, wrongOn } from "./programs.ts";
import { byText, failure, SimulatedMeasuring } from "./simulated_measuring.ts";

const device = await Device.open({ backend: "cpu" });
const columnsOf = (table: Comparison["trials"]) => table.schema.fields.map((f) => f.name);

function compiles({ charts }: Comparison): void {
  for (const { spec } of Object.values(charts)) {
    assert(compileChart(spec as unknown as TopLevelSpec).spec.marks);
    assert(!JSON.stringify(spec).includes("NaN"));
  }
}

const programs: Readonly<Record<string, PrimFunc>> = {
  matmul,
  softmax: te.softmax({ rows: 4, columns: 16 }),
  transpose: te.transpose({ rows: 8, columns: 12 }),
};

for (const [name, func] of Object.entries(programs)) {
  Deno.test(`${name}: four methods, their trials and what came of them`, async () => {
    const result = await compare(func, device, { budget: { trials: 2 }, rounds: 2 });
    assertEquals(columnsOf(result.trials), Object.keys(TRIAL_COLUMNS));
    assertEquals(columnsOf(result.summary), Object.keys(SUMMARY_COLUMNS));
    const records = tableToRecords(result.trials);
    assertEquals(records.map((r) => `${r.contestant} ${r.trial}`), [
      "fallback 0",
      "dlight 0",
      "autotvm 0",
      "autotvm 1",
      "autotvm+dlight 0",
      "autotvm+dlight 1",
    ]);
    const rows = summaryRows(result.summary);
    assertEquals(rows.map((r) => r.contestant), [...METHODS]);
    const [fallback, dlight] = rows;
    assert(fallback && dlight);
    assertEquals([fallback.speedupVsFallback, dlight.speedupVsDlight], [1, 1]);
    for (const r of rows) {
      const own = records.filter((x) => x.contestant === r.contestant);
      assertEquals([r.trials, r.failed], [own.length, own.filter((x) => x.status !== "ok").length]);
      assertEquals(r.samples.length, 2);
      assertEquals(r.medianMs, median(r.samples));
      assert(r.lowMs <= r.medianMs && r.medianMs <= r.highMs && r.lowMs > 0);
      assertAlmostEquals(r.speedupVsFallback, fallback.medianMs / r.medianMs, 1e-12);
      assertAlmostEquals(r.speedupVsDlight, dlight.medianMs / r.medianMs, 1e-12);
      assertAlmostEquals(r.gflops * r.medianMs * 1e6, flopsOf(func), 1e-6 * flopsOf(func));
      assert(r.gbps > 0 && r.seconds > 0);
      const best = own.find((x) => x.config === r.config && x.trace === r.trace);
      assert(best?.status === "ok");
      assert(own.filter((x) => x.medianMs < best.medianMs).length < 3, "it was among the three fastest");
      assertEquals(await wrongOn(device, func, replay(func, r.trace), 23), undefined);
    }
    const seeded = rows.at(-1);
    assert(seeded && seeded.medianMs <= dlight.medianMs, "a search from the rule can't end below it");
    compiles(result);
  });
}

Deno.test("a comparison goes on from its log, and measures no trial again", async () => {
  const path = `${await Deno.makeTempDir()}/log.arrows`;
  const base = { path, rounds: 1, methods: ["dlight", "autotvm"] } as const;
  const run = async (options: Partial<CompareOptions> & Pick<CompareOptions, "budget">) =>
    tableToRecords((await compare(matmul, device, { ...base, ...options })).trials);
  const [first] = await run({ methods: ["autotvm"], budget: { trials: 1 } });
  const records = await run({ budget: { trials: 2 } });
  assertEquals(records.map((r) => r.contestant), ["dlight", "autotvm", "autotvm"]);
  assertEquals(records[1], first);
  assertEquals(await run({ budget: { trials: 2 } }), records);
  assertEquals((await readLog(path)).length, 3);
  const other = await run({ seed: 1, methods: ["dlight"], budget: {} });
  assertEquals(other.map((r) => r.seed), [1]);
  assertEquals((await readLog(path)).length, 4);
});

Deno.test("a method whose trials all fail has a row without figures", async () => {
  // Fallback takes 32 threads at least.
  const { target } = device;
  const limits = { ...target.limits, maxInvocations: 16 };
  const narrow = { target: { ...target, limits }, probe: () => device.probe() };
  const result = await compare(matmul, narrow, {
    methods: ["fallback", "dlight"],
    rounds: 2,
  });
  const [fallback, dlight] = summaryRows(result.summary);
  assert(fallback && dlight);
  assertEquals([fallback.trials, fallback.failed, fallback.rule], [1, 1, "Fallback"]);
  assertEquals([fallback.medianMs, fallback.gflops, fallback.maxError], [NaN, NaN, NaN]);
  assertEquals([fallback.config, fallback.trace, fallback.samples], ["", "", []]);
  assertEquals([dlight.failed, dlight.speedupVsFallback, dlight.speedupVsDlight], [0, NaN, 1]);
  const [record] = tableToRecords(result.trials);
  assertEquals(record?.status, "instantiate");
  assert(record?.message.endsWith(": 64 x 1 x 1 threads: the device takes 16"), record?.message);
  const cells = summaryCells(result.summary);
  const row = cells.find((r) => r.includes("Fallback") && r.includes("–"));
  assert(row && !row.some((c) => c.includes("NaN")), JSON.stringify(cells));
  compiles(result);
});

Deno.test("where no trial succeeds there are rows all the same", async () => {
  const { open } = new SimulatedMeasuring(() => failure("timeout", "it took too long"));
  const result = await compare(matmul, device, { budget: { trials: 1 }, open });
  const rows = summaryRows(result.summary);
  assertEquals(rows.map((r) => [r.contestant, r.trials, r.failed, r.medianMs]), [
    ["fallback", 1, 1, NaN],
    ["dlight", 1, 1, NaN],
    ["autotvm", 1, 1, NaN],
    ["autotvm+dlight", 1, 1, NaN],
  ]);
  assert(tableToRecords(result.trials).every((r) => r.status === "timeout"));
  compiles(result);
});

Deno.test("a comparison that is stopped shows what there is", async () => {
  const stop = new AbortController();
  const reporter = {
    update: ({ method }: { readonly method: string }) => method === "autotvm" ? stop.abort() : undefined,
    done: () => Promise.resolve(),
  };
  const result = await compare(matmul, device, {
    budget: { trials: 50 },
    rounds: 1,
    signal: stop.signal,
    reporter,
  });
  const rows = summaryRows(result.summary);
  assertEquals(rows.map((r) => r.trials), [1, 1, 1, 0]);
  assertEquals(rows.map((r) => Number.isNaN(r.medianMs)), [false, false, false, true]);
  compiles(result);
});

Deno.test("a comparison that is stopped before it begins has rows, and nothing in them", async () => {
  const result = await compare(matmul, device, { budget: { trials: 5 }, signal: AbortSignal.abort() });
  assertEquals(summaryRows(result.summary).map((r) => [r.trials, r.medianMs]), Array(4).fill([0, NaN]));
  assertEquals(result.trials.numRows, 0);
  compiles(result);
});

Deno.test("what can't be compared is refused before anything is measured", async () => {
  const refuses = (
    func: PrimFunc,
    options: Partial<CompareOptions>,
    type: typeof TunebookError,
    text: string,
  ) => assertRejects(() => compare(func, device, { budget: { trials: 1 }, ...options }), type, text);
  await refuses(
    matmul,
    { methods: ["ansor"] } as unknown as CompareOptions,
    TunebookError,
    'expected methods[0] of compare to be one of fallback, dlight, autotvm, autotvm+dlight, got "ansor"',
  );
  await refuses(matmul, { budget: {} }, TunerError, "expected a budget with a limit, got none");
  await refuses(
    matmul,
    { rounds: 0 },
    TunebookError,
    "expected rounds of compare to be an integer of at least 1, got 0",
  );
  await refuses(
    matmul,
    { seed: 0.5 },
    TunebookError,
    "expected seed of compare to be a 32-bit integer, got 0.5",
  );
  await assertRejects(
    () => compare(matmul, device, { methods: ["dlight", "autotvm"] }),
    OptionError,
    'missing option "budget" of compare, as autotvm searches',
  );
  await refuses(te.softmax({ rows: "n", columns: 4 }), {}, IrError, "give shapes { n: … }");
});

Deno.test("progress says how much of all searches is spent, program by program", async () => {
  const states: Progress[] = [];
  const reporter: Reporter = { update: (p) => void states.push(p), done: () => Promise.resolve() };
  const { open } = new SimulatedMeasuring(byText);
  const budget = { seconds: 100, trials: 2 };
  await compare([matmul, te.softmax({ rows: 4, columns: 16 })], device, {
    budget,
    rounds: 2,
    open,
    reporter,
  });
  const searching = states.filter((s) => s.whole !== undefined);
  assertEquals([...new Set(searching.map((s) => `${s.place}, ${s.method}`))], [
    ...["1,2, autotvm", "1,2, autotvm+dlight"],
    ...["2,2, autotvm", "2,2, autotvm+dlight"],
  ]);
  const spent = searching.map((s) => s.whole?.spent ?? NaN);
  assertEquals(spent, spent.toSorted((a, b) => a - b), "it only grows");
  assert(searching.every((s) => s.whole?.total === 400));
  assert((spent.at(-1) ?? 0) >= 300 && (spent[0] ?? NaN) < 100);
});
