/** A shared page that measures its schedules on the reader's device: opened from a file, without a network. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import type { Page } from "playwright-core";
import * as te from "../../lib/face/te.ts";
import { TuningDatabase } from "../../lib/records/database.ts";
import { RecordError } from "../../lib/records/error.ts";
import { summaryRows } from "../../lib/records/summary_table.ts";
import { Device } from "../../lib/runtime/device.ts";
import { share, Shared } from "../../lib/share/shared.ts";
import type { TuneLog } from "../../lib/tuning/tune_log.ts";
import { audited } from "./audited.ts";
import { browse, browserTest } from "./browser.ts";
import { searched } from "./shared_results.ts";

const device = await Device.open({ backend: "cpu" });
const folder = await Deno.makeTempDir();
const page = `${folder}/page.html`, result = `${folder}/measured.json`;
const programs = [
  te.matmul({ m: 16, n: 16, k: 16 }),
  te.softmax({ rows: "n", columns: 16 }),
  te.transpose({ rows: 16, columns: 8 }),
];
const logs: TuneLog[] = [];
for (const func of programs) {
  const shapes = func.shapeVars.length > 0 ? { n: 4 } : {};
  logs.push(await searched(func, device, { shapes, seed: 3 }));
}
await share(logs, page, { title: "three" });

/** Waits until the page says this. */
async function says(page: Page, text: RegExp): Promise<string> {
  const state = page.locator("#tunebook-here [role=status]", { hasText: text });
  await state.waitFor({ timeout: 300_000 });
  return await state.innerText();
}

browserTest("a page measures three operators on the reader's device, with the network off", async () => {
  const { complaints, requests } = await browse(page, async (page) => {
    await page.click("#tunebook-here .start");
    assertMatch(
      await says(page, /^Measured on|can't|could not|Stopped/),
      /^Measured on .+ Every result was checked\.$/,
    );
    const rows = await page.locator("#tunebook-here tbody tr").allInnerTexts();
    const cells = rows.map((row) => row.split("\t"));
    assertEquals(
      cells.map((c) => c[0]),
      ["matmul", "softmax", "transpose"].flatMap((name) => [name, name, name]),
    );
    assert(cells.every((c) => c.at(-1) === "right" && Number.parseFloat(c[3] ?? "") > 0), rows.join("\n"));
    // The sender's times stand beside them, except for this device's own preset.
    assertEquals(cells.map((c) => c[2] === "–"), cells.map((c) => c[1] === "DLight, for here"));
    const [saved] = await Promise.all([page.waitForEvent("download"), page.click("text=Save the result")]);
    await saved.saveAs(result);
    assertEquals(await audited(page), []);
  }, { gpu: true });
  assertEquals(complaints, []);
  assertEquals(requests.filter((url) => !/^(file|data|blob):/.test(url)), []);
  await takesTheResult();
});

/** The file that the page saved opens, and a database takes its schedules. */
async function takesTheResult(): Promise<void> {
  const opened = await Shared.open(result);
  assertMatch(opened.manifest.device.runtime, /Mozilla/);
  assertMatch(opened.manifest.versions["browser"] ?? "", /Mozilla/);
  assertEquals(opened.manifest.tasks.map((t) => t.fingerprint), logs.map((log) => log.best.fingerprint));
  const rows = summaryRows(opened.summary);
  assertEquals(
    rows.map((r) => r.contestant),
    programs.flatMap(() => ["dlight there", "autotvm+dlight", "dlight"]),
  );
  // A slow browser ends before the last of the eleven rounds.
  const odd = rows.filter((r) =>
    !(r.medianMs > 0 && r.samples.length > 0 && r.samples.length <= 11 && r.gbps > 0)
  );
  assertEquals(odd, []);
  using database = TuningDatabase.memory();
  const { added, refused } = await database.merge(result);
  // One record a schedule: where the search kept DLight's own, there are two of them.
  const same = logs.filter((log) => log.best.trial === 0).length;
  assertEquals([added, refused], [9 - same, []]);
  const [matmul] = programs;
  const found = matmul && database.lookup(matmul, opened.manifest.device);
  assertEquals(found?.record.adapter, opened.manifest.device.name);
  assertEquals(database.verify().numRows, 0);
  // It is untrusted input.
  const json = JSON.parse(await Deno.readTextFile(result));
  json.tasks[0].results[0].won.ms = 1e-9;
  await Deno.writeTextFile(result, JSON.stringify(json));
  await assertRejects(() => Shared.open(result), RecordError, "expected the median of its samples");
  await assertRejects(() => database.merge(result), RecordError, "expected the median of its samples");
}

browserTest("it stops at the button, and says what it has", async () => {
  await browse(page, async (page) => {
    await page.click("#tunebook-here .start");
    await page.click("#tunebook-here .stop");
    assertEquals(await says(page, /^Stopped|^Measured|can't|could not/), "Stopped.");
    assertEquals(await page.isVisible("#tunebook-here .stop"), false);
    assertMatch(await page.innerText("#tunebook-here .result"), /stopped|given up/);
  }, { gpu: true });
});

browserTest("without a device, and without scripts, the page says what it takes", async () => {
  await browse(page, async (page) => {
    await page.click("#tunebook-here .start");
    await says(page, /^This browser has WebGPU, and finds no device/);
  });
  await browse(page, async (page) => {
    assertMatch(await page.innerText("#tunebook-here [role=status]"), /runs the scripts of this page/);
  }, { scripts: false });
});
