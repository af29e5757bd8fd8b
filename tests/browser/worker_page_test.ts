/** A page that works for a fleet: a search of Deno measures on the browser's device. */
import { get } from "node:http";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { serveWorkerPages } from "../../lib/cli/worker_pages.ts";
import { Fleet } from "../../lib/fleet/fleet.ts";
import { startServer } from "../../lib/fleet/start_server.ts";
import { tune } from "../../lib/tuning/tune.ts";
import { freePort, natsServer } from "../fleet/nats_server.ts";
import { browse, browserTest } from "../share/browser.ts";
import { matmul } from "../tuning/programs.ts";

browserTest("a page measures the jobs of a fleet, says what it does, and stops at its button", async () => {
  if (natsServer === undefined) return;
  const host = "127.0.0.1", socket = freePort(), folder = await Deno.makeTempDir();
  await using server = await startServer({
    host,
    port: freePort(),
    webSocket: { host, port: socket },
    workers: 1,
    folder,
  });
  const user = (name: string) => server.users.get(name) ?? {};
  await using pages = await serveWorkerPages({
    host,
    port: 0,
    socketPort: socket,
    users: [user("worker-1")],
  });
  await using fleet = await Fleet.join(server.url, { name: "tuner", credentials: user("tuner") });
  const address = `http://${host}:${pages.addr.port}/`;
  const { complaints } = await browse(address, async (page) => {
    for (let k = 0; k < 600 && fleet.devices.length === 0; k++) await new Promise((r) => setTimeout(r, 100));
    const [device] = fleet.devices;
    assert(device, await page.innerText("#tunebook-state"));
    assertMatch(device.target.runtime, /Mozilla/);
    const log = await tune(matmul, fleet.device(device.key), { budget: { trials: 2 }, rounds: 2 });
    assertEquals(log.records.map((r) => r.adapter), [device.adapter, device.adapter]);
    assert(log.best.medianMs > 0);
    // Two trials, and the race of the best ones; the page counts a job when the server has its answer.
    await page.locator("#tunebook-jobs", { hasText: /^[3-9] jobs answered, 0 / }).waitFor({
      timeout: 60_000,
    });
    assert(await page.locator("#tunebook-chart span").count() > 0);
    await page.click("#tunebook-stop");
    await page.locator("#tunebook-state", { hasText: /^Stopped/ }).waitFor({ timeout: 60_000 });
    // A name from elsewhere that leads to this machine gets no credentials.
    const asked = await new Promise<string>((resolve, reject) => {
      const options = { host, port: pages.addr.port, headers: { host: "elsewhere.example" } };
      get(options, (response) => resolve(`${response.statusCode}`)).on("error", reject);
    });
    assertEquals(asked, "403");
    // Its user is taken; another browser gets none.
    assertEquals((await fetch(address)).status, 503);
  }, { gpu: true, offline: false });
  // nats-server closes a WebSocket with a status that browsers refuse.
  assertEquals(complaints.filter((c) => !c.includes("reserved status code")), []);
});
