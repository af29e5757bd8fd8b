/** Workers, tuners and networks that fail: nothing is lost, and nothing counts twice. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { match } from "../../lib/dlight/schedule.ts";
import { FleetError } from "../../lib/fleet/error.ts";
import { fleetOver } from "../../lib/fleet/fleet.ts";
import type { Taken } from "../../lib/fleet/transport.ts";
import { work } from "../../lib/fleet/work.ts";
import { Measurer } from "../../lib/measure/measurer.ts";
import { Trace } from "../../lib/schedule/trace.ts";
import { SearchSpace } from "../../lib/tuning/search_space.ts";
import { tune } from "../../lib/tuning/tune.ts";
import { add, matmul } from "../tuning/programs.ts";
import { byText } from "../tuning/simulated_measuring.ts";
import { MemoryTransport } from "./memory_transport.ts";
import { target } from "./targets.ts";
import { after, SimulatedWorker } from "./workers.ts";

const candidate = { trace: Trace.of(add, []).toJSON() };

Deno.test("a job that ends its worker each time is deviceLost, and the search goes on", async () => {
  const transport = new Deadly({ ackWaitMs: 60 });
  let deadly = "";
  const seen = new Set<string>();
  transport.survives = (text) => {
    const { id } = JSON.parse(text);
    seen.add(id);
    if (seen.size === 4 && deadly === "") deadly = id;
    return id !== deadly;
  };
  await using fleet = await fleetOver(transport);
  await using _worker = new SimulatedWorker(transport, "a", byText, { held: 1, beatMs: 20 });
  const device = await fleet.wait("cpu", { seconds: 60 });
  const { records } = await tune(matmul, device, { budget: { trials: 10 }, rounds: 0 });
  assertEquals(records.length, 10);
  const lost = records.filter((r) => r.status === "deviceLost");
  assertEquals(lost.map((r) => r.message), ["it ended its worker 3 times"]);
  assertEquals(records.map((r) => r.trial), [...records.keys()]);
});

/** A network whose workers end while they hold certain jobs: they never answer them. */
class Deadly extends MemoryTransport {
  survives: (text: string) => boolean = () => true;

  override async take(key: string, waitMs: number, signal?: AbortSignal): Promise<Taken | undefined> {
    const taken = await super.take(key, waitMs, signal);
    return taken && (this.survives(taken.text) || taken.delivery > 3) ? taken : undefined;
  }
}

Deno.test("a full queue makes the tuner wait, not fail", async () => {
  const transport = new MemoryTransport({ queueLength: 2 });
  await using _worker = new SimulatedWorker(transport, "a", (a) => after(10, byText(a)));
  await using fleet = await fleetOver(transport);
  await fleet.wait("cpu", { seconds: 60 });
  const { records } = await tune(matmul, fleet.device("cpu", { inFlight: 8 }), {
    budget: { trials: 12 },
    rounds: 0,
  });
  assertEquals(new Set(records.map((r) => r.config)).size, 12);
});

Deno.test("the end of a worker's measuring child is a failure of the candidate", async () => {
  const transport = new MemoryTransport(), end = new AbortController();
  let measurer: Measurer | undefined, took = 0;
  const working = work(transport, {
    worker: "a",
    target,
    open: async (options) => measurer = await Measurer.open(options),
    signal: end.signal,
    report: (e) => void (took += e.kind === "took" ? 1 : 0),
  });
  await using fleet = await fleetOver(transport);
  const device = await fleet.wait("cpu", { seconds: 60 });
  const measuring = await device.openMeasuring({ func: matmul, target });
  assert(measuring);
  const trace = Trace.of(matmul, []).toJSON();
  const first = await measuring.measure({ candidate: { trace } });
  // Without a schedule there is no kernel: a failure, and the child lives.
  assertEquals(first.measurement.status !== "ok", true);
  const space = new SearchSpace(matmul, match(matmul, target).template);
  const good = space.candidateAt(space.preset);
  assert(!("status" in good));
  const slow = measuring.measure({ candidate: good, repeats: 1_000_000 });
  while (took < 2) await after(50, 0);
  await after(1500, 0);
  Deno.kill(measurer?.pid as number, "SIGKILL");
  assertEquals((await slow).measurement.status, "deviceLost");
  assertEquals((await measuring.measure({ candidate: good })).measurement.status, "ok");
  await measuring[Symbol.asyncDispose]();
  end.abort();
  await working;
});

Deno.test("a search without any worker left ends with an error, and keeps its trials", async () => {
  const transport = new MemoryTransport();
  const fleet = await fleetOver(transport);
  const worker = new SimulatedWorker(transport, "a");
  const device = await fleet.wait("cpu", { seconds: 60 });
  await worker.end();
  const measuring = await device.openMeasuring({ func: add, target });
  assert(measuring);
  const waiting = measuring.measure({ candidate });
  await after(50, 0);
  await measuring.abandon();
  assertEquals((await waiting).measurement.status, "deviceLost");
  assertEquals(transport.waiting(device.key), 0);
  await measuring[Symbol.asyncDispose]();
  await assertRejects(() => measuring.measure({ candidate }), FleetError, "closed");
  await fleet[Symbol.asyncDispose]();
});
