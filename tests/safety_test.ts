/** Untrusted input is data: it is read, or refused with a typed error, and it never acts. */
import fc from "fast-check";
import * as te from "../lib/face/te.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { compile } from "../lib/codegen/compile.ts";
import { build } from "../lib/tuning/build.ts";
import { schedule } from "../lib/dlight/schedule.ts";
import { add, binary } from "../lib/ir/build.ts";
import { TunebookError } from "../lib/base/error.ts";
import { fingerprint } from "../lib/ir/fingerprint.ts";
import type { Expr } from "../lib/ir/expr.ts";
import type { PrimFunc } from "../lib/ir/func.ts";
import { funcFromJson, funcToJson } from "../lib/ir/func_json.ts";
import { interpret } from "../lib/interp/interpret.ts";
import { sizeOf } from "../lib/ir/size.ts";
import { printable, printableLine } from "../lib/base/printable.ts";
import { randomInputs } from "../lib/measure/random_inputs.ts";
import { TuningDatabase } from "../lib/records/database.ts";
import { RecordError } from "../lib/records/error.ts";
import { readLog, RecordLog } from "../lib/records/log.ts";
import type { TrialRecord } from "../lib/records/record.ts";
import { storedOf, TRIAL_COLUMNS } from "../lib/records/schema.ts";
import { messagesOf } from "../lib/records/arrow_stream.ts";
import { recordsToTable } from "../lib/records/table.ts";
import { taskOf } from "../lib/records/task.ts";
import { bestSoFar } from "../lib/charts/best_so_far.ts";
import { lineOf } from "../lib/notebook/live.ts";
import { pageOf } from "../lib/share/page.ts";
import { tableBundle } from "../lib/notebook/tables.ts";
import { replay } from "../lib/schedule/trace.ts";
import { targetFromJson } from "../lib/target/target_json.ts";
import { targetOf } from "../lib/target/profiles.ts";
import { devices } from "./devices.ts";
import { recordsOf } from "./records/records_of.ts";

const cpu = targetOf("cpu");
const plain = te.add({ shape: [64] });
const [own] = recordsOf(plain, cpu, [1]) as [TrialRecord];

/** A whole log of two batches, as bytes. */
async function logBytes(): Promise<Uint8Array> {
  const path = await Deno.makeTempFile();
  await Deno.remove(path);
  using log = await RecordLog.open(path, own);
  log.append([own]);
  log.append([{ ...own, trial: 1, samples: [1, 2, 3] }]);
  return await Deno.readFile(path);
}

/** The records of a file with these bytes, or undefined where it is refused; another error is a failure. */
async function readOrRefused(bytes: Uint8Array): Promise<readonly TrialRecord[] | undefined> {
  const path = await Deno.makeTempFile();
  await Deno.writeFile(path, bytes);
  try {
    return await readLog(path);
  } catch (e) {
    assert(e instanceof RecordError, e instanceof Error ? e.stack : `${e}`);
    return undefined;
  } finally {
    await Deno.remove(path);
  }
}

function isRecord(r: TrialRecord): boolean {
  const types = { text: "string", int: "number", float: "number", floats: "object" } as const;
  return Object.entries(TRIAL_COLUMNS).every(([name, column]) =>
    typeof r[name as keyof TrialRecord] === types[storedOf(column)]
  ) && r.samples.every((s) => typeof s === "number");
}

Deno.test("a file with a byte changed anywhere is read as whole records, or refused", async () => {
  const bytes = await logBytes();
  const heads = messagesOf(bytes);
  // Half of the changes hit the heads, where a file tells how much room to make.
  const arbHead = fc.constantFrom(...heads).chain(({ begin }) =>
    fc.integer({ min: begin, max: begin + 600 })
  );
  let read = 0, refused = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.oneof(arbHead, fc.nat(bytes.length - 1)), fc.nat(255)), {
        minLength: 1,
        maxLength: 3,
      }),
      async (changes) => {
        const changed = bytes.slice();
        for (const [at, byte] of changes) changed[Math.min(at, bytes.length - 1)] = byte;
        const records = await readOrRefused(changed);
        if (!records) return void refused++;
        read++;
        assert(records.length <= 2 && records.every(isRecord));
        // What is read can be asked for without an error, too.
        TuningDatabase.memory().add(records);
      },
    ),
    { numRuns: 800 },
  );
  assert(read > 50 && refused > 50, `${read} read, ${refused} refused`);
});

Deno.test("a count that a file lies about makes no room for what it does not have", async () => {
  const bytes = await logBytes();
  const view = new DataView(bytes.buffer);
  const end = messagesOf(bytes)[0]?.end ?? 0;
  let refused = 0;
  // Each aligned word of the schema in turn says that there are a billion of something.
  for (let at = 8; at + 4 <= end; at += 4) {
    const before = view.getUint32(at, true);
    view.setUint32(at, 2 ** 30, true);
    if (await readOrRefused(bytes) === undefined) refused++;
    view.setUint32(at, before, true);
  }
  assert(refused > end / 16, `${refused} refused`);
  assertEquals((await readOrRefused(bytes))?.length, 2);
});

const EVIL = [
  "x; } fn evil() {",
  "*/ } @compute fn evil() {} /*",
  "');throw new Error('evil');('",
  "${globalThis.evil = 1}",
  "`",
  "\n//",
  "__proto__",
  "constructor",
  "toString",
  "../../etc/passwd",
  "\u202egnp.exe",
  "\u0000",
  "\ud800",
  "naïve 数 🙂",
];

/** The program with other names, as it comes from a file. */
function renamed(func: PrimFunc, name: (k: number) => string): PrimFunc {
  let k = 0;
  const json = JSON.stringify(funcToJson(func), (key, value) => {
    return key === "name" && typeof value === "string" ? name(k++) : value;
  });
  return funcFromJson(JSON.parse(json));
}

for (const device of devices) {
  Deno.test(`${device.target.profile}: a program of any names is built, right, and makes nothing else`, async () => {
    for (const [k, evil] of EVIL.entries()) {
      const func = renamed(plain, (n) => evil + n);
      using program = await build(func, device);
      assert(!/evil\(|globalThis\.|throw new|\.\.\/|\$\{|\u202e/.test(program.source), program.source);
      if (k % 4 !== 0 && device.target.kind === "webgpu") continue;
      const inputs = randomInputs(func, 1);
      const results = await program.run(inputs);
      const expected = Object.values(interpret(func, inputs));
      assertEquals(Object.values(results).map((r) => [...r]), expected.map((r) => [...Float32Array.from(r)]));
    }
    assert(!("evil" in globalThis));
  });
}

Deno.test("records of any text are kept or refused, and leave every prototype as it was", () => {
  const arbText = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.json(),
    fc.constantFrom(...EVIL, "x".repeat(1 << 20), '{"__proto__":{"evil":1}}'),
  );
  const columns = Object.entries(TRIAL_COLUMNS);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(columns.length - 1), arbText, fc.double()), { minLength: 1 }),
      (changes) => {
        const record: Record<string, unknown> = { ...own };
        for (const [at, text, number] of changes) {
          const [name, column] = columns[at] as [string, string];
          record[name] = column === "text"
            ? text
            : column === "floats"
            ? [number]
            : column === "int"
            ? 1
            : number;
        }
        const database = TuningDatabase.memory();
        const { added, passed, refused } = database.add([record as unknown as TrialRecord]);
        assertEquals(added + passed + refused.length, 1);
        database.lookup(plain, cpu);
        database.verify();
        assertEquals(({} as { readonly evil?: unknown }).evil, undefined);
      },
    ),
    { numRuns: 300 },
  );
});

/** A record of a program with a trace of these steps. */
function traced(func: PrimFunc, steps: readonly unknown[]): TrialRecord {
  const program = { name: func.name, fingerprint: fingerprint(func) };
  return {
    ...own,
    program: JSON.stringify(funcToJson(func)),
    task: taskOf(func, {}),
    fingerprint: program.fingerprint,
    trace: JSON.stringify({ program, steps }),
  };
}

/** What a database says of a record: why it refuses it, or what trying it finds. */
function saidOf(record: TrialRecord, target = cpu): string {
  const database = TuningDatabase.memory();
  const { refused } = database.add([{ ...record, target: JSON.stringify(target), clock: target.clock }]);
  return refused[0] ?? `${database.verify().getChild("problem")?.get(0) ?? "nothing"}`;
}

/** `plain` with a loop in its kernel that has nothing in it. */
function withEmptyLoops(loop: string, extents: readonly number[]): PrimFunc {
  const json = JSON.parse(JSON.stringify(funcToJson(plain)));
  const nothing: unknown = { kind: "seq", body: [] };
  const first = json.vars.length;
  const inner = extents.reduce((body, extent, k) => ({
    kind: "for",
    var: { var: first + k },
    extent: { kind: "const", dtype: "i32", value: extent },
    loop,
    body,
    annotations: {},
  }), nothing);
  extents.forEach((_, k) => json.vars.push({ name: `z${k}`, dtype: "i32" }));
  json.body = { ...json.body, loop: "blockIdx.x", body: { kind: "seq", body: [json.body.body, inner] } };
  return funcFromJson(json);
}

Deno.test("loops without end and without content are not written out", () => {
  for (const target of [cpu, targetOf("nvidia")]) {
    for (const loop of ["unrolled", "vectorized", "vthread", "serial", "parallel"]) {
      for (const extents of [[2 ** 31 - 1], [1000, 1000, 1000, 1000]]) {
        const said = saidOf(traced(withEmptyLoops(loop, extents), []), target);
        if (loop === "unrolled") assertEquals(said, "nothing");
      }
    }
  }
});

Deno.test("traces that make more and more are stopped", () => {
  const long = te.add({ shape: [1 << 20] });
  const inside = (op: string) => [
    { op: "split", loop: "i", factors: [1, 1 << 20] },
    { op: "bind", loop: "i_0", thread: "blockIdx.x" },
    { op, loop: "i_1" },
  ];
  assert(saidOf(traced(long, inside("unroll")), targetOf("nvidia")).includes("make more than 16384"));
  assert(saidOf(traced(long, inside("vectorize")), targetOf("nvidia")).includes("split off 4 to vectorize"));

  // Each value is read twice by the next: written out, the last one is two to the power of sixty terms.
  const A = te.placeholder("A", [64]);
  let t: te.Tensor = A;
  for (let k = 0; k < 60; k++) {
    const p = t;
    t = te.compute(`t${k}`, [64], (i) => add(p.at(i), p.at(i)));
  }
  const chain = te.primFunc("chain", [A, t]);
  const inline = Array.from({ length: 59 }, (_, k) => ({ op: "computeInline", block: `t${k}` }));
  // As a graph it has one node for each addition, so it is refused only as its loop has no threads.
  assert(saidOf(traced(chain, inline)).includes("none of its loops is bound to a thread"));

  const steps = Array(1_000_000).fill({ op: "unroll", loop: "i" });
  assert(saidOf(traced(plain, steps)).includes("got one of 1000000 steps"));
  for (const factor of [1e15, 2 ** 31, -1, 0.5, 0]) {
    assert(
      saidOf(traced(plain, [{ op: "split", loop: "i", factors: [null, factor] }])).includes("cannot split"),
    );
  }
  const growing = Array.from(
    { length: 500 },
    (_, k) => ({ op: "split", loop: `i${"_0".repeat(k)}`, factors: [null, 1] }),
  );
  assert(saidOf(traced(plain, growing)).includes("up to 64 work"));
});

Deno.test("one inlining writes out so many reads and not more", () => {
  const A = te.placeholder("A", [1024]);
  const wide = (of: te.Tensor, name: string) =>
    te.compute(
      name,
      [1024],
      (i) =>
        Array.from({ length: 900 }, (_, k): Expr => of.at(binary("bitxor", i, k))).reduce((a, b) =>
          add(a, b)
        ),
    );
  const T = wide(A, "T");
  const func = te.primFunc("wide", [A, wide(T, "B")]);
  assert(sizeOf(func.body) < 10_000);
  assertThrows(
    () => replay(func, traced(func, [{ op: "computeInline", block: "T" }]).trace),
    TunebookError,
    "computeAt keeps its results",
  );
});

Deno.test("a name without end is refused as it is read", () => {
  const endless = () => renamed(plain, (k) => "x".repeat(1 << 20) + k);
  const { message } = assertThrows(endless, TunebookError, "a name of up to 1000 characters, got 1048577");
  assert(message.length < 1000);
});

Deno.test("extents that no device has are refused before anything is made", () => {
  const text = JSON.stringify(funcToJson(plain));
  for (const extent of ["1e15", "2147483648", "-1", "0", "0.5", "1e999", "null", '"64"']) {
    assertThrows(
      () => funcFromJson(JSON.parse(text.replaceAll('"value":64', `"value":${extent}`))),
      TunebookError,
    );
  }
  const largest = funcFromJson(JSON.parse(text.replaceAll('"value":64', '"value":2147483647')));
  assertThrows(() => compile(schedule(largest, targetOf("nvidia")).func, targetOf("nvidia")), TunebookError);
});

Deno.test("a target's subgroups are sizes, and older records' yes or no", () => {
  const subgroups = { minSize: 8, maxSize: 32, directive: false };
  assertEquals(targetFromJson({ ...cpu, subgroups: { ...subgroups, evil: 1 } }), { ...cpu, subgroups });
  assertEquals(targetFromJson({ ...cpu, subgroups: false }), cpu);
  assertEquals(targetFromJson({ ...cpu, subgroups: true }).subgroups, {
    minSize: 4,
    maxSize: 128,
    directive: true,
  });
  for (const wrong of [null, 8, "yes", [], {}, { minSize: 8, maxSize: "9", directive: true }]) {
    assertThrows(
      () => targetFromJson({ ...cpu, subgroups: wrong }),
      TunebookError,
      "its subgroups is not a boolean, or",
    );
  }
});

Deno.test("a target from JSON has its own fields, or is refused", () => {
  assertEquals(targetFromJson(JSON.parse(JSON.stringify(cpu))), cpu);
  const peaks = { gflops: 1, bufferGbps: 2, textureGbps: 0, copyGbps: 3, launchMs: 0.1 };
  assertEquals(targetFromJson({ ...cpu, peaks, evil: 1 }), { ...cpu, peaks });
  const refused = (json: unknown, says: string) =>
    assertThrows(() => targetFromJson(json), TunebookError, says);
  refused(null, "it is not an object");
  refused({ ...cpu, f16: "yes" }, "its f16 is not a boolean");
  refused({ ...cpu, peaks: { ...peaks, gflops: -1 } }, "its peaks are not");
  refused(JSON.parse('{"__proto__":{"kind":"cpu"}}'), "its kind is not one of");
});

const ACTS = "\u001b]0;owned\u0007\u001b[2J\u202e<img src=x onerror=alert(1)></script>";
/** Letters that act on a terminal. */
// deno-lint-ignore no-control-regex
const ACTING = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/;

Deno.test("nothing in a record acts on a terminal, a page or a picture", async () => {
  const times = [{ medianMs: -1, gflops: -5 }, { gflops: Infinity, gbps: 1e300 }, { secondsSinceStart: NaN }];
  const names = ["constructor", "__proto__", "toString", ACTS, "x".repeat(100_000)];
  const records = [
    own,
    ...times.map((t) => ({ ...own, ...t })),
    ...names.map((n) => ({
      ...own,
      task: n,
      contestant: n,
      rule: n,
      message: n,
      config: n,
      adapter: n,
      status: n,
    })),
  ] as readonly TrialRecord[];
  const table = recordsToTable(records);
  const chart = bestSoFar(table, { title: ACTS, subtitle: ACTS });
  const shown = tableBundle(table);
  const page = await pageOf(ACTS, ACTS, [{ title: ACTS, text: ACTS, parts: [chart, table] }]);
  const svg = await chart.toSVG();
  for (const text of [shown["text/plain"], shown["text/html"], svg]) assert(!ACTING.test(text));
  for (const html of [shown["text/html"], page, svg]) assert(!/<img src=x|<script|<\/script/.test(html));
  assert(!ACTING.test(lineOf({ task: ACTS, method: ACTS, trials: 1, failed: 0, secondsSpent: 1 })));
});

Deno.test("what an error quotes shows, and ends", async () => {
  const e = new TunebookError(`cannot read ${ACTS}${"x".repeat(1 << 20)}`);
  assert(!ACTING.test(e.message) && e.message.length < 30_000);
  assert(e.message.startsWith("cannot read \\u001b]0;owned\\u0007\\u001b[2J\\u202e<img"));
  const path = `${await Deno.makeTempDir()}/log`;
  {
    using _ = await RecordLog.open(path, { ...own, task: ACTS });
  }
  const refused = await assertRejects(() => RecordLog.open(path, own), RecordError, "got the log of");
  assert(!ACTING.test(refused.message));
  assertEquals(printable("a\n\tb é 数 🙂"), "a\n\tb é 数 🙂");
  assertEquals(printableLine("a\n\tb\r\u0000"), "a b\\u000d\\u0000");
  assertEquals(printable("abcdef", 3), "abc… (6 letters)");
});
