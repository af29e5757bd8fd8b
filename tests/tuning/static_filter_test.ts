import { assert, assertEquals, assertGreater } from "@std/assert";
import * as te from "../../lib/face/te.ts";
import { match } from "../../lib/dlight/schedule.ts";
import { staticRefusal } from "../../lib/estimate/static_refusal.ts";
import { searchParts } from "../../lib/notebook/outcome.ts";
import { targetOf } from "../../lib/target/profiles.ts";
import { SearchSpace } from "../../lib/tuning/search_space.ts";
import { type Dropped, StaticFilter } from "../../lib/tuning/static_filter.ts";
import { tune } from "../../lib/tuning/tune.ts";
import type { TrialRecord } from "../../lib/records/record.ts";
import { recordsOf } from "../records/records_of.ts";
import { devices } from "../devices.ts";
import { byText, SimulatedMeasuring } from "./simulated_measuring.ts";

const func = te.matmul({ m: 256, n: 256, k: 256 });
const nvidia = targetOf("nvidia");
const open = () => new SimulatedMeasuring(byText).open;

Deno.test("what the filter drops is what is refused, and each point counts once", () => {
  const space = new SearchSpace(func, match(func, nvidia).template), filter = new StaticFilter(space, nvidia);
  const some = Array.from({ length: 60 }, (_, i) => Math.floor(i * space.space.size / 60));
  const taken = some.filter((index) => filter.takes(index));
  for (const index of some) assertEquals(filter.takes(index), taken.includes(index));
  const refused = some.filter((index) => {
    const schedule = space.scheduleAt(index);
    return schedule && index !== space.preset && staticRefusal(schedule.func, nvidia);
  });
  const { spills, idle, exceeds } = filter.dropped;
  assertEquals(spills + idle + exceeds, refused.length);
  assertGreater(idle, 0);
  assert(filter.takes(space.preset));
});

Deno.test("a search measures no point that the filter drops, and its log says how many there were", async () => {
  const [cpu] = devices;
  assert(cpu);
  const device = {
    target: nvidia,
    openMeasuring: open(),
    probe: () => Promise.reject(new Error("no device")),
  };
  const log = await tune(func, device, { budget: { trials: 12 }, seed: 1, rounds: 0 });
  const space = new SearchSpace(func, match(func, nvidia).template);
  for (const { config } of log.records) {
    const schedule = space.scheduleAt(space.space.indexOf(JSON.parse(config)));
    assert(schedule);
    assertEquals(staticRefusal(schedule.func, nvidia), undefined, config);
  }
  const { spills, idle, exceeds } = log.dropped;
  assertGreater(spills + idle + exceeds, 0);
});

Deno.test("a search's cell says how many points were dropped, and why", () => {
  const best = recordsOf(func, nvidia, [2])[0] as TrialRecord;
  const textOf = (dropped: Dropped) => `${searchParts({ records: [best], best, confirmed: [], dropped })[0]}`;
  assert(textOf({ spills: 3, idle: 0, exceeds: 2 }).includes("5 points not measured"));
  assert(textOf({ spills: 3, idle: 0, exceeds: 2 }).includes("3 spills, 2 exceeds"));
  assert(!textOf({ spills: 0, idle: 0, exceeds: 0 }).includes("not measured"));
});
