/** A shared page in a real browser, from a file, without a network. */
import { pathToFileURL } from "node:url";
import { gunzipSync } from "node:zlib";
import { assert, assertEquals } from "@std/assert";
import { tableFromIPC } from "@uwdata/flechette";
import type { Page } from "playwright-core";
import { share, Shared } from "../../lib/share/shared.ts";
import { devices } from "../devices.ts";
import { matmul } from "../tuning/programs.ts";
import { searched } from "./shared_results.ts";
import { browse, browserTest } from "./browser.ts";

const [cpu] = devices;
assert(cpu);
const path = await Deno.makeTempFile({ suffix: ".html" });
await share(await searched(matmul, cpu), path);

/** Opens the page, which asks for nothing and complains of nothing. */
async function opened(use: (page: Page) => Promise<void>, options?: { readonly scripts: boolean }) {
  const { complaints, requests } = await browse(path, use, options);
  assertEquals(complaints, []);
  assertEquals(requests.filter((r) => !r.startsWith("data:image/svg+xml")), [pathToFileURL(path).href]);
}

browserTest("the charts are live, and tell of a mark that is pointed at", () =>
  opened(async (page) => {
    await page.waitForSelector("figure.live svg");
    assertEquals(await page.locator("figure.live svg").count(), 2);
    assertEquals(await page.locator("figure.live img:visible").count(), 0);
    await page.locator("figure.live").nth(1).locator(".mark-rect path").first().hover();
    await page.waitForSelector("#tip:visible");
    const tip = await page.locator("#tip").textContent();
    assert(/^confirmed, \w+\/s: [\d.e-]{1,9}\nwho: DLight \(rule\)$/.test(tip ?? ""), tip ?? "nothing");
    await page.emulateMedia({ media: "print" });
    assertEquals(await page.locator("figure.live img:visible").count(), 2, "pictures are for paper");
    assertEquals(await page.locator("figure.live svg:visible").count(), 0);
  }));

browserTest("without scripts the charts are pictures", () =>
  opened(async (page) => {
    const images = page.locator("figure.chart img:visible");
    assertEquals(await images.count(), 2);
    const { width = 0, height = 0 } = await images.first().boundingBox() ?? {};
    assert(width > 400 && height > 150, `${width} x ${height}`);
  }, { scripts: false }));

browserTest(
  "the trials are downloaded as bytes that another Arrow reader opens",
  () =>
    opened(async (page) => {
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        page.locator("#tunebook-trials").click(),
      ]);
      assertEquals(download.suggestedFilename(), "trials.arrows.gz");
      const table = tableFromIPC(gunzipSync(await Deno.readFile(await download.path())));
      const { records } = await Shared.open(path);
      assertEquals(table.numRows, records.length);
      assertEquals([...table.getChild("medianMs")], records.map((r) => r.medianMs));
    }),
);
