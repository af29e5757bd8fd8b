import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Table, tableFromIPC, tableToIPC } from "apache-arrow";
import fc from "fast-check";
import { RecordError } from "../../lib/records/error.ts";
import { readLog, RecordLog } from "../../lib/records/log.ts";
import type { TrialRecord } from "../../lib/records/record.ts";
import { SCHEMA_VERSION, schemaOf, TRIAL_COLUMNS } from "../../lib/records/schema.ts";
import { messagesOf, schemaBytes } from "../../lib/records/arrow_stream.ts";
import { batchOf, recordsToTable, tableToRecords } from "../../lib/records/table.ts";

const identity = { task: "add(A: f32[4])", fingerprint: "0123456789abcdef", target: '{"name":"gpu"}' };

export const arbRecord: fc.Arbitrary<TrialRecord> = fc.record({
  task: fc.string(),
  fingerprint: fc.string(),
  program: fc.json(),
  adapter: fc.string({ unit: "grapheme" }),
  target: fc.json(),
  contestant: fc.constantFrom("dlight", "autotvm", "autotvm+dlight"),
  rule: fc.string(),
  tuner: fc.constantFrom("xgb", "ga"),
  start: fc.constantFrom("preset", "scratch"),
  seed: fc.integer({ min: 0, max: 1000 }),
  trial: fc.nat(),
  config: fc.json(),
  trace: fc.json(),
  status: fc.constantFrom("ok" as const, "timeout" as const, "wrongAnswer" as const),
  message: fc.string({ unit: "grapheme" }),
  samples: fc.array(fc.double({ noNaN: true })),
  againstMs: fc.double(),
  againstSamples: fc.array(fc.double({ noNaN: true })),
  clock: fc.constantFrom("cpu", "wall"),
  medianMs: fc.double(),
  gflops: fc.double(),
  gbps: fc.double(),
  maxError: fc.double(),
  compileMs: fc.double(),
  worker: fc.string(),
  inFlight: fc.integer({ min: 1, max: 192 }),
  secondsSinceStart: fc.double(),
  time: fc.double(),
}, { noNullPrototype: true });

const some = (n: number, seed = 1) => fc.sample(arbRecord, { numRuns: n, seed });

Deno.test("records survive a table and its bytes", () => {
  fc.assert(
    fc.property(fc.array(arbRecord, { minLength: 1, maxLength: 5 }), (records) => {
      assertEquals(tableToRecords(recordsToTable(records)), records);
      assertEquals(tableToRecords(tableFromIPC(tableToIPC(recordsToTable(records), "stream"))), records);
    }),
    { numRuns: 60 },
  );
});

Deno.test("a log of fewer columns goes on with those of today, and is read as one", async () => {
  const path = `${await Deno.makeTempDir()}/old.arrows`;
  const { worker: _, inFlight: __, ...columns } = TRIAL_COLUMNS;
  const earlier = some(3).map((r) => ({ ...r, worker: "", inFlight: 1 }));
  const schema = schemaOf(columns, identity);
  const old = tableToIPC(new Table(schema, [batchOf(earlier, columns, schema)]), "stream");
  // A log has no end mark: its last eight bytes are that of a closed stream.
  await Deno.writeFile(path, old.subarray(0, old.length - 8));
  const [first, second, third] = some(3, 2) as [TrialRecord, TrialRecord, TrialRecord];
  for (const records of [[first], [second, third]]) {
    using log = await RecordLog.open(path, identity);
    log.append(records);
    if (records.length > 1) log.append([first]);
  }
  assertEquals(await readLog(path), [...earlier, first, second, third, first]);
});

Deno.test("a log gives back what was appended, over several openings", async () => {
  const path = `${await Deno.makeTempDir()}/log.arrows`;
  const records = some(7);
  for (let at = 0; at < 7; at += 2) {
    using log = await RecordLog.open(path, identity);
    assertEquals([...log.records], records.slice(0, at));
    log.append(records.slice(at, at + 2));
  }
  assertEquals(await readLog(path), records);
  // Any Arrow reader takes it.
  assertEquals(tableToRecords(tableFromIPC(await Deno.readFile(path))), records);
});

Deno.test("a log that is cut anywhere opens to its last whole batch and goes on", async () => {
  const dir = await Deno.makeTempDir();
  const records = some(3);
  using log = await RecordLog.open(`${dir}/whole`, identity);
  for (const r of records) log.append([r]);
  const bytes = await Deno.readFile(`${dir}/whole`);
  const ends = messagesOf(bytes).map((m) => m.end);
  assertEquals(ends.length, 4);
  for (let cut = 0; cut <= bytes.length; cut += cut < (ends[2] as number) ? 37 : 1) {
    const path = `${dir}/cut`;
    await Deno.writeFile(path, bytes.subarray(0, cut));
    using again = await RecordLog.open(path, identity);
    const whole = Math.max(0, ends.filter((e) => e <= cut).length - 1);
    assertEquals(again.records.length, whole, `cut at ${cut}`);
    assertEquals(again.dropped, cut - Math.max(0, ...ends.filter((e) => e <= cut)));
    if (cut % 16 !== 0) continue;
    again.append([records[0] as TrialRecord]);
    assertEquals((await readLog(path)).length, whole + 1);
  }
});

Deno.test("a stream that another tool has closed can be appended to", async () => {
  const path = `${await Deno.makeTempDir()}/closed.arrows`;
  {
    using log = await RecordLog.open(path, identity);
    log.append(some(2));
  }
  await Deno.writeFile(path, new Uint8Array([255, 255, 255, 255, 0, 0, 0, 0]), { append: true });
  using log = await RecordLog.open(path, identity);
  assertEquals(log.records.length, 2);
  log.append(some(1));
  assertEquals((await readLog(path)).length, 3);
});

Deno.test("a writer that is killed loses nothing that it appended", async () => {
  const path = `${await Deno.makeTempDir()}/killed.arrows`;
  const code = `import { RecordLog } from ${
    JSON.stringify(new URL("../../lib/records/log.ts", import.meta.url).href)
  };
    const log = await RecordLog.open(${JSON.stringify(path)}, ${JSON.stringify(identity)});
    const record = ${
    JSON.stringify({
      ...some(1)[0],
      medianMs: 1,
      gflops: 1,
      gbps: 1,
      maxError: 0,
      compileMs: 1,
      secondsSinceStart: 1,
      time: 1,
      samples: [1],
    })
  };
    for (let trial = 0;; trial++) { log.append([{ ...record, trial }]); console.log(trial); }`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", "--ext=ts", code],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let said = "";
  while (!said.includes("\n5\n")) said += (await reader.read()).value ?? "";
  child.kill("SIGKILL");
  for (let r = await reader.read(); !r.done; r = await reader.read()) said += r.value;
  await child.status;
  const last = Number(said.trim().split("\n").at(-1));
  using log = await RecordLog.open(path, identity);
  assert(log.records.length >= last + 1);
  assertEquals(log.records.map((r) => r.trial), log.records.map((_, k) => k));
});

Deno.test("what can't be a log of this run is refused, and said", async () => {
  const dir = await Deno.makeTempDir();
  const refused = (path: string, id: typeof identity, text: string) =>
    assertRejects(async () => void await RecordLog.open(path, id), RecordError, text);
  const newer = schemaOf(TRIAL_COLUMNS, identity);
  newer.metadata.set("tunebook.schema", `${SCHEMA_VERSION + 1}`);
  await Deno.writeFile(`${dir}/newer`, schemaBytes(newer));
  await refused(
    `${dir}/newer`,
    identity,
    `expected schema ${SCHEMA_VERSION} or earlier, got schema ${SCHEMA_VERSION + 1}`,
  );
  {
    using log = await RecordLog.open(`${dir}/log`, identity);
    log.append(some(1));
    await refused(`${dir}/log`, identity, "another process is writing");
  }
  await refused(
    `${dir}/log`,
    { ...identity, fingerprint: "f".repeat(16), task: "mul()" },
    "expected the log of mul(), got the log of add(A: f32[4])",
  );
  await refused(
    `${dir}/log`,
    { ...identity, target: '{"name":"other"}' },
    "expected trials that ran on other, got trials that ran on gpu",
  );
  await Deno.writeTextFile(`${dir}/text`, "hello, world");
  await refused(`${dir}/text`, identity, "expected an Arrow stream, got other data");
  await refused(`${dir}/text/below`, identity, "choose a path in a folder that can be written");
  await assertRejects(() => readLog(`${dir}/none`), RecordError, "expected a file of trials, got an error");
  assertThrows(
    () => tableToRecords(recordsToTable(some(1)).select(["task"])),
    RecordError,
    "expected a table with a column fingerprint, got task, reading records",
  );
});
