/** Searches of many programs over a real nats-server, on two workers: a suite, and a language model. */
import { assert, assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { connect } from "../../lib/fleet/connect.ts";
import { Fleet } from "../../lib/fleet/fleet.ts";
import { LanguageModel } from "../../lib/models/language/language_model.ts";
import { TuningDatabase } from "../../lib/records/database.ts";
import { Device } from "../../lib/runtime/device.ts";
import { tuneSuite } from "../../lib/tuning/tune_suite.ts";
import { add, matmul } from "../tuning/programs.ts";
import { byText } from "../tuning/simulated_measuring.ts";
import { NatsServer, natsServer } from "./nats_server.ts";
import { after, SimulatedWorker } from "./workers.ts";

const FOLDER = fileURLToPath(new URL("../../lib/models/fables", import.meta.url));

/** A server, two workers with made-up times, and a fleet. */
async function natsFleet() {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await NatsServer.start());
  const workers: SimulatedWorker[] = [];
  for (const name of ["a", "b"]) {
    const transport = stack.use(await connect(server.url, { name }));
    workers.push(stack.use(new SimulatedWorker(transport, name, (asked) => after(5, byText(asked)))));
  }
  const fleet = stack.use(await Fleet.join(server.url));
  const device = await fleet.wait("cpu", { workers: 2, seconds: 60 });
  const all = stack.move();
  return { fleet, workers, device, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

Deno.test("NATS: a suite and a language model use both workers, and nothing is measured twice", {
  ignore: natsServer === undefined,
  sanitizeOps: false,
  sanitizeResources: false,
}, async () => {
  await using made = await natsFleet();
  const { fleet, workers, device } = made;
  const suite = await tuneSuite(
    [{ name: "x", func: matmul, count: 1, shapes: {} }, { name: "y", func: add, count: 2, shapes: {} }],
    device,
    { budget: { trials: 12 } },
  );
  assertEquals(suite.records.length, 12);

  using own = await Device.open({ backend: "cpu" });
  using lm = await LanguageModel.load(FOLDER, own, { context: 32, prefillChunk: 16 });
  const database = TuningDatabase.memory();
  const { records, best } = await lm.tune({ budget: { trials: 12 }, database, on: device });
  assertEquals(records.length, 12);
  assert(best.length > 0 && records.every((r) => r.adapter === device.adapter));

  const all = [...suite.records, ...records].map((r) => r.worker).filter((w) => w !== "");
  assertEquals(new Set(all), new Set(["a", "b"]));
  assertEquals(workers.reduce((n, w) => n + w.measured, 0), all.length);
  assertEquals(fleet.counts, { ignored: 0, malformed: 0, why: [] });
});
