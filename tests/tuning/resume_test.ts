/** A search that goes on from its log: nothing repeated, nothing lost, nothing of others' counted. */
import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { tune, type TuneOptions } from "../../lib/tuning/tune.ts";
import { fingerprint } from "../../lib/ir/fingerprint.ts";
import type { PrimFunc } from "../../lib/ir/func.ts";
import { RecordError } from "../../lib/records/error.ts";
import { readLog, RecordLog } from "../../lib/records/log.ts";
import type { TrialRecord } from "../../lib/records/record.ts";
import { SCHEMA_VERSION, schemaOf, TRIAL_COLUMNS } from "../../lib/records/schema.ts";
import { batchBytes, messagesOf, readStream, schemaBytes } from "../../lib/records/arrow_stream.ts";
import { batchOf } from "../../lib/records/table.ts";
import { Device } from "../../lib/runtime/device.ts";
import { namedTemplate } from "../../lib/space/template.ts";
import type { Target } from "../../lib/target/target.ts";
import type { TunableDevice } from "../../lib/tuning/tunable_device.ts";
import * as te from "../../lib/face/te.ts";
import { add, matmul, small } from "./programs.ts";
import { byText, SimulatedMeasuring } from "./simulated_measuring.ts";

const cpu = await Device.open({ backend: "cpu" });
const newPath = async () => `${await Deno.makeTempDir()}/log.arrows`;

/** A search with made-up times, and how many candidates it had measured. */
async function run(options: TuneOptions, func: PrimFunc = matmul, device: TunableDevice = cpu) {
  const sim = new SimulatedMeasuring(byText);
  const log = await tune(func, device, { open: sim.open, ...options });
  return { ...log, measured: sim.asked.length };
}

function isWhole(records: readonly TrialRecord[], n: number): void {
  assertEquals(records.map((r) => r.trial), [...Array(n).keys()]);
  assertEquals(new Set(records.map((r) => r.config)).size, n);
}

Deno.test("every tuner goes on where it was", async () => {
  for (const tuner of ["random", "grid", "ga", "xgb"] as const) {
    const path = await newPath();
    const first = await run({ path, tuner, budget: { trials: 7 } });
    const second = await run({ path, tuner, budget: { trials: 16 } });
    assertEquals([first.measured, second.measured], [7, 9]);
    isWhole(second.records, 16);
    assertEquals(second.records.slice(0, 7), first.records);
    assertEquals(await readLog(path), second.records);
    const third = await run({ path, tuner, budget: { trials: 16 } });
    assertEquals([third.measured, third.stopped], [0, "trials"]);
    assertEquals(third.best, second.best);
  }
});

Deno.test("budgets count what was spent before", async () => {
  const path = await newPath();
  const first = await run({ path, budget: { trials: 4 } });
  const spent = first.records.at(-1)?.secondsSinceStart ?? NaN;
  const { records } = await run({ path, budget: { trials: 5 } });
  assert((records[4]?.secondsSinceStart ?? 0) > spent);
  assertEquals((await run({ path, budget: { seconds: spent / 2 } })).measured, 0);
  const { records: all, best, stopped } = await run({ path, budget: { earlyStopping: 6 } });
  assertEquals([all.length - 1 - best.trial, stopped], [6, "earlyStopping"]);
});

Deno.test("a space that was searched to its end stays so", async () => {
  const path = await newPath();
  const options = { path, template: small, budget: { trials: 100 } };
  assertEquals((await run(options, add)).measured, 10);
  const { measured, stopped } = await run(options, add);
  assertEquals([measured, stopped], [0, "space"]);
});

Deno.test("searches of another seed, tuner, start, name or space share a log and are not counted", async () => {
  const path = await newPath();
  const base = { path, budget: { trials: 3 }, method: "mine" };
  const others: readonly Partial<TuneOptions>[] = [
    {},
    { seed: 1 },
    { tuner: "random" },
    { start: "scratch" },
    { method: "yours" },
    { template: small },
  ];
  for (const other of others) {
    const { measured, records } = await run({ ...base, ...other }, add);
    assertEquals(measured, 3, JSON.stringify(other));
    isWhole(records, 3);
  }
  assertEquals((await readLog(path)).length, 3 * others.length);
  for (const other of others) assertEquals((await run({ ...base, ...other }, add)).measured, 0);
});

Deno.test("a log that was cut in its last batch loses that trial only", async () => {
  const path = await newPath();
  const { records } = await run({ path, budget: { trials: 6 } });
  const bytes = await Deno.readFile(path);
  const ends = messagesOf(bytes).map((m) => m.end);
  for (const cut of [(ends.at(-2) ?? 0) + 1, bytes.length - 1, bytes.length - 300]) {
    await Deno.writeFile(path, bytes.subarray(0, cut));
    const again = await run({ path, budget: { trials: 9 } });
    assertEquals(again.measured, 4, `cut at ${cut} of ${bytes.length}`);
    isWhole(again.records, 9);
    assertEquals(again.records.slice(0, 5), records.slice(0, 5));
    assertEquals(await readLog(path), again.records);
  }
});

Deno.test("a tuning process that is killed loses no trial that it told of", async () => {
  const path = await newPath();
  const at = (file: string) => JSON.stringify(new URL(file, import.meta.url).href);
  const script = path.replace("log.arrows", "tune.ts");
  await Deno.writeTextFile(
    script,
    `import { tune } from ${at("../../lib/tuning/tune.ts")};
     import { Device } from ${at("../../lib/runtime/device.ts")};
     import { matmul } from ${at("./programs.ts")};
     const reporter = { update: ({ trials }) => console.log(trials), done: () => Promise.resolve() };
     const device = await Device.open({ backend: "cpu" });
     await tune(matmul, device, { budget: { trials: 1000 }, path: ${JSON.stringify(path)}, reporter });`,
  );
  const config = fileURLToPath(new URL("../../deno.json", import.meta.url));
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--quiet", "--config", config, script],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let said = "";
  for (let r = await reader.read(); !r.done && !said.includes("2\n"); r = await reader.read()) {
    said += r.value;
  }
  // It is measuring the next one now.
  await assertRejects(
    () => run({ path, budget: { trials: 5 } }),
    RecordError,
    "another process is writing",
  );
  child.kill("SIGKILL");
  for (let r = await reader.read(); !r.done; r = await reader.read()) said += r.value;
  await child.status;
  const told = Number(said.trim().split("\n").at(-1));
  const before = await readLog(path);
  assert(before.length >= told && before.length <= told + 1, `${before.length} records, ${told} told`);
  const { records, measured } = await run({ path, budget: { trials: before.length + 3 } });
  assertEquals(measured, 3);
  isWhole(records, before.length + 3);
  assertEquals(records.slice(0, before.length), before);
});

Deno.test("a log of something else is refused, and stays as it was", async () => {
  const path = await newPath();
  const symbolic = te.softmax({ rows: "n", columns: 8 });
  await run({ path, budget: { trials: 2 }, shapes: { n: 4 } }, symbolic);
  const bytes = await Deno.readFile(path);
  const refuses = async (
    options: Partial<TuneOptions>,
    func: PrimFunc,
    text: string,
    target: Partial<Target> = {},
  ) => {
    const device = { target: { ...cpu.target, ...target }, probe: () => cpu.probe() };
    await assertRejects(
      () => run({ path, budget: { trials: 3 }, ...options }, func, device),
      RecordError,
      text,
    );
    assertEquals(await Deno.readFile(path), bytes);
  };
  const shapes = { n: 4 };
  await refuses(
    {},
    matmul,
    "got the log of softmax(A: f32[n, 8], B: f32[n, 8]) with n = 4, appending to",
  );
  await refuses(
    { shapes: { n: 5 } },
    symbolic,
    "expected the log of softmax(A: f32[n, 8], B: f32[n, 8]) with n = 5, got the log of softmax(",
  );
  await refuses(
    { shapes },
    symbolic,
    "expected trials that ran on another with the cpu clock, got trials that ran on CPU (WebAssembly) with the cpu clock",
    { name: "another" },
  );
  await refuses(
    { shapes },
    symbolic,
    "expected trials that ran on CPU (WebAssembly) with the wall clock",
    { clock: "wall" },
  );
});

Deno.test("a log of a newer schema is refused", async () => {
  const path = await newPath();
  const newer = schemaOf(TRIAL_COLUMNS);
  newer.metadata.set("tunebook.schema", `${SCHEMA_VERSION + 1}`);
  await Deno.writeFile(path, schemaBytes(newer));
  await assertRejects(
    () => run({ path, budget: { trials: 1 } }),
    RecordError,
    `expected schema ${SCHEMA_VERSION} or earlier, got schema ${SCHEMA_VERSION + 1}`,
  );
});

Deno.test("a log of an older schema is read, and not appended to", async () => {
  const path = await newPath();
  const { records } = await run({ path, budget: { trials: 2 }, template: small }, add);
  const [{ againstMs: _ms, againstSamples: _samples, ...first }] = records as [TrialRecord];
  const { againstMs: _m, againstSamples: _s, ...columns } = TRIAL_COLUMNS;
  const { metadata } = readStream(await Deno.readFile(path)).schema;
  const schema = schemaOf(columns, Object.fromEntries(metadata));
  schema.metadata.set("tunebook.schema", "1");
  const older = [schemaBytes(schema), batchBytes(batchOf([first], columns, schema))];
  await Deno.writeFile(path, new Uint8Array(await new Blob(older as BlobPart[]).arrayBuffer()));
  assertEquals(await readLog(path), [{ ...first, againstMs: NaN, againstSamples: [] }]);
  await assertRejects(
    () => run({ path, budget: { trials: 3 }, template: small }, add),
    RecordError,
    `expected schema ${SCHEMA_VERSION}, got schema 1`,
  );
});

Deno.test("records whose space is another by now are refused, and said", async () => {
  const path = await newPath();
  await run({ path, budget: { trials: 3 }, template: small }, add);
  const renamed = namedTemplate("small", (sch, knobs) => {
    const threads = knobs.choice("width", [1, 2], 1);
    const [block = ""] = sch.blocks();
    sch.split(sch.loops(block)[0] ?? "", [null, threads]);
  });
  await assertRejects(
    () => run({ path, budget: { trials: 3 }, template: renamed }, add),
    RecordError,
    "cannot continue from trial 0 of autotvm+dlight: it is from another space (unknown knob threads:",
  );
});

Deno.test("a log without trials can be gone on with", async () => {
  const path = await newPath();
  const identity = { task: "", fingerprint: fingerprint(matmul), target: JSON.stringify(cpu.target) };
  const { records } = await run({ path, budget: { trials: 1 } });
  const [record] = records;
  assert(record);
  await Deno.remove(path);
  (await RecordLog.open(path, { ...identity, task: record.task }))[Symbol.dispose]();
  assertEquals((await run({ path, budget: { trials: 2 } })).records.length, 2);
});

Deno.test("a log whose messages are damaged is read up to them, or refused", async () => {
  const path = await newPath();
  await run({ path, budget: { trials: 3 }, template: small }, add);
  const bytes = await Deno.readFile(path);
  // The mark of a message, or the length of its header: negative, or longer than the file.
  const damages = [[0, 0], [3, 127], [7, 128], [7, 255], [7, 127]] as const;
  for (const [k, { begin }] of messagesOf(bytes).entries()) {
    for (const [at, byte] of damages) {
      const damaged = bytes.slice();
      damaged[begin + at] = byte;
      await Deno.writeFile(path, damaged);
      if (k === 0) {
        await assertRejects(() => readLog(path), RecordError, "expected an Arrow stream, got other data");
      } else assertEquals((await readLog(path)).length, k - 1);
    }
  }
});
