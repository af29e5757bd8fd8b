/** A shared page as readers meet it: with a phone, in the dark, by keyboard, on paper, and with a screen reader. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Page } from "playwright-core";
import { Device } from "../../lib/runtime/device.ts";
import { compare } from "../../lib/tuning/compare.ts";
import { share } from "../../lib/share/shared.ts";
import * as te from "../../lib/face/te.ts";
import { audited, PHONE } from "./audited.ts";
import { browse, browserTest } from "./browser.ts";
import { byText, SimulatedMeasuring } from "../tuning/simulated_measuring.ts";

/** A page of three searches: it has a table that is worth a filter, and one chart of all. */
async function sharedPage(): Promise<string> {
  using device = await Device.open({ backend: "cpu" });
  const funcs = [
    te.matmul({ m: 64, n: 32, k: 16 }),
    te.softmax({ rows: 8, columns: 64 }),
    te.gelu({ shape: [8, 8] }),
  ];
  const { open } = new SimulatedMeasuring(byText);
  const compared = await compare(funcs, device, { budget: { trials: 4 }, rounds: 7, open });
  const path = await Deno.makeTempFile({ suffix: ".html" });
  await share(compared, path, { title: "Three programs" });
  return path;
}

const textsOf = (page: Page, selector: string) => page.locator(selector).allInnerTexts();

browserTest("a shared page opens with what it found, and everybody can read it", async () => {
  const path = await sharedPage();
  assert((await Deno.stat(path)).size <= 1_000_000, `${(await Deno.stat(path)).size} bytes`);
  const { complaints, requests } = await browse(path, async (page) => {
    await page.locator("figure.live").first().waitFor();
    const [finding = ""] = await textsOf(page, "header .finding");
    assertMatch(
      finding,
      /^Search pays on (none|\d) of 3 programs.* The rule is [\d.]+ to [\d.]+ times as fast as naive code\.$/,
    );
    assertEquals(await page.locator("meta[property='og:description']").getAttribute("content"), finding);
    assertEquals(await audited(page), []);
    const chart = await page.locator("figure svg").first().boundingBox();
    assert(
      chart && chart.x >= 0 && chart.x + chart.width <= PHONE.width,
      "the headline chart is on the screen",
    );
    // Every section is in the contents, and every link of these leads to one.
    const links = await page.locator("nav a").evaluateAll((all) => all.map((a) => a.getAttribute("href")));
    const ids = await page.locator("main > section").evaluateAll((all) => all.map((s) => `#${s.id}`));
    assertEquals(links, ids);
    // On paper nothing is cut, and no tool is printed.
    await page.emulateMedia({ media: "print" });
    await page.setViewportSize({ width: 700, height: 1000 });
    assertEquals(
      await page.evaluate("document.documentElement.scrollWidth - innerWidth"),
      0,
      "is cut on paper",
    );
    assertEquals(await page.locator("th button").first().isVisible(), true, "a head of a table");
    assertEquals(await page.locator("button.copy").first().isVisible(), false, "a button to copy");
  }, { viewport: PHONE });
  assertEquals([complaints, requests.length], [[], 1]);
  await Deno.remove(path);
});

browserTest("tables of a page sort and filter, by keyboard too, and texts are copied", async () => {
  const path = await sharedPage();
  await browse(path, async (page) => {
    const table = "main table >> nth=0";
    const operators = await textsOf(page, `${table} >> tbody td:first-child`);
    const head = page.locator(`${table} >> th button`).first();
    await head.focus();
    await page.keyboard.press("Enter");
    assertEquals(await textsOf(page, `${table} >> tbody td:first-child`), operators.toSorted());
    await page.keyboard.press("Enter");
    assertEquals(await textsOf(page, `${table} >> tbody td:first-child`), operators.toSorted().toReversed());
    assertEquals(await page.locator(`${table} >> th`).first().getAttribute("aria-sort"), "descending");
    // Numbers sort as numbers.
    await page.locator(`${table} >> th button`, { hasText: /^ms$/ }).click();
    const at = (await textsOf(page, `${table} >> th`)).findIndex((t) => t.startsWith("ms")) + 1;
    const times = (await textsOf(page, `${table} >> tbody td:nth-child(${at})`)).map(Number);
    assertEquals(times, times.toSorted((a, b) => a - b));
    await page.locator("button.copy:visible").first().click();
    await page.locator("button.copy", { hasText: /^(Copied|Selected)/ }).waitFor();
    assertEquals(await page.locator("summary", { hasText: "The fastest kernel" }).count(), 3);
  });
  await Deno.remove(path);
});

browserTest("without scripts a page has all of its results", async () => {
  const path = await sharedPage();
  await browse(path, async (page) => {
    assertEquals(await page.locator("main table").count() > 3, true);
    assertEquals(await page.locator("main figure img").first().isVisible(), true);
    assertEquals(await page.locator("main button:visible").count(), 0);
  }, { scripts: false });
  await Deno.remove(path);
});
