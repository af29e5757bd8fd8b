import { OptionError } from "../../lib/base/error.ts";
import { dirname } from "node:path";
import { assert, assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { IrError } from "../../lib/ir/error.ts";
import { funcFromJson, funcToJson } from "../../lib/ir/func_json.ts";
import { specialize } from "../../lib/arith/specialize.ts";
import { TuningDatabase } from "../../lib/records/database.ts";
import { RecordError } from "../../lib/records/error.ts";
import { readLog, RecordLog } from "../../lib/records/log.ts";
import type { TrialRecord } from "../../lib/records/record.ts";
import { schemaOf, TRIAL_COLUMNS } from "../../lib/records/schema.ts";
import { batchBytes } from "../../lib/records/arrow_stream.ts";
import { batchOf, rowsOf, tableToRecords } from "../../lib/records/table.ts";
import { workloadStructure } from "../../lib/records/workload_similarity.ts";
import { targetOf } from "../../lib/target/profiles.ts";
import type { Target } from "../../lib/target/target.ts";
import * as te from "../../lib/face/te.ts";
import { recordsOf } from "./records_of.ts";

const cpu = targetOf("cpu");
const nvidia = targetOf("nvidia");
const matmul = te.matmul({ m: 16, n: 16, k: 16 });
const softmax = te.softmax({ rows: "n", columns: 16 });
const times = [4, 3, 5, 2, 6, 1];
const six = recordsOf(matmul, cpu, times);
const gpu = (name: string, more: Partial<Target> = {}): Target => ({ ...nvidia, name, ...more });
const msOf = (records: readonly TrialRecord[]) => records.map((r) => r.medianMs);

function problemsOf(database: TuningDatabase): readonly string[] {
  return rowsOf(database.verify(), {
    task: "text",
    adapter: "text",
    contestant: "text",
    trial: "int",
    problem: "text",
  }).map((r) => `${r.problem}`);
}

Deno.test("the fastest few schedules of a program are kept, and the rule's own", () => {
  using database = TuningDatabase.memory({ keep: 2 });
  assertEquals(database.add(six), { added: 3, passed: 3, refused: [] });
  assertEquals(msOf(database.records), [1, 2, 4]);
  assertEquals(database.add(six), { added: 0, passed: 6, refused: [] });
  assertEquals(tableToRecords(database.table()), database.records);
  const failed = { ...six[5] as TrialRecord, status: "wrongAnswer" as const, medianMs: 0.1, samples: [0.1] };
  assertEquals(database.add([failed]), { added: 0, passed: 1, refused: [] });
});

Deno.test("what is kept does not depend on the order in which records come", async () => {
  const all = [
    ...six,
    ...recordsOf(matmul, cpu, [2, 2, 2, 2]),
    ...recordsOf(softmax, cpu, [3, 1, 2], { n: 4 }),
  ];
  const sorted = (d: TuningDatabase) => d.records.map((r) => `${r.task} ${r.medianMs} ${r.trace}`).toSorted();
  const once = TuningDatabase.memory({ keep: 2 });
  once.add(all);
  await fc.assert(
    fc.asyncProperty(
      fc.shuffledSubarray(all, { minLength: all.length }),
      fc.nat(all.length),
      async (list, cut) => {
        const a = TuningDatabase.memory({ keep: 2 }), b = TuningDatabase.memory({ keep: 2 });
        a.add(list.slice(0, cut));
        for (const r of list.slice(cut)) b.add([r]);
        await a.merge(b);
        assertEquals(sorted(a), sorted(once));
      },
    ),
    { numRuns: 50 },
  );
});

Deno.test("a program finds its own record, and says how it was chosen", () => {
  const database = TuningDatabase.memory();
  assertEquals(database.lookup(matmul, cpu), undefined);
  database.add(six);
  const found = database.lookup(matmul, cpu);
  assertEquals([found?.how, found?.distance, found?.record.medianMs], ["exact", 0, 1]);
  assertEquals(
    found?.because,
    "it was measured on this program and device; its time is not checked against peaks, as the device's peaks are not measured",
  );
  assertEquals(database.lookup(te.add({ shape: [16] }), cpu), undefined);
});

Deno.test("a symbolic program finds the record of its shapes, or of the nearest", () => {
  const database = TuningDatabase.memory();
  database.add(recordsOf(softmax, cpu, [1], { n: 8 }));
  database.add(recordsOf(softmax, cpu, [2], { n: 64 }));
  const at = (n: number) => {
    const { how, distance, record } = database.lookup(softmax, cpu, { n }) ?? {};
    return [how, distance, record?.medianMs];
  };
  assertEquals(at(8), ["exact", 0, 1]);
  assertEquals(at(64), ["exact", 0, 2]);
  assertEquals(at(16), ["shape", 1, 1]);
  assertEquals(at(32), ["shape", 1, 2]);
  assertEquals(database.lookup(softmax, cpu, { n: 2 ** 16 }), undefined);
  assertThrows(() => database.lookup(softmax, cpu), IrError, "give shapes { n: … }");
});

Deno.test("a program finds one that differs in its numbers only, by doublings of its extents", () => {
  const database = TuningDatabase.memory();
  database.add(recordsOf(te.matmul({ m: 32, n: 16, k: 64 }), cpu, [1]));
  database.add(recordsOf(te.matmul({ m: 16, n: 16, k: 32, transposeB: true }), cpu, [1]));
  const found = database.lookup(matmul, cpu);
  assertEquals([found?.how, found?.distance], ["shape", 3]);
  assertEquals(
    found?.because,
    "there is no record of these shapes; the same program with other numbers, " +
      "matmul(A: f32[32, 64], B: f32[64, 16], C: f32[32, 16]), 3 doublings away",
  );
  database.add(recordsOf(te.matmul({ m: 16, n: 16, k: 24 }), cpu, [9]));
  assertEquals(database.lookup(matmul, cpu)?.record.medianMs, 9);
  const [first] = database.ranked(te.matmul({ m: 16, n: 16, k: 24 }), cpu);
  assertEquals([first?.how, database.ranked(matmul, cpu).length], ["exact", 2]);
});

Deno.test("a device that is unknown finds one of its kind and vendor, the more alike the better", () => {
  const database = TuningDatabase.memory();
  const limits = (maxInvocations: number) => ({ limits: { ...nvidia.limits, maxInvocations } });
  database.add(recordsOf(matmul, gpu("small", limits(64)), [1]));
  database.add(recordsOf(matmul, gpu("alike"), [3]));
  database.add(recordsOf(matmul, targetOf("amd"), [1]));
  database.add(six);
  const found = database.lookup(matmul, gpu("mine"));
  assertEquals([found?.how, found?.distance, found?.record.adapter], ["device", 1, "alike"]);
  assertEquals(
    found?.because,
    "there is no record of this device; alike, a device of the same kind and vendor, 1 doublings away",
  );
  assertEquals(database.lookup(matmul, gpu("mine", limits(64)))?.record.adapter, "small");
  assertEquals(database.lookup(matmul, targetOf("apple")), undefined);
  const other = database.lookup(te.matmul({ m: 16, n: 16, k: 32 }), gpu("mine"));
  assertEquals([other?.how, other?.distance], ["both", 2]);
  // Six doublings are near enough, of the device alone or of both together.
  const of = (invocations: number, k: number) =>
    database.ranked(te.matmul({ m: 16, n: 16, k }), gpu("mine", limits(invocations))).map((f) =>
      `${f.record.adapter} ${f.distance}`
    );
  assertEquals(of(64 * 2 ** 5, 16).includes("small 6"), true);
  assertEquals(of(64 * 2 ** 6, 16).some((found) => found.startsWith("small")), false);
  assertEquals(of(64 * 2 ** 3, 64).includes("small 6"), true);
  assertEquals(of(64 * 2 ** 3, 128).some((found) => found.startsWith("small")), false);
});

Deno.test("a file gives back what was added, also where a writer was cut off", async () => {
  const path = `${await Deno.makeTempDir()}/tuning.arrows`;
  {
    using database = await TuningDatabase.open(path);
    database.add(six.slice(0, 3));
    database.add(six.slice(3));
    await assertRejects(() => TuningDatabase.open(path), RecordError, "another process is writing");
  }
  const bytes = await Deno.readFile(path);
  const kept = async () => {
    using database = await TuningDatabase.open(path);
    return msOf(database.records);
  };
  assertEquals(await kept(), [1, 2, 3, 4, 5, 6]);
  await Deno.writeFile(path, bytes.subarray(0, bytes.length - 100));
  assertEquals(await kept(), [3, 4, 5]);
});

Deno.test("pruning leaves the best and makes the file smaller; it can be appended to after", async () => {
  const path = `${await Deno.makeTempDir()}/tuning.arrows`;
  {
    using database = await TuningDatabase.open(path);
    for (const r of six) database.add([r]);
    const { size } = await Deno.stat(path);
    await database.prune({ keep: 1 });
    assertEquals(msOf(database.records), [1, 4]);
    assert((await Deno.stat(path)).size < size / 2);
    database.add(recordsOf(softmax, cpu, [7], { n: 4 }));
    await assertRejects(() => TuningDatabase.open(path), RecordError, "another process is writing");
    await assertRejects(
      () => database.prune({ keep: 0 }),
      OptionError,
      "expected keep of database.prune to be an integer of at least 1, got 0",
    );
  }
  assertEquals(msOf(await readLog(path)), [1, 4, 7]);
  assertEquals([...Deno.readDirSync(dirname(path))].length, 1);
});

Deno.test("logs are merged, and exported as a database of their own", async () => {
  const dir = await Deno.makeTempDir();
  const { task, fingerprint, target } = six[0] as TrialRecord;
  {
    using log = await RecordLog.open(`${dir}/log`, { task, fingerprint, target });
    log.append(six);
  }
  using database = TuningDatabase.memory({ keep: 3 });
  assertEquals((await database.merge(`${dir}/log`)).added, 4);
  await database.export(`${dir}/best`);
  await database.export(`${dir}/best`);
  assertEquals(await readLog(`${dir}/best`), database.records);
  const other = TuningDatabase.memory();
  assertEquals((await other.merge(`${dir}/best`)).added, 4);
  assertEquals((await other.merge(database)).added, 0);
  await assertRejects(() => database.export(`${dir}/log`), RecordError, "got the log of matmul(");
  assertEquals((await readLog(`${dir}/log`)).length, 6);
  const log = RecordLog.open(`${dir}/best`, { task, fingerprint, target });
  await assertRejects(() => log, RecordError, "got a tuning database");
  await assertRejects(
    () => database.merge(`${dir}/none`),
    RecordError,
    "expected a log, a database or a result, got an error",
  );
});

/** The first record with something else in it. */
const forged = (parts: Partial<TrialRecord>): TrialRecord => ({ ...six[0] as TrialRecord, ...parts });

Deno.test("records that don't fit themselves are refused, and said", () => {
  const other = recordsOf(te.matmul({ m: 8, n: 8, k: 8 }), cpu, [1])[0] as TrialRecord;
  const refusals: readonly (readonly [Partial<TrialRecord>, string])[] = [
    [{ program: "{" }, "expected its program as JSON"],
    [{ program: "[]" }, "cannot read a program: expected an object"],
    [{ program: other.program }, "expected a task that is its program in one line"],
    [{ program: other.program, task: other.task }, "expected its program's fingerprint"],
    [{ fingerprint: "0".repeat(16) }, ", got 0000000000000000"],
    [{ task: `${other.task}` }, "expected a task that is its program in one line"],
    [{ task: `${six[0]?.task} with n = 3` }, "expected a task that is its program in one line"],
    [{ trace: "" }, "expected a trace as JSON"],
    [{ trace: other.trace }, "expected a trace of program"],
    [{ config: "{" }, "expected JSON, got other text"],
    [{ config: "null" }, "expected an object of knobs and their values, got null"],
    [{ config: '{"__proto__":{"polluted":1}}' }, "expected knob __proto__ to be text"],
    [{ target: "3" }, "cannot read a target: it is not an object"],
    [{ target: '{"kind":"quantum"}' }, "its kind is not one of webgpu, cpu"],
    [{ target: JSON.stringify({ ...cpu, limits: { maxInvocations: -1 } }) }, "its limits is not"],
    [{ target: JSON.stringify({ ...cpu, name: "x".repeat(2000) }) }, "its name is not text of up to 1000"],
    [{ samples: [] }, "expected samples that are positive times"],
    [{ samples: [0], medianMs: 0 }, "expected samples that are positive times"],
    [{ samples: [-1], medianMs: -1 }, "expected samples that are positive times"],
    [{ samples: [NaN], medianMs: NaN }, "expected samples that are positive times"],
    [{ medianMs: 1e-3 }, "expected the median of its samples, 4 ms, got 0.001 ms"],
    [{ samples: [1e-300], medianMs: 1e-300 }, "that its device needs, got 1e-300 ms"],
    [{ clock: "sundial" }, "of its target, got clock sundial"],
  ];
  for (const [parts, says] of refusals) {
    const database = TuningDatabase.memory();
    const { added, refused } = database.add([forged(parts), six[1] as TrialRecord]);
    assertEquals([added, refused.length], [1, 1], says);
    assert(refused[0]?.includes(says), `${refused[0]}\nshould say: ${says}`);
  }
});

Deno.test("a record that is faster than a device's measured peaks does not win", () => {
  const peaks = { gflops: 1, bufferGbps: 1, textureGbps: 0, copyGbps: 1, launchMs: 0 };
  // 8,192 operations: 8.2 µs at a billion a second, and a slack of four.
  const fast = forged({ samples: [0.0021], medianMs: 0.0021 });
  const faster = { ...six[1] as TrialRecord, samples: [0.0020], medianMs: 0.0020 };
  const database = TuningDatabase.memory();
  assertEquals(database.add([fast, faster]).added, 2);
  assertEquals(database.lookup(matmul, cpu)?.record.medianMs, 0.002);
  const found = database.lookup(matmul, { ...cpu, peaks });
  assertEquals(found?.record.medianMs, 0.0021);
  assert(found?.because.endsWith("its time is within the device's measured peaks"));
  const { refused } = database.add([{ ...faster, target: JSON.stringify({ ...cpu, peaks }) }]);
  assert(refused[0]?.includes("expected at least the 0.002048 ms that its device needs"), refused[0]);
});

Deno.test("verify tells of traces that don't replay or don't fit their device, and of what was left aside", async () => {
  const path = `${await Deno.makeTempDir()}/tuning.arrows`;
  const { program } = JSON.parse(six[0]?.trace ?? "");
  const traced = (...steps: readonly unknown[]) => forged({ trace: JSON.stringify({ program, steps }) });
  {
    using database = await TuningDatabase.open(path);
    assertEquals(
      database.add([
        traced({ op: "unroll", loop: "nowhere" }),
        traced({ op: "split", loop: "i", factors: [null, 4] }, {
          op: "bind",
          loop: "i_1",
          thread: "threadIdx.x",
        }),
        traced({ op: "bind", loop: "i", thread: "threadIdx.x" }, {
          op: "bind",
          loop: "j",
          thread: "threadIdx.x",
        }),
        six[1] as TrialRecord,
      ]).added,
      4,
    );
    const problems = problemsOf(database);
    assertEquals(problems.length, 2, problems.join("\n"));
    assert(problems.some((p) => p.includes("nowhere")), problems.join("\n"));
  }
  // Another program writes a record that `add` would have refused.
  const lie = forged({ medianMs: 1e-9 });
  await Deno.writeFile(path, batchBytes(batchOf([lie], TRIAL_COLUMNS, schemaOf(TRIAL_COLUMNS))), {
    append: true,
  });
  using database = await TuningDatabase.open(path);
  assertEquals(database.records.length, 4);
  assert(problemsOf(database).some((p) => p.includes("ms, got 1e-9 ms")));
  await database.prune();
  assertEquals(problemsOf(database).length, 2);
  assertEquals((await readLog(path)).length, 4);
});

Deno.test("programs are alike whoever made their nodes, and whatever their parts are called", () => {
  const made = specialize(te.matmul({ m: "m", n: 16, k: 16 }), { m: 16 });
  const read = funcFromJson(JSON.parse(JSON.stringify(funcToJson(made))));
  assertEquals(workloadStructure(made, {}), workloadStructure(read, {}));
  const other = te.add({ shape: [4] });
  const renamed = other.with({ name: "sum" });
  assertEquals(workloadStructure(other, {}), workloadStructure(renamed, {}));
  assertNotEquals(workloadStructure(other, {}).text, workloadStructure(te.mul({ shape: [4] }), {}).text);
});
