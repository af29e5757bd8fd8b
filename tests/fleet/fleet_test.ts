/** Searches over workers: sequences that depend on seed, inFlight and times alone; nothing lost, nothing twice. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { OptionError, TunebookError } from "../../lib/base/error.ts";
import { FleetError } from "../../lib/fleet/error.ts";
import { fleetOver } from "../../lib/fleet/fleet.ts";
import { MemoryTransport } from "./memory_transport.ts";
import { build } from "../../lib/tuning/build.ts";
import { compare } from "../../lib/tuning/compare.ts";
import { race } from "../../lib/tuning/race.ts";
import { tune } from "../../lib/tuning/tune.ts";
import { winnerOf } from "../../lib/tuning/confirm.ts";
import type { Candidate } from "../../lib/measure/measuring.ts";
import { tuneSuite } from "../../lib/tuning/tune_suite.ts";
import type { Device } from "../../lib/runtime/device.ts";
import type { tunerNames } from "../../lib/autotvm/create_tuner.ts";
import { add, matmul } from "../tuning/programs.ts";
import { byText, ok, SimulatedMeasuring } from "../tuning/simulated_measuring.ts";
import { peaks, target } from "./targets.ts";
import { after, fleetOf, SimulatedWorker } from "./workers.ts";

const trials = 12;

/** The configurations of a search over workers, each with its own time for a job, in milliseconds. */
async function sequence(
  names: Readonly<Record<string, number>>,
  inFlight: number,
  tuner: typeof tunerNames[number],
) {
  const transport = new MemoryTransport();
  await using fleet = await fleetOver(transport);
  const begun: Candidate[] = [], ended: Candidate[] = [];
  const workers = Object.entries(names).map(([name, ms]) =>
    new SimulatedWorker(transport, name, async (asked) => {
      begun.push(asked.request.candidate);
      const answer = await after(ms, byText(asked));
      ended.push(asked.request.candidate);
      return answer;
    })
  );
  await fleet.wait("cpu", { workers: workers.length, seconds: 60 });
  const log = await tune(matmul, fleet.device("cpu", { inFlight }), {
    budget: { trials },
    tuner,
    seed: 3,
    rounds: 0,
  });
  const measured = await Promise.all(workers.map(async (w) => {
    await w.end();
    return w.measured;
  }));
  return { log, measured, inTurn: begun.every((c, k) => c === ended[k]) };
}

for (const tuner of ["portfolio", "random"] as const) {
  Deno.test(`${tuner}: one worker and three give the same sequence, which inFlight decides`, async () => {
    const one = await sequence({ a: 2 }, 4, tuner);
    // The first one takes longer than several jobs of the others.
    const three = await sequence({ a: 400, b: 150, c: 2 }, 4, tuner);
    const narrow = await sequence({ a: 2, b: 2, c: 2 }, 1, tuner);
    assertEquals([one.inTurn, three.inTurn, narrow.inTurn], [true, false, true]);
    const configs = ({ log }: typeof one) => log.records.map((r) => [r.config, r.status, r.medianMs]);
    assertEquals(configs(one), configs(three));
    assertEquals(one.log.records.length, trials);
    assertEquals(new Set(one.log.records.map((r) => r.config)).size, trials);
    // Each candidate that compiles was measured once, whatever worker it was.
    assertEquals(three.measured.reduce((n, k) => n + k, 0), one.measured[0]);
    assertEquals(new Set(three.log.records.map((r) => r.inFlight)), new Set([4]));
    assertEquals(new Set(narrow.log.records.map((r) => r.inFlight)), new Set([1]));
    const known = new Set(["a", "b", "c", ""]);
    assert(three.log.records.every((r) => known.has(r.worker)));
    assert(new Set(three.log.records.map((r) => r.worker)).size > 1);
  });
}

Deno.test("a search confirms on the fleet, and on a device that the user owns", async () => {
  await using made = await fleetOf(new MemoryTransport(), "a", "b");
  const { fleet, device, workers } = made;
  const log = await tune(matmul, device, { budget: { trials: 10 } });
  assert(log.confirmed.length > 1 && log.best.status === "ok");
  assertEquals(workers.reduce((n, w) => n + (w.sim.raced.length > 0 ? 1 : 0), 0), 1);
  const own = new SimulatedMeasuring(byText);
  const checked = await tune(matmul, fleet.device("cpu", { confirm: { target, openMeasuring: own.open } }), {
    budget: { trials: 10 },
  });
  assertEquals(own.raced.length, checked.confirmed.length);
  assertEquals(own.asked.length, 0);
});

const LIE_MS = 1e-9;

/** A fleet of one worker that says that one of its schedules takes no time. */
async function fleetOfLiar() {
  const transport = new MemoryTransport(), lies: Candidate[] = [];
  const liar = new SimulatedWorker(transport, "liar", ({ request }, n) => {
    if (n !== 5 || lies.length > 0) return ok(1);
    lies.push(request.candidate);
    return ok(LIE_MS);
  });
  const fleet = await fleetOver(transport);
  await fleet.wait("cpu", { seconds: 60 });
  return {
    fleet,
    lies,
    liar,
    [Symbol.asyncDispose]: async () => {
      await fleet[Symbol.asyncDispose]();
      await liar.end();
    },
  };
}

Deno.test("a worker that lies about its times does not win against a device that the user owns", async () => {
  await using made = await fleetOfLiar();
  const { fleet, lies } = made;
  const own = new SimulatedMeasuring(() => ok(1));
  const { best, confirmed, speedup } = await tune(
    matmul,
    fleet.device("cpu", { confirm: { target, openMeasuring: own.open } }),
    { budget: { trials: 12 } },
  );
  assertEquals(lies.length, 1);
  assertEquals(speedup?.ratio, 1);
  // No better than the preset: the preset is what is taken.
  assertEquals(best.config, confirmed.find((c) => c.preset)?.record.config);
});

Deno.test('confirm: "local" measures the finalists on this machine, and the lie is found', async () => {
  await using made = await fleetOfLiar();
  const { fleet, lies, liar } = made;
  const log = await tune(matmul, fleet.device("cpu", { confirm: "local" }), {
    budget: { trials: 12 },
    rounds: 3,
  });
  assertEquals([lies.length, liar.sim.raced.length], [1, 0]);
  const lie = log.confirmed.find((c) => c.record.medianMs === LIE_MS);
  assert(lie && lie.ms > 1000 * LIE_MS);
  assertEquals(log.best, winnerOf(log.confirmed)?.record);
  // "same-device" is any worker of the class: the only one there is confirms its lie.
  await tune(matmul, fleet.device("cpu", { confirm: "same-device" }), { budget: { trials: 12 } });
  assert(liar.sim.raced.length > 0);
  assertThrows(
    () => fleet.device("cpu", { confirm: "here" as "local" }),
    OptionError,
    "one of local, same-device",
  );
});

Deno.test("no lie wins where the user's device can measure none of the finalists", async () => {
  await using made = await fleetOfLiar();
  const own = new SimulatedMeasuring(() => ({ status: "compile", message: "too large", compileMs: NaN }));
  const device = made.fleet.device("cpu", { confirm: { target, openMeasuring: own.open } });
  await assertRejects(
    () => tune(matmul, device, { budget: { trials: 12 } }),
    FleetError,
    "finalists, got compile: too large; confirm on a device that is like",
  );
});

Deno.test("compare, race, tuneSuite and searches of all kinds run on a fleet", async () => {
  await using made = await fleetOf(new MemoryTransport(), "a", "b");
  const { device, workers } = made;
  const result = await compare(matmul, device, { budget: { trials: 6 } });
  assertEquals(result.rows.map((r) => r.contestant), ["fallback", "dlight", "autotvm", "autotvm+dlight"]);
  assert(result.rows.every((r) => r.medianMs > 0));
  const both = await compare(matmul, [device, device], { methods: ["fallback", "dlight"] });
  assertEquals(both.each.length, 2);
  assertEquals(new Set(both.rows.map((r) => r.task)).size, 2);
  assert(both.rows[0]?.task.endsWith(" on cpu, 1"));
  await assertRejects(() => compare(matmul, [], {}), TunebookError, "at least one device");
  const { rows } = await race({ a: add, b: add }, device);
  assertEquals(rows.length, 2);
  const suite = await tuneSuite(
    [{ name: "x", func: matmul, count: 1, shapes: {} }, { name: "y", func: add, count: 2, shapes: {} }],
    device,
    { budget: { trials: 12 } },
  );
  assertEquals(suite.records.length, 12);
  assert(workers.every((w) => w.measured > 0));
});

Deno.test("a device says who is there; build refuses it and names compile", async () => {
  await using made = await fleetOf(new MemoryTransport(), "a", "b");
  const { fleet, device } = made;
  assertEquals(device.workers.map((w) => w.name).toSorted(), ["a", "b"]);
  assertEquals(await device.probe(), peaks);
  assertEquals([fleet.devices.length, fleet.devices[0]?.key], [1, device.key]);
  for (const name of ["a", device.key, target.name]) assertEquals(fleet.device(name).key, device.key);
  const e = await assertRejects(() => build(add, device as unknown as Device), OptionError);
  assert(e.message.includes("compile(func, device.target)"), e.message);
  const missing = assertThrows(() => fleet.device("cpv"), FleetError);
  assert(missing.message.includes("did you mean cpu?"), missing.message);
  assertThrows(() => fleet.device("cpu", { inflight: 2 } as never), OptionError, 'did you mean "inFlight"?');
  await assertRejects(() => fleet.wait("nvidia", { seconds: 0.1 }), FleetError);
});

Deno.test("a kernel of the user's own stays on this machine", async () => {
  await using made = await fleetOf(new MemoryTransport(), "a");
  const measuring = await made.device.openMeasuring({ func: add, target });
  await using _ = measuring as AsyncDisposable;
  const source = { source: "fn main() {}", workgroups: [1, 1, 1] } as const;
  const e = await assertRejects(
    () => (measuring as NonNullable<typeof measuring>).measure({ candidate: { source } }),
    FleetError,
  );
  assert(e.message.includes("use a Device"), e.message);
  assertEquals(made.workers[0]?.measured, 0);
});

Deno.test("a stopped search leaves no job behind", async () => {
  const transport = new MemoryTransport();
  await using worker = new SimulatedWorker(transport, "slow", (a, n) => after(n < 3 ? 1 : 300, byText(a)));
  await using fleet = await fleetOver(transport);
  const device = await fleet.wait("cpu", { seconds: 60 });
  const log = await tune(matmul, device, {
    budget: { trials: 100 },
    rounds: 0,
    signal: AbortSignal.timeout(600),
  });
  assertEquals(log.stopped, "signal");
  await worker.end();
  assertEquals(transport.waiting(device.key), 0);
  assertEquals(log.records.map((r) => r.trial), [...log.records.keys()]);
});
