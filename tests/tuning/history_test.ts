import { assert, assertEquals, assertGreater } from "@std/assert";
import { loopFeatures } from "../../lib/autotvm/features.ts";
import { priorFrom } from "../../lib/tuning/history.ts";
import { tune } from "../../lib/tuning/tune.ts";
import { replay } from "../../lib/schedule/trace.ts";
import * as te from "../../lib/face/te.ts";
import { devices } from "../devices.ts";
import { ok, SimulatedMeasuring } from "./simulated_measuring.ts";

const [cpu] = devices;
assert(cpu);

/** A search of a product in which short sources are fast. */
async function searched(m: number, options = {}) {
  const func = te.matmul({ m, n: 32, k: 32 });
  const sim = new SimulatedMeasuring(({ executable }) => ok(executable.launches[0]?.source.length ?? 1));
  const log = await tune(func, cpu as typeof devices[0], {
    budget: { trials: 40 },
    open: sim.open,
    tuner: "random",
    rounds: 0,
    ...options,
  });
  return { func, ...log };
}

Deno.test("records of another shape order the points of a new one better than chance", async () => {
  const { records } = await searched(32);
  const prior = priorFrom(records);
  assert(prior && prior.trust > 0);
  const other = await searched(64);
  const rows = other.records.map((r) => ({
    ms: r.medianMs,
    expected: prior.predict(loopFeatures(replay(other.func, r.trace), cpu.target)),
  }));
  const pairs = rows.flatMap((a) => rows.filter((b) => a.ms < b.ms).map((b) => a.expected > b.expected));
  assertGreater(pairs.filter((right) => right).length / pairs.length, 0.7);
});

Deno.test("a search takes the records of others as its history", async () => {
  const { records } = await searched(32);
  const { best } = await searched(64, { history: records, tuner: "xgb", budget: { trials: 16 } });
  assertEquals(best.status, "ok");
});

Deno.test("records that can't be learnt from are passed over, whatever they hold", async () => {
  const { records } = await searched(32, { budget: { trials: 3 } });
  const [first] = records;
  assert(first);
  assertEquals(priorFrom([]), undefined);
  const spoilt = [
    { ...first, program: "no JSON" },
    { ...first, program: '{"name":1}' },
    { ...first, trace: '{"program":{},"steps":[]}' },
    { ...first, target: "null" },
    { ...first, status: "timeout", medianMs: NaN },
  ] as const;
  assertEquals(priorFrom(spoilt), undefined);
});
