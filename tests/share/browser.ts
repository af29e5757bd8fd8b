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

/** How a page is opened. */
export interface BrowseOptions {
  /** False for a browser that runs no scripts. Default true. */
  readonly scripts?: boolean;
  /** True for a browser with WebGPU, in software. Default false. */
  readonly gpu?: boolean;
  /** Pixels. Default: those of a desktop. */
  readonly viewport?: { readonly width: number; readonly height: number };
  /** False for pages that a server of this machine gives. Default true. */
  readonly offline?: boolean;
  /** The SHA-256 of a certificate's public key, in base64: the certificate of an authority that the browser doesn't know. */
  readonly certificate?: string;
}

/** Opens a file or an address, and says what came of it. */
export async function browse(
  path: string,
  use: (page: Page) => Promise<void>,
  { scripts = true, gpu = false, viewport = { width: 1280, height: 720 }, offline = true, certificate }:
    BrowseOptions = {},
): Promise<Seen> {
  const args = ["--no-sandbox", gpu ? "--enable-unsafe-webgpu" : "--disable-features=WebGPU"];
  if (certificate !== undefined) args.push(`--ignore-certificate-errors-spki-list=${certificate}`);
  // A browser finds its own software device, also where a test of Deno's adapters hides the machine's drivers.
  const { VK_DRIVER_FILES: _f, VK_ICD_FILENAMES: _n, __EGL_VENDOR_LIBRARY_FILENAMES: _e, ...env } = Deno.env
    .toObject();
  const browser = await chromium.launch({ executablePath: found ?? "chromium", args, env });
  const complaints: string[] = [], requests: string[] = [];
  try {
    const context = await browser.newContext({ offline, javaScriptEnabled: scripts, viewport });
    const page = await context.newPage();
    page.on("console", (m) => complaints.push(m.text()));
    page.on("pageerror", (e) => complaints.push(e.message));
    page.on("request", (r) => requests.push(r.url()));
    await page.goto(/^https?:/.test(path) ? path : pathToFileURL(path).href);
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
