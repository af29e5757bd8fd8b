/** A page that works for a fleet: a search of Deno measures on the browser's device. */
import { get } from "node:http";
import type { Page } from "playwright-core";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { serveWorkerPages } from "../../lib/cli/worker_pages.ts";
import { Fleet } from "../../lib/fleet/fleet.ts";
import { startServer } from "../../lib/fleet/start_server.ts";
import { Trace } from "../../lib/schedule/trace.ts";
import { tune } from "../../lib/tuning/tune.ts";
import { freePort, natsServer } from "../fleet/nats_server.ts";
import { audited } from "../share/audited.ts";
import { browse, browserTest } from "../share/browser.ts";
import { matmul } from "../tuning/programs.ts";

const host = "127.0.0.1";

/** Tells a page whether it is seen, and counts what it asks its wake lock for from then on. */
const LOCK = `(seen) => {
  const asked = globalThis.asked ??= { times: 0 }, before = asked.times;
  navigator.wakeLock.request = async () => void asked.times++;
  Object.defineProperty(document, "visibilityState", { configurable: true, value: seen ? "visible" : "hidden" });
  document.dispatchEvent(new Event("visibilitychange"));
  return before;
}`;

/** A server, a fleet, and a page for one worker. */
async function fleetWithPage() {
  const socket = freePort(), folder = await Deno.makeTempDir();
  await using stack = new AsyncDisposableStack();
  const server = stack.use(
    await startServer({ host, port: freePort(), webSocket: { host, port: socket }, workers: 1, folder }),
  );
  const user = (name: string) => server.users.get(name) ?? {};
  const pages = stack.use(
    await serveWorkerPages({ host, port: 0, socketPort: socket, users: [user("worker-1")] }),
  );
  const fleet = stack.use(await Fleet.join(server.url, { name: "tuner", credentials: user("tuner") }));
  const all = stack.move();
  return {
    fleet,
    port: pages.addr.port,
    address: `http://${host}:${pages.addr.port}/`,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

/** Waits until so many devices are there. */
async function devices(fleet: Fleet, page: Page, count: number): Promise<void> {
  for (let k = 0; k < 600 && fleet.devices.length !== count; k++) {
    await new Promise((r) => setTimeout(r, 100));
  }
  assertEquals(fleet.devices.length, count, await page.innerText("#tunebook-state"));
}

browserTest("a page measures the jobs of a fleet, says what it does, and stops at its button", async () => {
  if (natsServer === undefined) return;
  await using made = await fleetWithPage();
  const { fleet, port, address } = made;
  const { complaints } = await browse(address, async (page) => {
    await devices(fleet, page, 1);
    const [device] = fleet.devices;
    assert(device);
    assertMatch(device.target.runtime, /Mozilla/);
    const log = await tune(matmul, fleet.device(device.key), { budget: { trials: 2 }, rounds: 2 });
    assertEquals(log.records.map((r) => r.adapter), [device.adapter, device.adapter]);
    assert(log.best.medianMs > 0);
    // Two trials, and the race of the best ones; the page counts a job when the server has its answer.
    await page.locator("#tunebook-jobs", { hasText: /^[3-9] jobs answered, 0 / }).waitFor({
      timeout: 60_000,
    });
    assert(await page.locator("#tunebook-chart span").count() > 0);
    assertEquals(await audited(page), []);
    await page.click("#tunebook-stop");
    await page.locator("#tunebook-state", { hasText: /^Stopped/ }).waitFor({ timeout: 60_000 });
    // A name from elsewhere that leads to this machine gets no credentials.
    const asked = await new Promise<string>((resolve, reject) => {
      const options = { host, port, headers: { host: "elsewhere.example" } };
      get(options, (response) => resolve(`${response.statusCode}`)).on("error", reject);
    });
    assertEquals(asked, "403");
    // Its user is taken; another browser gets none.
    assertEquals((await fetch(address)).status, 503);
  }, { gpu: true, offline: false });
  // nats-server closes a WebSocket with a status that browsers refuse.
  assertEquals(complaints.filter((c) => !c.includes("reserved status code")), []);
});

browserTest(
  "a page goes on after a locked screen and a lost network; its wake lock is asked for again",
  async () => {
    if (natsServer === undefined) return;
    await using made = await fleetWithPage();
    const { fleet, address } = made;
    await browse(address, async (page) => {
      const state = (words: RegExp) =>
        page.locator("#tunebook-state", { hasText: words }).waitFor({ timeout: 60_000 });
      // A browser without a window has no lock: its document says what it would say.
      const setSeen = (seen: boolean) => page.evaluate<number>(`(${LOCK})(${seen})`);
      await devices(fleet, page, 1);
      await setSeen(false);
      await state(/^Paused/);
      await devices(fleet, page, 0);
      assertEquals(await setSeen(true), 0);
      await state(/^waiting/);
      await devices(fleet, page, 1);
      assertEquals(await setSeen(true), 1);
      await page.context().setOffline(true);
      await state(/^the network is away/);
      await devices(fleet, page, 0);
      await page.context().setOffline(false);
      await devices(fleet, page, 1);
      await state(/^waiting/);
    }, { gpu: true, offline: false });
  },
);

browserTest("a page whose device hangs says so, leaves the fleet, and its jobs are timeouts", async () => {
  if (natsServer === undefined) return;
  await using made = await fleetWithPage();
  const { fleet, address } = made;
  await browse(address, async (page) => {
    await devices(fleet, page, 1);
    // Work never ends, and results are never there.
    await page.evaluate("GPUBuffer.prototype.mapAsync = () => new Promise(() => {})");
    const [device] = fleet.devices;
    assert(device);
    const measuring = await device.openMeasuring({ func: matmul, target: device.target, deadlineMs: 2000 });
    const { measurement } =
      await measuring?.measure({ candidate: { trace: Trace.of(matmul, []).toJSON() } }) ?? {};
    assertEquals(measurement?.status, "timeout");
    await page.locator("#tunebook-state", { hasText: /^The device no longer answers/ }).waitFor();
    await devices(fleet, page, 0);
    await measuring?.[Symbol.asyncDispose]();
  }, { gpu: true, offline: false });
});
