/** `deno task fleet` and `deno task worker` as processes: a search over two workers with real measurements. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { runFleet } from "../../lib/cli/fleet.ts";
import { runWorker } from "../../lib/cli/worker.ts";
import { TunebookError } from "../../lib/base/error.ts";
import { Fleet } from "../../lib/fleet/fleet.ts";
import { compare } from "../../lib/tuning/compare.ts";
import { tune } from "../../lib/tuning/tune.ts";
import { freePort, natsServer } from "../fleet/nats_server.ts";
import { matmul } from "../tuning/programs.ts";
import { start } from "./process.ts";

Deno.test("a fleet's server and two workers: tune and compare measure on them, and they drain", {
  ignore: natsServer === undefined,
  sanitizeOps: false,
  sanitizeResources: false,
}, async () => {
  const out = await Deno.makeTempDir(), port = freePort();
  const server = start("fleet", "--port", `${port}`, "--out", out, "--workers", "2");
  await server.until(/is ready/);
  const workers = [1, 2].map((k) =>
    start("worker", "--credentials", `${out}/worker-${k}.json`, "--backend", "cpu")
  );
  const credentials = JSON.parse(await Deno.readTextFile(`${out}/tuner.json`));
  {
    await using fleet = await Fleet.join(`nats://127.0.0.1:${port}`, { credentials });
    const device = await fleet.wait("cpu", { workers: 2, seconds: 60 });
    const log = await tune(matmul, device, { budget: { trials: 8 }, rounds: 3 });
    assertEquals(log.records.length, 8);
    assert(log.best.status === "ok" && log.confirmed.every((c) => c.ms > 0));
    assert(log.records.every((r) => r.status !== "ok" || /^worker-[12]$/.test(r.worker)));
    const { rows } = await compare(matmul, device, { methods: ["fallback", "dlight"], rounds: 3 });
    assert(rows.every((r) => r.medianMs > 0));
    assertEquals(fleet.counts, { ignored: 0, malformed: 0, why: [] });
  }
  for (const worker of workers) {
    assertEquals(await worker.end(), 0);
    assertMatch(worker.said(), /answered \d+ jobs/);
  }
  assertMatch(server.said(), /worker-1/);
  assertEquals(await server.end(), 0);
  // Secrets are the user's alone.
  assertEquals(((await Deno.stat(`${out}/tuner.json`)).mode ?? 0) & 0o077, 0);
  await Deno.remove(out, { recursive: true });
});

Deno.test("what is missing is said before anything starts", async () => {
  await assertRejects(() => runWorker([]), TunebookError, "missing option --connect");
  await assertRejects(() => runFleet(["--cert", "x"]), TunebookError, "together");
});
