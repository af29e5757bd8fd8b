import { assert, assertEquals, assertRejects } from "@std/assert";
import { RecordError } from "../../lib/records/error.ts";
import { recordSpace } from "../../lib/tuning/record_space.ts";
import { devices } from "../devices.ts";
import { add, matmul } from "./programs.ts";
import { type Answer, byText, failure, ok, SimulatedMeasuring } from "./simulated_measuring.ts";

const [cpu] = devices;
assert(cpu);
const newPath = async () => `${await Deno.makeTempDir()}/space.arrows`;

Deno.test("a recording's incumbent is its fastest point, and a failure is none", async () => {
  const answer: Answer = (_, n) => n === 1 ? failure("run", "odd") : ok([9, 0, 5, 7, 3][n] ?? 4);
  const sim = new SimulatedMeasuring(answer);
  const done: number[] = [];
  const { points } = await recordSpace(add, cpu, {
    path: await newPath(),
    open: sim.open,
    progress: (n) => done.push(n),
  });
  assert(sim.asked.length >= 6 && points.size >= sim.asked.length);
  assertEquals(done, [...Array(points.size).keys()].map((k) => k + 1));
  assertEquals(sim.asked.map((a) => a.request.incumbent?.ms).slice(0, 6), [undefined, 9, 9, 5, 5, 3]);
  for (const { request } of sim.asked) {
    assertEquals([request.limits, request.repeats, request.minSampleMs, request.adaptive], [
      { hopeless: 20 },
      3,
      5,
      undefined,
    ]);
  }
});

Deno.test("a recording that was stopped goes on, with its fastest point as the incumbent", async () => {
  const path = await newPath();
  const stop = new AbortController();
  const answer: Answer = (asked, n) => {
    if (n === 3) stop.abort();
    return byText(asked);
  };
  const first = await recordSpace(add, cpu, {
    path,
    open: new SimulatedMeasuring(answer).open,
    signal: stop.signal,
  });
  assert(first.points.size >= 3 && first.points.size <= 4, `${first.points.size}`);
  const sim = new SimulatedMeasuring(byText);
  const { points } = await recordSpace(add, cpu, { path, open: sim.open });
  assertEquals(
    sim.asked.length + [...first.points.values()].filter((p) => p.status === "ok").length,
    [
      ...points.values(),
    ].filter((p) => p.status === "ok").length,
  );
  const fastest = Math.min(...[...first.points.values()].map((p) => p.ms).filter(Number.isFinite));
  assertEquals(sim.asked[0]?.request.incumbent?.ms, fastest);
  await assertRejects(
    () => recordSpace(matmul, cpu, { path, open: sim.open }),
    RecordError,
    "it holds another space; choose another path",
  );
});
