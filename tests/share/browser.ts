/** A real browser, without a network. */
import { pathToFileURL } from "node:url";
import { chromium, type Page } from "playwright-core";
import { findBrowser } from "../browser_path.ts";

const found = findBrowser();
const missing = found === undefined && Deno.env.get("CI") !== "true";

/** What a page asked for, and what it complained about. */
export interface Seen {
  readonly requests: readonly string[];
  readonly complaints: readonly string[];
}

/** Opens a file, and says what came of it. */
export async function browse(
  path: string,
  use: (page: Page) => Promise<void>,
  { scripts = true }: { readonly scripts?: boolean } = {},
): Promise<Seen> {
  const browser = await chromium.launch({ executablePath: found ?? "chromium", args: ["--no-sandbox"] });
  const complaints: string[] = [], requests: string[] = [];
  try {
    const context = await browser.newContext({ offline: true, javaScriptEnabled: scripts });
    const page = await context.newPage();
    page.on("console", (m) => complaints.push(m.text()));
    page.on("pageerror", (e) => complaints.push(e.message));
    page.on("request", (r) => requests.push(r.url()));
    await page.goto(pathToFileURL(path).href);
    await use(page);
  } finally {
    await browser.close();
  }
  return { complaints, requests };
}

/** A test that needs a browser: ignored where there is none, but never in CI. */
export function browserTest(name: string, fn: () => Promise<void>): void {
  const why = missing ? ` (ignored: there is no Chromium, Chrome or Edge; TUNEBOOK_BROWSER names one)` : "";
  // Its process is closed, and Node's layer keeps a stream of it a little longer.
  Deno.test({ name: name + why, ignore: missing, fn, sanitizeOps: false, sanitizeResources: false });
}
