import * as te from "../../lib/face/te.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { timePresets } from "../../lib/tuning/preset_times.ts";
import { tuneSuite } from "../../lib/tuning/tune_suite.ts";
import { TunerError } from "../../lib/autotvm/error.ts";
import { TunebookError } from "../../lib/base/error.ts";
import { readLog } from "../../lib/records/log.ts";
import { devices } from "../devices.ts";
import { byText, SimulatedMeasuring } from "./simulated_measuring.ts";

const [cpu] = devices;
assert(cpu);
const member = (name: string, func = te.add({ shape: [256] }), count = 1, shapes = {}) => ({
  name,
  func: func.with({ name }),
  count,
  shapes,
});
/** Long and short ones of one kind, one of them twice under two names. */
const members = [
  member("long", te.matmul({ m: 48, n: 48, k: 48 }), 8),
  member("short", te.add({ shape: [64] })),
  member("same", te.add({ shape: [64] }), 3),
];

Deno.test("a suite shares one budget: each kernel has a turn, and most go where most time is spent", async () => {
  const path = await Deno.makeTempDir();
  const { rows, table, records, best, speedup } = await tuneSuite(members, cpu, {
    budget: { trials: 28 },
    path,
    rounds: 6,
  });
  assertEquals(rows.map((r) => [r.kernels, r.weight]), [["long", 8], ["short, same", 4]]);
  assertEquals([records.length, rows.reduce((n, r) => n + r.trials, 0), table.numRows], [28, 28, 2]);
  const [long, short] = rows;
  assert(long && short && long.trials >= 16 && short.trials >= 1, `${long?.trials}, ${short?.trials}`);
  for (const r of rows) {
    // A winner is the preset itself, or faster beyond noise.
    assert(r.speedup >= 1 && r.lowSpeedup <= r.speedup && r.speedup <= r.highSpeedup, JSON.stringify(r));
    assert(r.bestMs > 0 && r.presetMs > 0);
  }
  assert(speedup > 0.5 && best.length === 2);
  const files = [...Deno.readDirSync(path)].map((e) => e.name).toSorted();
  assertEquals(files, ["0_long.arrows", "1_short.arrows"]);
  const logged = await Promise.all(files.map((f) => readLog(`${path}/${f}`)));
  assertEquals(logged.map((l) => l.length), rows.map((r) => r.trials));

  // A suite that was ended goes on from its logs.
  const more = await tuneSuite(members, cpu, { budget: { trials: 30 }, path, rounds: 6 });
  assertEquals(more.records.length, 30);
  assertEquals(logged.flat().every((r) => more.records.some((o) => o.time === r.time)), true);
});

Deno.test("a kernel of many rows or few is tuned for each number of them, by how often it comes", async () => {
  const func = te.softmax({ rows: "m", columns: 16 });
  const { rows } = await tuneSuite([member("softmax", func, 10, { m: 3 }), member("add")], cpu, {
    budget: { trials: 6 },
    buckets: { m: [[1, 9], [4, 1]] },
    rounds: 6,
  });
  assertEquals(rows.map((r) => [r.kernels, r.shapes, r.weight]), [
    ["softmax", "m = 1", 9],
    ["softmax", "m = 4", 1],
    ["add", "", 1],
  ]);
});

Deno.test("names of kernels can't lead out of the folder of logs", async () => {
  const path = `${await Deno.makeTempDir()}/logs`;
  const evil = { ...member("x"), name: "../../../etc/passwd\0" };
  await tuneSuite([evil], cpu, { budget: { trials: 1 }, path, rounds: 6 });
  assertEquals([...Deno.readDirSync(path)].map((e) => e.name), ["0__etc_passwd_.arrows"]);
});

Deno.test("where presets have times, what a launch bounds has no trial, and one process serves slice after slice", async () => {
  const known = [
    { ...member("launch", te.add({ shape: [64] }), 50), presetMs: 1e-9 },
    { ...member("long", te.matmul({ m: 48, n: 48, k: 48 })), presetMs: 50 },
  ];
  const measuring = new SimulatedMeasuring(byText);
  const { open } = measuring;
  const { rows, best, speedup } = await tuneSuite(known, cpu, { budget: { trials: 20 }, open, rounds: 6 });
  assertEquals(rows.map((r) => [r.trials, r.presetMs > 0]), [[0, true], [20, true]]);
  assertEquals([rows[0]?.presetMs, rows[0]?.bestMs, rows[0]?.speedup, best.length], [1e-9, 1e-9, NaN, 1]);
  assert(speedup >= 1);
  // One for three slices, and one for the confirmation.
  assertEquals(measuring.opened.map((o) => o.func.name), ["long", "long"]);
});

Deno.test("presets are timed with the given inputs, equal kernels once, until a signal stops it", async () => {
  const table = te.embedding({ rows: 3, vocabulary: 8, columns: 4 });
  const given = { ...member("given", table), inputs: { ids: Int32Array.of(7, 0, 7) } };
  const range = { ...member("range", te.add({ shape: [128] })), inputs: { A: { below: 3 } } };
  const [a, b, c, d] = await timePresets([...members.slice(1), given, range], cpu);
  assert(
    [a, b, c, d].every((m) => (m?.presetMs ?? 0) > 0),
    JSON.stringify([a, b, c, d].map((m) => m?.presetMs)),
  );
  assertEquals(a?.presetMs, b?.presetMs);
  assertEquals([a?.name, c?.name, d?.inputs], ["short", "given", range.inputs]);
  assertEquals(await timePresets(members, cpu, { signal: AbortSignal.abort() }), members);
});

Deno.test("a suite that can't be tuned is refused, and said", async () => {
  const options = { budget: { trials: 1 } };
  const refuses = (promise: Promise<unknown>, says: string, type = TunebookError) =>
    assertRejects(() => promise, type, says);
  await refuses(tuneSuite([], cpu, options), "expected at least one kernel in the suite, got none");
  await refuses(tuneSuite(members, cpu, { budget: {} }), "expected a budget with a limit", TunerError);
  await refuses(
    tuneSuite([member("x", undefined, 0)], cpu, options),
    "expected the count of kernel x to be a positive number, got 0",
  );
  await refuses(
    tuneSuite([{ ...member("x"), presetMs: NaN }], cpu, options),
    "expected presetMs of kernel x to be a positive number, got NaN",
  );
  const symbolic = member("s", te.softmax({ rows: "m", columns: 4 }), 1, { m: 1 });
  for (
    const [bad, says] of [
      [[[0, 1]], "expected buckets.m[0][0] of autotvm.tuneSuite to be an integer of at least 1, got 0"],
      [[[1, -1]], "expected buckets.m[0][1] of autotvm.tuneSuite to be a finite number above 0, got -1"],
      [[], "buckets are positive integers"],
    ] as const
  ) {
    await refuses(tuneSuite([symbolic], cpu, { ...options, buckets: { m: bad } }), says);
  }
});
