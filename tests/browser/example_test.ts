/** The example page, served by its command, in a real browser with WebGPU in software. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { fileURLToPath } from "node:url";
import { audited } from "../share/audited.ts";
import { browse, browserTest } from "../share/browser.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Runs the command, and gives its address to `use`. */
async function served(use: (address: string) => Promise<void>): Promise<void> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--allow-read", "--allow-net", "lib/cli/browser.ts", "--port", "0"],
    cwd: root,
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  try {
    const { value = "" } = await reader.read();
    const [address = ""] = /http:\S+/.exec(value) ?? [];
    assertMatch(address, /^http:\/\/127\.0\.0\.1:\d+\/$/);
    await use(address);
  } finally {
    child.kill();
    await reader.cancel();
    await child.status;
  }
}

browserTest("the example page measures a matrix product, and shows its rule and its kernel", async () => {
  await served(async (address) => {
    const { complaints, requests } = await browse(`${address}?n=128`, async (page) => {
      const measured = page.locator("#state", { hasText: /^Measured on|failed/ });
      await measured.waitFor({ timeout: 60_000 });
      assertMatch(await page.innerText("#state"), /^Measured on .+\. Every result was checked\.$/);
      assertMatch(await page.innerText("#rule"), /^Matmul: /);
      assertMatch(await page.innerText("#wgsl"), /@compute/);
      const rows = (await page.innerText("#rows")).split("\n").map((row) => row.split("\t"));
      assertEquals(rows.map((r) => r.slice(0, 2)), [["fallback", "Fallback"], ["dlight", "Matmul"]]);
      assert(rows.every(([, , ms, gflops]) => Number(ms) > 0 && Number(gflops) > 0), JSON.stringify(rows));
      assertEquals(await audited(page), []);
    }, { gpu: true, offline: false });
    assertEquals(complaints, []);
    assert(requests.every((url) => url.startsWith(address) || url.startsWith("data:")), requests.join());
  });
});

browserTest("without WebGPU the example page says what it needs", async () => {
  await served(async (address) => {
    await browse(address, async (page) => {
      await page.locator("#state", { hasText: "needs" }).waitFor();
      assertMatch(await page.innerText("#state"), /^This page needs a browser with WebGPU\./);
      assertEquals(await page.isDisabled("#run"), true);
    }, { offline: false });
  });
});
