/** Results that are shared: written, opened as a stranger's, and what of them can't be. */
// deno-lint-ignore-file no-explicit-any
import { basename } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import * as te from "../../lib/face/te.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { tableFromIPC, tableToIPC } from "apache-arrow";
import { compare } from "../../lib/tuning/compare.ts";
import { share, Shared } from "../../lib/share/shared.ts";
import { VERSION } from "../../lib/base/version.ts";
import { TunebookError } from "../../lib/base/error.ts";
import { RecordError } from "../../lib/records/error.ts";
import { summaryRows } from "../../lib/records/summary_table.ts";
import { tableToRecords } from "../../lib/records/table.ts";
import { inCell } from "../../lib/notebook/jupyter.ts";
import { BUNDLE } from "../../lib/browser/bundle.generated.ts";
import { unpack } from "../../lib/browser/packed_script.ts";
import { Device } from "../../lib/runtime/device.ts";
import { targetOf } from "../../lib/target/profiles.ts";
import { matmul } from "../tuning/programs.ts";
import { searched } from "./shared_results.ts";

const device = await Device.open({ backend: "cpu" });
const folder = await Deno.makeTempDir();
const softmax = te.softmax({ rows: "n", columns: 16 });
const log = await searched(matmul, device, { seed: 3 });
const symbolic = await searched(softmax, device, { shapes: { n: 4 }, budget: { trials: 6, seconds: 100 } });

Deno.test("a search is shared with all that it takes to run it again", () => {
  const { manifest, records } = Shared.of(log);
  assertEquals(records, log.records);
  assertEquals(manifest.device, device.target);
  assertEquals(manifest.versions["tunebook"], VERSION);
  const [task, ...more] = manifest.tasks;
  assertEquals([more.length, task?.seed, task?.budget], [0, 3, { trials: 6 }]);
  const [rule, won] = task?.results ?? [];
  assertEquals([rule?.contestant, rule?.trials, won?.contestant, won?.trials], [
    "dlight",
    1,
    "autotvm+dlight",
    6,
  ]);
  assertEquals(JSON.stringify(won?.won?.trace), log.best.trace);
  assertEquals(won?.won?.samples.length, 7);
  assertEquals(JSON.parse(log.best.program), task?.program);
});

Deno.test("the version is deno.json's", async () => {
  const { version } = JSON.parse(await Deno.readTextFile(new URL("../../deno.json", import.meta.url)));
  assertEquals(VERSION, version);
});

for (const path of [`${folder}/new/page.html`, `${folder}/folder`]) {
  Deno.test(`${basename(path)}: what is opened is what was shared`, async () => {
    const shared = await share([log, symbolic], path, {
      title: "two",
      notes: { softmax: "attention weights", toString: "nothing" },
    });
    const opened = await Shared.open(path);
    assertEquals(opened.manifest, shared.manifest);
    assertEquals(opened.records, [...log.records, ...symbolic.records]);
    assertEquals(summaryRows(opened.summary), summaryRows(shared.summary));
    assertEquals(opened.charts.map((c) => c.spec), shared.charts.map((c) => c.spec));
    assertEquals(opened.charts.length, 5, "of both programs, and of each its search and its result");
    assertEquals(opened.workloads[1]?.shapes, { n: 4 });
    assertEquals(opened.workloads.map((s) => s.task.note), [undefined, "attention weights"]);
    assert(`${opened}`.startsWith("Shared: two, 4 schedules and 12 trials"), `${opened}`);
    const cell = opened[inCell]();
    assert(`${cell["text/html"]}`.includes("AutoTVM from DLight</td>"));
  });
}

Deno.test("a folder has its data and its charts beside the page", async () => {
  const path = `${folder}/beside`;
  const { records } = await share(log, path);
  const names = [...Deno.readDirSync(path)].map((e) => e.name).toSorted();
  assertEquals(names, [
    "chart_1.json",
    "chart_1.png",
    "chart_2.json",
    "chart_2.png",
    "index.html",
    "manifest.json",
    "trials.arrows",
  ]);
  assertEquals(tableFromIPC(await Deno.readFile(`${path}/trials.arrows`)).numRows, records.length);
  assertEquals((await Shared.open(`${path}/index.html`)).records, records);
});

Deno.test("a comparison is shared with the rows that it has, also of who has no result", async () => {
  const { target } = device;
  // Fallback takes 32 threads at least.
  const limits = { ...target.limits, maxInvocations: 16 };
  const narrow = { target: { ...target, limits }, probe: () => device.probe() };
  const result = await compare(matmul, narrow, {
    methods: ["fallback", "dlight", "autotvm+dlight"],
    budget: { trials: 2 },
    rounds: 6,
  });
  const path = `${folder}/comparison.html`;
  await share(result, path);
  const { summary, trials } = await Shared.open(path);
  assertEquals(summaryRows(summary), summaryRows(result.summary));
  assertEquals(tableToRecords(trials), tableToRecords(result.trials));
  assertEquals(summaryRows(summary)[0]?.medianMs, NaN);
});

Deno.test("a search that nobody has confirmed is shared as its best trial, without an interval", async () => {
  const plain = await searched(matmul, device, { rounds: 0 });
  const path = `${folder}/unconfirmed.html`;
  await share(plain, path);
  const row = summaryRows((await Shared.open(path)).summary).at(-1);
  assertEquals([row?.medianMs, row?.lowMs, row?.trace], [plain.best.medianMs, NaN, plain.best.trace]);
});

Deno.test("what can't be shared is refused with what can", async () => {
  assertThrows(
    () => Shared.of([]),
    RecordError,
    "expected results with trials, got a result without a trial",
  );
  const other = {
    ...log,
    records: log.records.map((r) => ({ ...r, target: JSON.stringify(targetOf("nvidia")) })),
  };
  assertThrows(() => Shared.of([log, other]), RecordError, "expected results of one device and clock");
  const file = `${folder}/file`;
  await Deno.writeTextFile(file, "");
  await assertRejects(() => share(log, `${file}/page.html`), RecordError, "in a folder that can be written");
});

const base = await share(log, `${folder}/base`);

/** The folder of a shared search, with another manifest. */
async function tampered(change: (manifest: any) => unknown): Promise<string> {
  const path = await Deno.makeTempDir({ dir: folder });
  const json = JSON.parse(JSON.stringify(base.manifest));
  await Deno.writeTextFile(`${path}/manifest.json`, JSON.stringify(change(json) ?? json));
  await Deno.copyFile(`${folder}/base/trials.arrows`, `${path}/trials.arrows`);
  return path;
}

const wonOf = (m: any) => m.tasks[0].results[1].won;
const CHANGES: readonly (readonly [why: string, change: (m: any) => unknown])[] = [
  ["expected an object, got another value, reading the manifest", () => [1]],
  ["expected a manifest of version 1 or earlier, got version 2", (m) => void (m.shared = 2)],
  ["expected its title to be text", (m) => void (m.title = 1)],
  ["expected its title to be text", (m) => void (m.title = "x".repeat(1e6))],
  ["expected its device to be a target", (m) => void (m.device.f16 = "yes")],
  ["expected its device to be a target", (m) => void (m.device.limits.maxInvocations = -1)],
  ["expected its tasks to be a list", (m) => void (m.tasks = Array(2000).fill(m.tasks[0]))],
  ["expected its tasks to be a list", (m) => void (m.tasks[0].seed = 0.5)],
  ["expected its tasks to be a list", (m) => void (wonOf(m).samples = Array(20_000).fill(1))],
  ["expected its tasks to be a list", (m) => void (wonOf(m).samples = ["1"])],
  ["expected a task that is its program", (m) => void (m.tasks[0].task = "evil(A: f32[8])")],
  ["expected its program's fingerprint", (m) => void (m.tasks[0].fingerprint = "0")],
  ["cannot read a program", (m) => void (m.tasks[0].program = {})],
  ["step 0 of a trace", (m) => void (wonOf(m).trace.steps[0] = { op: "evil", code: "alert(1)" })],
  ["got one of 5000 steps", (m) => void (wonOf(m).trace.steps = Array(5000).fill({ op: "x" }))],
  ["expected a trace of program", (m) => void (wonOf(m).trace.program.fingerprint = "0")],
  ["expected the median of its samples", (m) => void (wonOf(m).ms = 0.5)],
  ["that its device needs, got 1e-12 ms", (m) => {
    wonOf(m).samples = [1e-12];
    wonOf(m).ms = 1e-12;
  }],
  ["expected samples that are positive times", (m) => void (wonOf(m).samples = [])],
  ["expected knob evil to be text", (m) => void (wonOf(m).config = { evil: { a: 1 } })],
  ["expected trials of the manifest's programs and device", (m) => void (m.device.name = "another")],
];

for (const [why, change] of CHANGES) {
  Deno.test(`a manifest that was tampered with is refused: ${why}`, async () => {
    await assertRejects(async () => Shared.open(await tampered(change)), RecordError, why);
    assertEquals(({} as { readonly evil?: unknown }).evil, undefined);
  });
}

Deno.test("what is no shared result is refused with what is", async () => {
  const page = `${folder}/cut.html`;
  await share(log, page);
  const text = await Deno.readTextFile(page);
  const refuses = async (content: string, why: string) => {
    await Deno.writeTextFile(page, content);
    await assertRejects(() => Shared.open(page), RecordError, why);
  };
  await refuses("<!doctype html>", "expected a page that share has written, got another page");
  await refuses(
    text.slice(0, text.indexOf("tunebook-manifest")),
    "expected a page that share has written, got another page",
  );
  const data = "data:application/gzip;base64,";
  await refuses(text.replace(data, `${data}!`), "expected trials in base64");
  await refuses(text.replace(data, `${data}AAAA`), "expected trials in gzip");
  const bomb = gzipSync(new Uint8Array(65 * 2 ** 20)).toString("base64");
  await refuses(text.replace(new RegExp(`${data}[^"]*`), data + bomb), "expected trials in gzip of at most");
  const old = { file: "trials.arrows", data: "data:application/vnd.apache.arrow.stream;base64," };
  await refuses(
    text.replace(data, `${old.data}AAAA`).replace("trials.arrows.gz", old.file),
    "expected an Arrow stream, got other data",
  );
  await refuses(text.replace('{"shared":1', '{"shared":1,,'), "expected a manifest in JSON");
  await assertRejects(() => Shared.open(`${folder}/none`), RecordError, "that share has written");
  await assertRejects(
    () => Shared.open(`${folder}/none`),
    RecordError,
    "expected a page or a folder of share, got an error",
  );
});

Deno.test("a manifest with any text in the place of another is opened, or refused with a typed error", async () => {
  const path = await tampered(() => undefined);
  const text = await Deno.readTextFile(`${path}/manifest.json`);
  let opened = 0, refused = 0;
  await fc.assert(
    fc.asyncProperty(fc.nat(text.length), fc.nat(40), fc.oneof(fc.string(), fc.json()), async (at, n, by) => {
      await Deno.writeTextFile(`${path}/manifest.json`, text.slice(0, at) + by + text.slice(at + n));
      try {
        const shared = await Shared.open(path);
        assert(`${shared}` && summaryRows(shared.summary).length > 0 || shared.workloads.length === 0);
        opened++;
      } catch (e) {
        assert(e instanceof TunebookError, e instanceof Error ? e.stack : `${e}`);
        refused++;
      }
    }),
    { numRuns: 200, examples: [[0, 0, ""]] },
  );
  assert(opened > 0 && refused > 100, `${opened} opened, ${refused} refused`);
});

const ACTS = "\u202e<img src=x onerror=alert(1)></script><script>alert(1)</script>";

Deno.test("a page from before trials were compressed opens", async () => {
  const path = `${folder}/before.html`;
  const shared = await share(log, path);
  const trials = tableToIPC(shared.trials, "stream").toBase64();
  const text = await Deno.readTextFile(path);
  const before = text.replace(
    /data:application\/gzip;base64,[^"]*/,
    () => `data:application/vnd.apache.arrow.stream;base64,${trials}`,
  )
    .replaceAll("trials.arrows.gz", "trials.arrows");
  await Deno.writeTextFile(path, before);
  assertEquals((await Shared.open(path)).records, log.records);
});

Deno.test("a name that acts is text in a page, and comes back as it was", async () => {
  const named = await searched(matmul.with({ name: ACTS }), device);
  const path = `${folder}/acts.html`;
  await share(named, path, { title: ACTS });
  const page = await Deno.readTextFile(path);
  assert(!/<img src=x|<script>alert|\u202e/.test(page));
  const opened = await Shared.open(path);
  assertEquals([opened.manifest.title, opened.workloads[0]?.func.name], [ACTS, ACTS]);
  assert(!`${opened[inCell]()["text/plain"]}`.includes("\u202e"));
});

Deno.test("a page fetches nothing, and runs nothing but what draws its charts and measures here", async () => {
  const path = `${folder}/closed.html`;
  await share(log, path);
  const page = await Deno.readTextFile(path);
  const scripts = [...page.matchAll(/<script>([^]*?)<\/script>/g)].map((m) => m[1] ?? "");
  const outside = scripts.reduce((text, s) => text.replace(s, ""), page);
  assert(
    !/(src|href)="(?!data:|#)|url\(|@import|<(link|iframe|object|embed|base)\b| on[a-z]+="/.test(outside),
  );
  const [, policy] = /Content-Security-Policy" content="([^"]*)"/.exec(page) ?? [];
  assertEquals(
    scripts.length,
    5,
    "what unpacks, what sorts tables, what draws, the programs' references, and what measures here",
  );
  const packed = [...page.matchAll(/<script type="text\/plain" id="[\w-]+">([^<]*)<\/script>/g)].map((m) =>
    m[1] ?? ""
  );
  assertEquals(packed.length, 2, "the charts' and the one that measures");
  for (const gzip of packed) scripts.push(await unpack({ bytes: 0, sha256: "", gzip }));
  assertEquals(scripts.at(-1), await unpack(BUNDLE.measureHere));
  for (const script of scripts) {
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(script));
    assert(policy?.includes(`'sha256-${new Uint8Array(digest).toBase64()}'`));
  }
  assert(policy?.startsWith("default-src 'none'; script-src 'sha256-") && !policy.includes("unsafe-eval"));
});
