/** Jupyter's classic Notebook and a browser that looks at it, for tests. */
import { parseArgs } from "node:util";
import { type Browser, chromium, type Page } from "playwright-core";
import { environment, findPython, NoJupyterError, removeFolder } from "./run.ts";
import { findBrowser } from "../browser_path.ts";
import { installKernel } from "../../lib/jupyter/install.ts";

/** What stands against a browser test here, or undefined. */
export async function missingForBrowser(): Promise<string | undefined> {
  if (findBrowser() === undefined) return "there is no Chromium, Chrome or Edge";
  const python = await findPython();
  if (python === undefined) return "Jupyter is not here";
  const { success } = await new Deno.Command(python, { args: ["-c", "import notebook"], stderr: "null" })
    .output();
  return success ? undefined : "Debian's jupyter-notebook is not here";
}

/** A notebook server of its own, in `folder`, and one page of a browser. */
export class Desk implements AsyncDisposable {
  #shots = 0;

  private constructor(
    readonly page: Page,
    readonly url: string,
    readonly browser: Browser,
    readonly server: Deno.ChildProcess,
    readonly jupyter: string,
  ) {}

  static async open(folder: string): Promise<Desk> {
    const python = await findPython();
    if (python === undefined) throw new NoJupyterError("there is no Jupyter");
    const jupyter = await Deno.makeTempDir({ prefix: "jupyter_" });
    await installKernel({ dataDir: jupyter });
    const { port } = freePort(), token = crypto.randomUUID();
    const server = new Deno.Command(python, {
      args: [
        ...["-m", "notebook", "--no-browser", "--allow-root", "--ip=127.0.0.1"],
        ...[`--port=${port}`, "--port-retries=0", `--NotebookApp.token=${token}`, `--notebook-dir=${folder}`],
      ],
      env: environment(jupyter),
      stdout: "null",
      stderr: "null",
    }).spawn();
    const url = `http://127.0.0.1:${port}`;
    await answers(`${url}/api`);
    const browser = await chromium.launch({
      executablePath: findBrowser() ?? "chromium",
      args: ["--no-sandbox", "--disable-dev-shm-usage"],
    });
    const page = await browser.newPage({ viewport: { width: 1100, height: 1000 } });
    page.setDefaultTimeout(120_000);
    await page.goto(`${url}/?token=${token}`);
    return new Desk(page, url, browser, server, jupyter);
  }

  /** Opens a notebook, and waits for its kernel. */
  async openNotebook(name: string): Promise<void> {
    await this.page.goto(`${this.url}/notebooks/${name}`);
    await this.page.waitForSelector(".kernel_idle_icon", { timeout: 60_000 });
  }

  async menu(name: string, item: string): Promise<void> {
    await this.page.click(`#menubar >> text="${name}"`);
    await this.page.click(item);
  }

  async interrupt(): Promise<void> {
    await this.page.click('button[data-jupyter-action="jupyter-notebook:interrupt-kernel"]');
  }

  /** Runs a code cell as Ctrl+Enter does. */
  async runCell(n: number): Promise<void> {
    await this.page.locator(".code_cell .input_area").nth(n).click();
    await this.page.keyboard.press("Control+Enter");
  }

  /** The text under a code cell. */
  async textUnder(n: number): Promise<string> {
    return await this.page.locator(".code_cell").nth(n).locator(".output_wrapper").innerText();
  }

  /** Waits until the text under a code cell is as asked for; gives it. */
  async textIs(n: number, is: (text: string) => boolean): Promise<string> {
    const end = performance.now() + 120_000;
    let text = "";
    while (performance.now() < end) {
      text = await this.textUnder(n);
      if (is(text)) return text;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`what code cell ${n} shows is not what was waited for: ${text}`);
  }

  /** A picture of the window, where the test was asked for pictures: `-- --pictures FOLDER`. */
  async shoot(name: string): Promise<void> {
    const { pictures } = parseArgs({ options: { pictures: { type: "string" } }, strict: false }).values;
    if (typeof pictures !== "string") return;
    await Deno.mkdir(pictures, { recursive: true });
    await this.page.screenshot({ path: `${pictures}/${++this.#shots}_${name}.png` });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.browser.close();
    this.server.kill("SIGTERM");
    await this.server.status;
    await removeFolder(this.jupyter);
  }
}

function freePort(): { readonly port: number } {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return { port: listener.addr.port };
}

async function answers(url: string): Promise<void> {
  for (const end = performance.now() + 60_000;; await new Promise((resolve) => setTimeout(resolve, 100))) {
    try {
      await (await fetch(url)).body?.cancel();
      return;
    } catch (e) {
      if (!(e instanceof TypeError) || performance.now() > end) throw e;
    }
  }
}
