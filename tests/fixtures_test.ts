/** What version 0.1.0 wrote opens, replays, lowers, answers and runs with the present code. */
import { assert, assertEquals } from "@std/assert";
import { interpret } from "../lib/interp/interpret.ts";
import * as dlight from "../lib/dlight/schedule.ts";
import { fingerprint } from "../lib/ir/fingerprint.ts";
import type { PrimFunc } from "../lib/ir/func.ts";
import { funcFromJson } from "../lib/ir/func_json.ts";
import { lower } from "../lib/lower/pipeline.ts";
import { randomInputs } from "../lib/measure/random_inputs.ts";
import { TuningDatabase } from "../lib/records/database.ts";
import { readLog } from "../lib/records/log.ts";
import { manifestFrom } from "../lib/records/manifest.ts";
import { presentConfig } from "../lib/records/present_config.ts";
import type { TrialRecord } from "../lib/records/record.ts";
import { RecordReader } from "../lib/records/record_reader.ts";
import { readSpace } from "../lib/records/recorded_space.ts";
import { Device } from "../lib/runtime/device.ts";
import type { Knob } from "../lib/space/knob.ts";
import type { Config } from "../lib/space/knobs.ts";
import { collapseAxes } from "../lib/schedule/collapse_axes.ts";
import { replay, Trace } from "../lib/schedule/trace.ts";
import { Shared } from "../lib/share/shared.ts";
import { spaceOf } from "../lib/space/template.ts";
import { targetOf } from "../lib/target/profiles.ts";
import type { Profile } from "../lib/target/target.ts";
import { build } from "../lib/tuning/build.ts";
import { simulate } from "../lib/tuning/simulate.ts";
import { tune } from "../lib/tuning/tune.ts";

const FIXTURES = new URL("./fixtures/v0_1_0/", import.meta.url);
const folder = await Deno.makeTempDir();
// Version 0.1.0 had JavaScript on the CPU. Records count, and searches go on, on the device that they are of.
const cpu = await Device.open({ backend: "cpu", language: "js" });

/** The path of a fixture, unzipped into a folder of its own. */
async function unzipped(name: string): Promise<string> {
  const zipped = await Deno.open(new URL(`${name}.gz`, FIXTURES));
  const path = `${await Deno.makeTempDir({ dir: folder })}/${name.split("/").at(-1)}`;
  await Deno.writeFile(path, zipped.readable.pipeThrough(new DecompressionStream("gzip")));
  return path;
}

/** The page's folder as `share` wrote it. */
async function sharedFolder(): Promise<string> {
  const into = await Deno.makeTempDir({ dir: folder });
  for (const name of ["manifest.json", "trials.arrows"]) {
    await Deno.rename(await unzipped(`folder/${name}`), `${into}/${name}`);
  }
  return into;
}

/** Each record reads, and its trace replays on its program and lowers for its target. */
function assertUsable(records: readonly TrialRecord[]): void {
  const reader = new RecordReader();
  for (const record of records) {
    const { func, trace, target } = reader.read(record);
    assertEquals(fingerprint(func), record.fingerprint);
    assertEquals(JSON.stringify(trace), record.trace);
    assert(lower(replay(func, trace), target).length > 0);
  }
}

/** Each configuration is a point of the space that its program's rule declares now. */
function assertInSpace(records: readonly TrialRecord[]): void {
  const reader = new RecordReader();
  for (const record of records.filter((r) => r.rule !== "Fallback")) {
    const { func, target, config } = reader.read(record);
    const { rule, template } = dlight.match(func, target);
    assertEquals(rule, record.rule);
    const space = spaceOf(func, template),
      point = space.at(space.indexOf(presentConfig(rule, config, space)));
    // Knobs that the rule has got since change nothing.
    assertEquals({ ...point, ...config }, point);
    assertEquals(presentConfig(rule, config, space), point);
  }
}

const LOGS: Readonly<Record<string, number>> = {
  trials_attention: 5,
  trials_conv: 5,
  trials_matmul: 5,
  trials_q4: 5,
  trials_softmax: 5,
  trials_symbolic: 5,
  trials_transpose: 5,
  compare: 10,
};

Deno.test("the fixtures that are tested are all that there are", () => {
  const names = [...Deno.readDirSync(FIXTURES)].map((e) => e.name).sort();
  const logs = Object.keys(LOGS).map((name) => `${name}.arrows.gz`);
  const others = ["README.md", "database.arrows.gz", "folder", "page.html.gz", "space.arrows.gz"];
  assertEquals(names, [...logs, ...others, "traces.json.gz"].sort());
});

for (const [name, trials] of Object.entries(LOGS)) {
  Deno.test(`the log ${name} of version 0.1.0 opens, and its traces replay and lower`, async () => {
    const records = await readLog(await unzipped(`${name}.arrows`));
    assertEquals([records.length, records.filter((r) => r.status === "ok").length], [trials, trials]);
    assertUsable(records);
    assertInSpace(records);
  });
}

Deno.test("the database of version 0.1.0 opens, verifies, and answers for each of its programs", async () => {
  using database = await TuningDatabase.open(await unzipped("database.arrows"));
  const { records } = database;
  assertEquals([records.length, new Set(records.map((r) => r.task)).size], [55, 11]);
  assertEquals(database.verify().numRows, 0);
  assertUsable(records);
  assertInSpace(records);
  const reader = new RecordReader();
  for (const own of Map.groupBy(records, (r) => r.task).values()) {
    const { func, target, shapes } = reader.read(own[0] as TrialRecord);
    const found = database.lookup(func, target, shapes);
    assertEquals([found?.how, found?.record.medianMs], ["exact", Math.min(...own.map((r) => r.medianMs))]);
  }
});

Deno.test("a program is built at level 2 from records of version 0.1.0, and is right", async () => {
  using database = await TuningDatabase.open(await unzipped("database.arrows"));
  assertEquals((await database.merge(await unzipped("compare.arrows"))).refused, []);
  const [first] = await readLog(await unzipped("compare.arrows"));
  const func = new RecordReader().workload(first as TrialRecord).func;
  using program = await build(func, cpu, { level: 2, database });
  assertEquals([program.built.how, program.built.found?.how, program.built.rule], [
    "record",
    "exact",
    "GEMV",
  ]);
  const inputs = randomInputs(func, 1);
  const { y = [] } = await program.run(inputs);
  const { y: expected = [] } = interpret(func, inputs);
  assertEquals(y.length, 32);
  y.forEach((value, k) => assert(Math.abs(value - (expected[k] ?? NaN)) < 1e-5));
});

Deno.test("the recorded space of version 0.1.0 opens, and a search runs on it", async () => {
  const recorded = await readSpace(await unzipped("space.arrows"));
  const points = [...recorded.points.values()];
  assertEquals([recorded.rule, recorded.target.kind, recorded.space.size], ["Reduction", "cpu", 1800]);
  assertEquals([points.length, points.filter((p) => p.status === "ok").length], [594, 594]);
  const { rule, template } = dlight.match(recorded.func, recorded.target);
  assertEquals(rule, recorded.rule);
  // The presets of the CPU are those of WebAssembly today.
  const values = (knobs: readonly Knob[]) => knobs.map(({ preset: _, ...knob }) => knob);
  assertEquals(values(spaceOf(recorded.func, template).knobs), values(recorded.space.knobs));
  const tried = simulate(recorded, { tuner: "portfolio", start: "preset", budget: { trials: 6 }, seed: 1 });
  assertEquals([tried.length, tried[0]?.index], [6, recorded.space.preset]);
});

Deno.test("the page and the folder of version 0.1.0 open with their trials, tables and charts", async () => {
  const page = await Shared.open(await unzipped("page.html"));
  assertEquals([page.workloads.length, page.records.length, page.charts.length], [2, 10, 5]);
  const whole = await Shared.open(await sharedFolder());
  assertEquals([whole.workloads.length, whole.records.length, whole.charts.length], [11, 55, 23]);
  for (const { manifest, records, workloads, summary } of [page, whole]) {
    assertEquals([manifest.shared, manifest.versions["tunebook"]], [1, "0.1.0"]);
    assertUsable(records);
    assertInSpace(records);
    assertEquals(summary.numRows, 2 * workloads.length);
    for (const { func, target, results } of workloads) {
      assertEquals(results.map((r) => r.result.contestant), ["dlight", "autotvm+dlight"]);
      for (const { best } of results) assert(best && lower(replay(func, best.trace), target).length > 0);
    }
  }
});

Deno.test("the page of version 0.1.0 runs again on the CPU", async () => {
  const path = await unzipped("page.html");
  const { rows } = await (await Shared.open(path)).rerun(cpu, { rounds: 3 });
  const tasks = new Set(rows.map((r) => r.task));
  assertEquals(tasks.size, 2);
  for (const task of tasks) {
    const own = rows.filter((r) => r.task === task);
    assertEquals(own.slice(0, 2).map((r) => r.contestant), ["dlight", "autotvm+dlight"]);
    assertEquals(own.map((r) => [r.status, r.samples.length]), own.map(() => ["ok", 3]));
  }
});

Deno.test("a search goes on from a log of version 0.1.0", async () => {
  const path = await unzipped("compare.arrows");
  const earlier = await readLog(path);
  const func = new RecordReader().workload(earlier[0] as TrialRecord).func;
  const log = await tune(func, cpu, { budget: { trials: 6 }, path, seed: 0, rounds: 0 });
  const own = earlier.filter((r) => r.contestant === "autotvm+dlight");
  assertEquals([own.length, log.records.length], [4, 6]);
  assertEquals(log.records.slice(0, 4), own);
  assertEquals(new Set(log.records.map((r) => r.config)).size, 6);
  assertEquals((await readLog(path)).length, earlier.length + 2);
});

/** One line of traces.json. */
interface Scheduled {
  readonly operator: string;
  readonly profile: Profile;
  readonly rule: string;
  readonly preset: Readonly<Record<string, unknown>>;
  readonly func: string;
  readonly trace: unknown;
}

Deno.test("traces of version 0.1.0 replay to the same programs, and rules take the same presets today", async () => {
  const text = await Deno.readTextFile(await unzipped("traces.json"));
  const scheduled = JSON.parse(text) as readonly Scheduled[];
  assertEquals(new Set(scheduled.map((s) => `${s.operator} ${s.profile}`)).size, 66);
  const manifest = await Deno.readTextFile(await unzipped("folder/manifest.json"));
  const { tasks } = manifestFrom("the folder", manifest);
  const funcs = new Map(tasks.map(({ fingerprint, program }): [string, PrimFunc] => [
    fingerprint,
    funcFromJson(program),
  ]));
  for (const { operator, profile, rule, preset, func: printed, trace: json } of scheduled) {
    const trace = Trace.fromJSON(JSON.stringify(json));
    const func = funcs.get(trace.program.fingerprint) as PrimFunc;
    assertEquals(fingerprint(func), trace.program.fingerprint);
    assertEquals(String(replay(func, trace)), printed, `${operator} for ${profile}`);
    const now = dlight.schedule(func, targetOf(profile));
    assertEquals(now.rule, rule, `${operator} for ${profile}`);
    // The presets of the CPU are those of WebAssembly today.
    if (profile === "cpu") continue;
    // Matmul's tiles are by measurements of real GPUs since.
    if (rule === "Matmul" && profile !== "llvmpipe") continue;
    const point = presentConfig(rule, preset as Config, now.space);
    assertEquals(now.preset, point, `${operator} for ${profile}`);
    // Rules look at rows today where a program has several axes in their place. On short heads GeneralReduction keeps
    // more threads busy.
    if (collapseAxes(func) !== func || operator === "attention") continue;
    assertEquals(String(now.func), printed, `${operator} for ${profile}`);
  }
});
