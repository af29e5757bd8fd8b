/** No wrong candidate is accepted, and no right one refused. Runs and faults are counted; nothing is timed. */
import { assert, assertEquals } from "@std/assert";
import { compile } from "../../lib/codegen/compile.ts";
import * as dlight from "../../lib/dlight/schedule.ts";
import { benchOf } from "../../lib/measure/bench_of.ts";
import { CHECKED_RUNS } from "../../lib/measure/checked_runs.ts";
import { excludedRate } from "../../lib/measure/measurement.ts";
import { speedup } from "../../lib/tuning/speedup.ts";
import { devices } from "../devices.ts";
import { doubled } from "./executables.ts";
import { kernelOf, PLANTED } from "./faults.ts";
import { Simulated } from "./simulated.ts";

const [cpu] = devices;
assert(cpu);

Deno.test("there are more than forty kinds of planted faults", () => {
  assert(PLANTED.flatMap((p) => Object.keys(p.faults)).length >= 70);
  assert(PLANTED.length >= 25);
});

for (const { name, func, shapes = {}, right, faults } of PLANTED) {
  Deno.test(`no fault is accepted for ${name}, and what is right is`, async () => {
    using bench = benchOf(cpu, func, shapes, 0);
    const said = await bench.race([kernelOf(func, right)], 6, { minSampleMs: 10 });
    assertEquals(said.map((m) => m.status === "ok" || m), [true]);
    const names = Object.keys(faults);
    const wrong = await bench.race(names.map((n) => kernelOf(func, faults[n] as string)), 3, {
      minSampleMs: 10,
    });
    assertEquals(names.filter((_, k) => wrong[k]?.status === "ok"), []);
    for (const n of names) {
      assertEquals(
        (await bench.challenge(kernelOf(func, faults[n] as string), { repeats: 2 })).promoted,
        false,
        n,
      );
    }
  });
}

for (const device of devices) {
  Deno.test(`${device.target.kind}: programs with a fault are no schedules of those without it`, async () => {
    const pairs = [["relu(x - 2)", "min(|x|, 1)"], ["two branches", "zero"], [
      "a difference",
      "f32 comparison",
    ]];
    for (const [one, other] of pairs) {
      const find = (name?: string) => PLANTED.find((p) => p.name === name) as typeof PLANTED[number];
      const func = find(one).func, wrong = find(other).func;
      using bench = benchOf(device, func, {}, 0);
      const made = [func, wrong].map((f) => compile(dlight.schedule(f, device.target).func, device.target));
      const results = await bench.race(made, 3, { minSampleMs: 10 });
      assertEquals(results.map((m) => m.status), ["ok", "wrongAnswer"], `${one} ${other}`);
    }
  });
}

/** A generator of numbers in [0, 1), the same for a seed. */
function uniform(seed: number): () => number {
  let x = seed >>> 0 || 1;
  return () => (x = (Math.imul(x, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

Deno.test("a winner has ninety checked runs, which exclude an error in 5% of them", async () => {
  const sim = new Simulated({ steady: { ms: () => 1 } });
  using bench = benchOf(sim.device, doubled, {}, 0);
  for (const rounds of [1, 3, 11]) {
    const [m] = await bench.race([sim.executable("steady")], rounds, {});
    assert(m?.status === "ok" && (m.checkedRuns ?? 0) >= CHECKED_RUNS, `${rounds} ${m?.status}`);
    assert(excludedRate(m.checkedRuns ?? 0) <= 0.05);
  }
});

Deno.test("a slow winner has fewer, and says how many", async () => {
  const sim = new Simulated({ slow: { ms: () => 600 } });
  using bench = benchOf(sim.device, doubled, {}, 0);
  const [m] = await bench.race([sim.executable("slow")], 3, {});
  assert(m?.status === "ok" && m.checkedRuns !== undefined && m.checkedRuns < 15 && m.checkedRuns > 4);
  assert(excludedRate(m.checkedRuns) > 0.25);
});

Deno.test("of candidates that are wrong in 5% of their runs, at most 1% win", async () => {
  let accepted = 0;
  const CANDIDATES = 400;
  for (let seed = 1; seed <= CANDIDATES; seed++) {
    const next = uniform(seed * 7919);
    for (let k = 0; k < 8; k++) next();
    const sim = new Simulated({ flaky: { ms: () => 25, off: () => next() < 0.05 ? 1 : 0 } });
    using bench = benchOf(sim.device, doubled, {}, 0);
    const [m] = await bench.race([sim.executable("flaky")], 11, {});
    accepted += +(m?.status === "ok");
  }
  assert(accepted <= 0.02 * CANDIDATES, `${accepted} of ${CANDIDATES}`);
});

Deno.test("an A/A comparison says no difference in at least 99 of 100", async () => {
  const PAIRS = 200;
  let alike = 0, promoted = 0;
  for (let seed = 1; seed <= PAIRS; seed++) {
    const next = uniform(seed * 104729);
    const noisy = () => 25 * (1 + 0.05 * next() + (next() < 0.05 ? next() : 0));
    const sim = new Simulated({ a: { ms: noisy }, b: { ms: noisy } });
    using bench = benchOf(sim.device, doubled, {}, 0);
    const [a, b] = await bench.race([sim.executable("a"), sim.executable("b")], 11, {});
    assert(a?.status === "ok" && b?.status === "ok");
    // The search's own rule for its preset and another schedule: it takes the other one if it is faster beyond noise.
    alike += +!(speedup(b, a).low > 1);
    await bench.challenge(sim.executable("a"));
    const second = await bench.challenge(sim.executable("b"));
    promoted += +second.promoted;
  }
  assert(alike >= 0.99 * PAIRS, `${alike} of ${PAIRS} are alike`);
  assert(promoted <= 0.01 * PAIRS, `${promoted} of ${PAIRS} are promoted`);
});
