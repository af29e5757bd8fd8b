/** Shared schedules measured on another device, or on the same. */
import * as te from "../../lib/face/te.ts";
import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { compare } from "../../lib/tuning/compare.ts";
import { rerunShared } from "../../lib/cli/rerun.ts";
import { share, Shared } from "../../lib/share/shared.ts";
import { call, constant, sub } from "../../lib/ir/build.ts";
import type { Expr, Var } from "../../lib/ir/expr.ts";
import { TunebookError } from "../../lib/base/error.ts";
import { median } from "../../lib/base/statistics.ts";
import { OWN_PRESET } from "../../lib/records/rerun.ts";
import { rerunRows } from "../../lib/records/rerun_table.ts";
import { devices } from "../devices.ts";
import { matmul } from "./programs.ts";
import { searched } from "../share/shared_results.ts";
import { bundleOf } from "../../lib/notebook/display.ts";

/** The root of a number below -1. */
const sqrtOf = (X: te.Tensor, i: Var): Expr => call("sqrt", sub(X.at(i), constant(2, "f32")));

const [cpu] = devices;
assert(cpu);
const folder = await Deno.makeTempDir();

for (const here of devices) {
  for (const there of devices) {
    const name = `from ${there.target.profile} to ${here.target.profile}`;
    Deno.test(`${name}: the same schedules, right, and beside this device's own preset`, async () => {
      const path = `${folder}/${name}.html`;
      await share(await searched(matmul, there), path);
      const shared = await Shared.open(path);
      const { rows, table, devices } = await shared.rerun(here, { rounds: 6 });
      assertEquals(devices, { there: there.target.name, here: here.target.name });
      const own = rows.filter((r) => r.contestant === OWN_PRESET);
      assertEquals(rows.slice(0, 2).map((r) => r.contestant), ["dlight", "autotvm+dlight"]);
      assertEquals(
        own.length,
        here === there ? 0 : 1,
        "where both presets are one schedule, it is there once",
      );
      for (const r of rows) {
        assertEquals([r.status, r.message, r.samples.length], ["ok", "", 6]);
        assertEquals(r.hereMs, median(r.samples));
        assert(r.hereLowMs <= r.hereMs && r.hereMs <= r.hereHighMs && r.maxError < 1e-5);
        assert(r.hereTimesLow <= r.hereTimes && r.hereTimes <= r.hereTimesHigh);
      }
      assertEquals((own[0] ?? rows[0])?.hereTimes, 1, "a preset is as fast as itself");
      const [rule, won] = rows;
      const [was, best] = shared.manifest.tasks[0]?.results ?? [];
      assertEquals([rule?.thereMs, rule?.thereTimes, won?.thereMs], [was?.won?.ms, 1, best?.won?.ms]);
      assertAlmostEquals(won?.thereTimes ?? 0, (was?.won?.ms ?? 0) / (best?.won?.ms ?? 1), 1e-9);
      assertEquals(rerunRows(table), rows);
    });
  }
}

Deno.test("a comparison runs again, its table and its chart show both devices", async () => {
  const result = await compare(matmul, cpu, { methods: ["fallback", "dlight"], budget: {}, rounds: 6 });
  const again = await Shared.of(result).rerun(cpu, { rounds: 6 });
  assertEquals(again.rows.map((r) => [r.contestant, r.status]), [["fallback", "ok"], ["dlight", "ok"]]);
  const text = Deno.inspect(again);
  assert(/^Rerun: there is .*, here is .*\n\nschedule .* × DLight here/.test(text), text);
  assert(text.includes("Fallback (naive)") && text.includes("right"));
  const cell = await bundleOf(again);
  assert("image/png" in cell && text.includes("Chart: "));
});

Deno.test("a schedule that does not fit this device has a row that says why", async () => {
  const { target } = cpu;
  const limits = { ...target.limits, maxInvocations: 16 };
  const narrow = { target: { ...target, limits }, probe: () => cpu.probe() };
  const result = await compare(matmul, cpu, { methods: ["fallback", "dlight"], budget: {}, rounds: 6 });
  const { rows } = await Shared.of(result).rerun(narrow, { rounds: 6 });
  const fallback = rows.find((r) => r.contestant === "fallback");
  assertEquals([fallback?.status, fallback?.hereMs, fallback?.hereTimes], ["verify", NaN, NaN]);
  assert(fallback?.message.includes("the limit is 16"), fallback?.message);
  assert(rows.some((r) => r.contestant === OWN_PRESET || r.contestant === "dlight"));
});

Deno.test("a trace that was tampered with is a row, and does nothing", async () => {
  const path = `${folder}/tampered`;
  const { manifest } = await share(await searched(matmul, cpu), path);
  const json = JSON.parse(JSON.stringify(manifest));
  const [, { won }] = json.tasks[0].results;
  won.trace.steps = [{ op: "split", loop: "no_such_loop", factors: [2, 4] }];
  await Deno.writeTextFile(`${path}/manifest.json`, JSON.stringify(json));
  const again = await (await Shared.open(path)).rerun(cpu, { rounds: 6 });
  const { rows } = again;
  assertEquals(rows.map((r) => [r.contestant, r.status]), [["dlight", "ok"], [
    "autotvm+dlight",
    "instantiate",
  ]]);
  assert(rows[1]?.message.includes("no_such_loop"), rows[1]?.message);
  assert(Deno.inspect(again).includes("instantiate: "));
});

Deno.test("a program that can't be measured here has rows that say why, and others have theirs", async () => {
  // Its reference is NaN wherever it is asked for.
  const X = te.placeholder("X", [64]);
  const undefinedThere = te.primFunc("undefined_there", [X, te.compute("Y", [64], (i) => sqrtOf(X, i))]);
  const shared = Shared.of([await searched(undefinedThere, cpu), await searched(matmul, cpu)]);
  const { rows } = await shared.rerun(cpu, { rounds: 6 });
  const [bad, good] = [
    rows.filter((r) => r.task.startsWith("undefined")),
    rows.filter((r) => r.task.startsWith("matmul")),
  ];
  assert(
    bad.length > 0 && bad.every((r) => r.status === "run" && r.message.includes("every element of Y is NaN")),
    bad[0]?.message,
  );
  assert(good.length > 0 && good.every((r) => r.status === "ok"));
});

Deno.test("programs of named dimensions run at the shapes that were shared", async () => {
  const func = te.softmax({ rows: "n", columns: 16 });
  const { rows } = await Shared.of(await searched(func, cpu, { shapes: { n: 4 } })).rerun(cpu, { rounds: 6 });
  assert(rows.length > 1 && rows.every((r) => r.status === "ok" && r.task.endsWith(" with n = 4")));
});

Deno.test("a rerun that is stopped before it begins has no rows, and bad rounds are refused", async () => {
  const shared = Shared.of(await searched(matmul, cpu));
  assertEquals((await shared.rerun(cpu, { signal: AbortSignal.abort() })).rows, []);
  await assertRejects(
    () => shared.rerun(cpu, { rounds: 0 }),
    TunebookError,
    "expected rounds of shared.rerun to be an integer of at least 1, got 0",
  );
});

Deno.test("the command reruns a page, and says what it takes", async () => {
  const path = `${folder}/command.html`, chart = `${folder}/there_here.png`;
  await share(await searched(matmul, cpu), path);
  await rerunShared([path, "--backend", "cpu", "--rounds", "6", "--chart", chart]);
  assertEquals((await Deno.readFile(chart)).slice(1, 4), new TextEncoder().encode("PNG"));
  const refuses = (args: readonly string[], why: string) =>
    assertRejects(() => rerunShared(args), TunebookError, why);
  await refuses([], "missing argument PAGE_OR_FOLDER; usage: deno task rerun PAGE_OR_FOLDER");
  await refuses([path, "x"], "unknown argument x");
  await refuses([path, "--backend", "gpu"], "expected --backend to be one of webgpu, cpu, got gpu");
  await refuses([path, "--budget", "3"], "unknown option --budget");
  await refuses([path, "--rounds", "many"], "expected --rounds to be an integer of at least 1, got many");
});
