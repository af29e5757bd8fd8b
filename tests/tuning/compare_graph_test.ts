/** Graphs compared level by level, and profiled by function. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { OptionError, TunebookError } from "../../lib/base/error.ts";
import { levels as levelsChart } from "../../lib/charts/levels.ts";
import { underRoofline } from "../../lib/charts/roofline.ts";
import { whereTimeGoes } from "../../lib/charts/where_time_goes.ts";
import { TuningDatabase } from "../../lib/records/database.ts";
import { functionRows } from "../../lib/records/graph_functions.ts";
import { levelRows } from "../../lib/records/graph_levels.ts";
import { graph } from "../../lib/relax/builder.ts";
import { interpretGraph } from "../../lib/relax/interpret_graph.ts";
import { RuntimeError } from "../../lib/runtime/error.ts";
import { build } from "../../lib/tuning/build.ts";
import { compare } from "../../lib/tuning/compare.ts";
import { InterruptedError } from "../../lib/tuning/interrupted_error.ts";
import { devices } from "../devices.ts";
import { byText, SimulatedMeasuring } from "./simulated_measuring.ts";

const mlp = graph("mlp", (b) => {
  const h = b.gelu(b.linear(b.input("x", ["n", 32]), b.weight("w1", [32, 32])));
  const g = b.gelu(b.linear(h, b.weight("w2", [32, 32])));
  return { y: b.softmax(g), ids: b.argmax(g, { axis: -1 }) };
});
const bounds = { n: 16 };
const numbers = (n: number, of: (k: number) => number) => Float32Array.from({ length: n }, (_, k) => of(k));
const inputs = { x: numbers(12 * 32, (k) => Math.sin(k * k)) };
const weights = {
  w1: numbers(1024, (k) => Math.cos(7 * k) / 6),
  w2: numbers(1024, (k) => Math.cos(3 * k) / 6),
};

for (const device of devices) {
  const on = `on ${device.target.name}`;

  Deno.test(`a graph is compared at all levels, by function, with what each is worth ${on}`, async () => {
    using database = TuningDatabase.memory();
    const { open } = new SimulatedMeasuring(byText);
    const expected = interpretGraph(mlp, { ...inputs, ...weights }, { n: 12 });
    const compared = await compare(mlp, device, {
      ...{ bounds, shapes: { n: 12 }, inputs, weights, expected, database, open },
      ...{ budget: { trials: 6 }, rounds: 3, tuner: "random" },
    });
    const { rows, functionRows: functions, search } = compared;
    assertEquals(rows.map((r) => [r.level, r.status]), [[0, "ok"], [1, "ok"], [2, "ok"], [3, "ok"]]);
    for (const r of rows) {
      assert(r.medianMs >= 0 && r.samples.length === 3 && r.lowMs <= r.medianMs && r.medianMs <= r.highMs);
      assert(r.maxError < 1e-3 && r.buildSeconds > 0 && (r.searchSeconds > 0) === (r.level === 3));
    }
    const [unfused, fused, , tuned] = rows;
    assert(
      (unfused?.launches ?? 0) > (fused?.launches ?? 0) && unfused?.tuned === 0 && (tuned?.tuned ?? 0) > 0,
    );
    assertEquals(search?.rows.reduce((n, r) => n + r.trials, 0), 6);
    for (const { level, calls, launches } of rows) {
      const own = functions.filter((f) => f.level === level);
      assertEquals(own.reduce((n, f) => n + f.count, 0), calls);
      assertEquals(own.reduce((n, f) => n + f.count * f.launches, 0), launches);
      assert(Math.abs(own.reduce((n, f) => n + f.share, 0) - 1) < 1e-9);
    }
    assert(functions.every((f) => f.level > 0 || f.kind === "Fallback"));
    assertEquals(levelRows(compared.levels), rows);
    assertEquals(functionRows(compared.functions), functions);
    for (const chart of [...Object.values(compared.charts), levelsChart(compared.levels)]) {
      assert((await chart.toSVG()).includes("mlp") || chart.toString() === "Chart: Time at each level");
    }
    whereTimeGoes(compared.functions);
  });

  Deno.test(`the functions of a built graph are timed, each with its calls ${on}`, async () => {
    using model = await build(mlp, device, { weights, bounds });
    const profile = await model.profile({ rounds: 2 });
    const names = profile.rows.map((r) => r.kernel);
    assertEquals(names.length, new Set(names).size);
    assertEquals(profile.rows.reduce((n, r) => n + r.count, 0), model.built.functions.length);
    const sum = profile.rows.reduce((ms, r) => ms + r.count * r.ms, 0);
    assert(profile.ms >= 0 && sum >= 0 && profile.sumMs === sum, `${profile.ms} ${sum}`);
    const peaks = { gflops: 100, bufferGbps: 10, textureGbps: 10, copyGbps: 10, launchMs: 0.01 };
    underRoofline(profile.table, { peaks });
    assertEquals(functionRows(profile.table), profile.rows);
  });
}

const [device] = devices;
if (device) {
  const small = { bounds, rounds: 1, levels: [1] as const };

  Deno.test("functions are left out on demand", async () => {
    const { rows, functions } = await compare(mlp, device, { ...small, functions: false });
    assertEquals([rows.length, functions.numRows], [1, 0]);
  });

  Deno.test("a level whose results are wrong has no time, and says what is wrong", async () => {
    const expected = { y: new Float32Array(16 * 32), ids: new Int32Array(16).fill(99) };
    const { rows, functionRows: functions, charts } = await compare(mlp, device, { ...small, expected });
    assertEquals(rows.map((r) => [r.status, r.medianMs, r.samples]), [["wrongAnswer", NaN, []]]);
    assert(/^y\[|^y /.test(rows[0]?.message ?? "") && functions.length === 0, rows[0]?.message);
    assert((await charts.levels.toSVG()).includes("no level was measured"));
  });

  Deno.test("what a comparison of a graph lacks is named", async () => {
    const bad: readonly (readonly [options: object, kind: typeof TunebookError, message: string])[] = [
      [{ bounds, levels: [2] }, TunebookError, "expected a database to compare mlp at level 2, got none"],
      [{ bounds, levels: [3] }, TunebookError, "expected a budget to compare mlp at level 3, got none"],
      [{ bounds, levels: [4] }, OptionError, "levels"],
      [{ bounds, level: 1 }, OptionError, "level"],
      [{ bounds, inputs: { z: inputs.x } }, RuntimeError, "expected inputs among x, got z"],
      [{ bounds, weights: { x: inputs.x } }, RuntimeError, "expected weights among w1, w2, got x"],
      [{ levels: [1] }, TunebookError, "n"],
    ];
    for (const [options, kind, message] of bad) {
      await assertRejects(() => compare(mlp, device, options), kind, message);
    }
    using model = await build(mlp, device, { weights, bounds });
    await assertRejects(() => model.profile({ round: 1 } as object), OptionError, "rounds");
  });

  Deno.test("a comparison of a graph stops on demand", async () => {
    const signal = AbortSignal.abort();
    await assertRejects(
      () => compare(mlp, device, { ...small, signal }),
      InterruptedError,
      "the comparison of mlp",
    );
  });
}
