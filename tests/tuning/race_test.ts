import { assert, assertEquals, assertRejects } from "@std/assert";
import { TunebookError } from "../../lib/base/error.ts";
import * as dlight from "../../lib/dlight/schedule.ts";
import type { Rule } from "../../lib/dlight/rule.ts";
import type { Target } from "../../lib/target/target.ts";
import { fallback } from "../../lib/dlight/fallback/fallback.ts";
import type { PrimFunc } from "../../lib/ir/func.ts";
import { IrError } from "../../lib/ir/error.ts";
import { Schedule } from "../../lib/schedule/schedule.ts";
import { instantiate, spaceOf } from "../../lib/space/template.ts";
import { InterruptedError } from "../../lib/tuning/interrupted_error.ts";
import { race, type RaceOptions, type Racer } from "../../lib/tuning/race.ts";
import * as te from "../../lib/face/te.ts";
import { devices } from "../devices.ts";
import { matmul } from "./programs.ts";
import { byText, failure, ok, SimulatedMeasuring } from "./simulated_measuring.ts";

const [cpu] = devices;
assert(cpu);
/** The schedule of a rule's own point. */
function ruled(func: PrimFunc, { target }: { readonly target: Target }, rules?: readonly Rule[]): Schedule {
  const { template } = dlight.match(func, target, rules);
  const space = spaceOf(func, template);
  return instantiate(func, template, space, space.at(space.preset));
}
/** Without a thread it can't be lowered. */
const naive = new Schedule(matmul);

for (const device of devices) {
  Deno.test(`${device.target.kind}: schedules and programs are checked, and timed in turn`, async () => {
    const func = te.matmul({ m: 16, n: 16, k: 16 });
    const wrong = te.matmul({ m: 16, n: 16, k: 16, transposeB: true });
    const schedule = ruled(func, device);
    const { rows, table, measurements, chart } = await race(
      {
        rule: func,
        schedule,
        scheduled: schedule.func,
        "without a rule": ruled(func, device, [fallback]),
        wrong,
      },
      device,
      { rounds: 3 },
    );
    const names = ["rule", "schedule", "scheduled", "without a rule", "wrong"];
    assertEquals(rows.map((r) => r.contestant), names);
    assertEquals(Object.keys(measurements), names);
    assertEquals([table.numRows, "mark" in chart.spec || Object.keys(chart.spec).length > 0], [5, true]);
    for (const r of rows.slice(0, 4)) {
      assertEquals([r.trials, r.failed, r.samples.length], [1, 0, 3]);
      assert(r.lowMs <= r.medianMs && r.medianMs <= r.highMs && r.maxError < 1e-5 && r.gflops > 0);
    }
    const last = rows.at(-1);
    assertEquals([last?.failed, last?.medianMs, last?.samples], [1, NaN, []]);
    assertEquals(measurements.wrong?.status, "wrongAnswer");
  });
}

Deno.test("a list is named by its programs, in order", async () => {
  const sim = new SimulatedMeasuring(byText);
  const other = matmul.with({ name: "other" });
  const { rows, measurements } = await race([matmul, ruled(other, cpu), naive], cpu, {
    open: sim.open,
    rounds: 4,
  });
  assertEquals(rows.map((r) => r.contestant), ["1: matmul", "2: other", "3: matmul"]);
  assertEquals(Object.values(measurements).map((m) => m.status), ["ok", "ok", "lower"]);
  assertEquals(rows.map((r) => r.samples.length), [4, 4, 0]);
  assertEquals(sim.raced.length, 2);
  assertEquals(sim.closed, 1);
});

Deno.test("a race measures the first program, at its shapes, with its seed and inputs", async () => {
  const func = te.softmax({ rows: "n", columns: 16 });
  const inputs = { A: new Float32Array(48) };
  const sim = new SimulatedMeasuring(byText);
  const options: RaceOptions = {
    shapes: { n: 3 },
    seed: 5,
    inputs,
    deadlineMs: 77,
    open: sim.open,
    rounds: 1,
  };
  await race([func, func.with({ name: "twin" })], cpu, options);
  assertEquals(sim.opened, [{ func, target: cpu.target, shapes: { n: 3 }, seed: 5, inputs, deadlineMs: 77 }]);
  await assertRejects(() => race([func], cpu, { open: sim.open }), IrError, "give shapes { n: … }");
});

Deno.test("one that fails has a row without figures, and the others theirs", async () => {
  const sim = new SimulatedMeasuring(byText);
  sim.race = (candidates) =>
    Promise.resolve(candidates.map((_, k) => k === 0 ? failure("timeout", "too long") : ok(2)));
  const { rows, measurements } = await race({ a: matmul, b: matmul }, cpu, { open: sim.open, rounds: 3 });
  assertEquals(rows.map((r) => [r.contestant, r.failed, r.medianMs]), [["a", 1, NaN], ["b", 0, 2]]);
  assertEquals(measurements.a, failure("timeout", "too long"));
});

Deno.test("what can't race is refused before anything is measured", async () => {
  const sim = new SimulatedMeasuring(byText);
  const refuses = (racers: unknown, says: string, options: RaceOptions = {}) =>
    assertRejects(
      () => race(racers as readonly Racer[], cpu, { open: sim.open, ...options }),
      TunebookError,
      says,
    );
  await refuses([], "expected at least one program or schedule to race, got none");
  await refuses({}, "expected at least one program or schedule to race, got none");
  await refuses(
    { first: matmul, second: te.matmul({ m: 8, n: 8, k: 4 }) },
    "expected all to have the parameters of first, ",
  );
  await refuses([matmul, "matmul"], 'expected a program or a schedule, got "matmul", as racer 1');
  await refuses(
    { mine: Promise.resolve(matmul) },
    "expected a program or a schedule, got a Promise, as racer mine",
  );
  await refuses([matmul], "expected rounds of race to be an integer of at least 1, got 0", { rounds: 0 });
  await refuses([matmul], "expected seed of race to be a 32-bit integer, got 0.5", { seed: 0.5 });
  assertEquals(sim.opened, []);
});

Deno.test("a race that is stopped says so, and closes what measured", async () => {
  const stop = new AbortController();
  const sim = new SimulatedMeasuring(byText);
  sim.race = () => {
    setTimeout(() => stop.abort(), 0);
    return new Promise(() => {});
  };
  await assertRejects(
    () => race([matmul], cpu, { open: sim.open, signal: stop.signal }),
    InterruptedError,
    "the race of matmul(A: f32[8, 8], B: f32[8, 8], C: f32[8, 8]) was stopped",
  );
  assertEquals(sim.closed, 1);
  await assertRejects(
    () => race([matmul], cpu, { open: sim.open, signal: AbortSignal.abort() }),
    InterruptedError,
    "was stopped",
  );
  assertEquals(sim.opened.length, 1);
});
