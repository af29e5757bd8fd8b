import * as te from "../../lib/face/te.ts";
import * as dlight from "../../lib/dlight/schedule.ts";
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertMatch,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { call, sub } from "../../lib/ir/build.ts";
import { TunebookError } from "../../lib/base/error.ts";
import { benchOf } from "../../lib/measure/bench_of.ts";
import { type Measurement, msOf, type Success } from "../../lib/measure/measurement.ts";
import { median } from "../../lib/base/statistics.ts";
import { DeviceLostError, RunError } from "../../lib/runtime/error.ts";
import { compute } from "../../lib/te/compute.ts";
import { placeholder } from "../../lib/te/tensor.ts";
import { primFunc } from "../../lib/te/prim_func.ts";
import { compile } from "../../lib/codegen/compile.ts";
import { devices } from "../devices.ts";
import { bad, doubled, javascript, right } from "./executables.ts";
import { type Behaviour, Simulated } from "./simulated.ts";

function success(m: Measurement | undefined): Success {
  assert(m?.status === "ok", `failed: ${JSON.stringify(m)}`);
  return m;
}

function simulated(behaviours: Readonly<Record<string, Behaviour>>, target = {}) {
  const sim = new Simulated(behaviours, target);
  return { sim, bench: benchOf(sim.device, doubled, {}, 0) };
}

Deno.test("every sample is kept, in milliseconds of one run, by the clock of the device", async () => {
  const behaviour = { ms: () => 4, cpu: (w: number) => w * 2, timestamp: (w: number) => w / 2 };
  for (const [clock, ms] of [["wall", 4], ["cpu", 8], ["timestamp", 2]] as const) {
    const { sim, bench } = simulated({ steady: behaviour }, { clock });
    const m = success(await bench.measure(sim.executable("steady"), { repeats: 7 }));
    assertEquals(m.clock, clock);
    assertEquals(m.samples.length, 7);
    for (const sample of m.samples) assertAlmostEquals(sample, ms);
  }
});

Deno.test("no sample is left out for being slow", async () => {
  const { sim, bench } = simulated({ spiky: { ms: (n) => n === 5 ? 1000 : 25 } });
  const { samples } = success(await bench.measure(sim.executable("spiky"), {}));
  assertEquals(samples, [25, 25, 25, 1000, 25]);
  assertEquals(median(samples), 25);
});

Deno.test("runs are batched until a sample lasts long enough, and no longer", async () => {
  const { sim, bench } = simulated({ quick: { ms: () => 0.5, overheadMs: () => 2 } });
  const { samples } = success(await bench.measure(sim.executable("quick"), { minSampleMs: 10 }));
  const [batch = 0] = new Set(sim.timed.slice(-samples.length).map((c) => c.times));
  assert(batch * 0.5 >= 10 && batch <= 40, `${batch} runs a sample`);
  // What the waiting costs is no part of a sample.
  for (const sample of samples) assertAlmostEquals(sample, 0.5);
});

Deno.test("a sample is long beside what the waiting costs, which varies", async () => {
  // Three milliseconds while it is measured empty and calibrated, and half of one ever after.
  const { sim, bench } = simulated({ quick: { ms: () => 0.5, overheadMs: (n) => n < 5 ? 3 : 0.5 } });
  const { samples } = success(await bench.measure(sim.executable("quick"), { minSampleMs: 1 }));
  for (const sample of samples) assertAlmostEquals(sample, 0.5, 0.1);
});

Deno.test("a batch ends at a thousand runs", async () => {
  const { sim, bench } = simulated({ tiny: { ms: () => 1e-4 } });
  success(await bench.measure(sim.executable("tiny"), {}));
  assertEquals(Math.max(...sim.calls.map((c) => c.times)), 1000);
});

Deno.test("a slow candidate is sampled twice and not five times", async () => {
  const { sim, bench } = simulated({ slow: { ms: () => 2000 } });
  assertEquals(success(await bench.measure(sim.executable("slow"), {})).samples, [2000, 2000]);
  // One to warm up and two samples; one checked for either set of inputs, and one more.
  assertEquals(sim.timed.length, 3);
  assertEquals(sim.calls.filter((c) => c.checked).length, 3);
});

Deno.test("a hopeless candidate gets one sample, and one that is not gets all", async () => {
  const { sim, bench } = simulated({ slow: { ms: () => 31 }, fair: { ms: () => 29 } });
  assertEquals(success(await bench.measure(sim.executable("slow"), { dropAboveMs: 30 })).samples, [31]);
  assertEquals(success(await bench.measure(sim.executable("fair"), { dropAboveMs: 30 })).samples.length, 5);
});

Deno.test("a candidate is not hopeless for what one run costs in overhead", async () => {
  const { sim, bench } = simulated({ quick: { ms: () => 0.1, overheadMs: () => 8 } });
  const m = success(await bench.measure(sim.executable("quick"), { dropAboveMs: 0.3 }));
  assertEquals(m.samples.length, 5);
  assert(median(m.samples) < 0.3);
});

Deno.test("on the CPU nothing is concluded from cold runs", async () => {
  // As JavaScript went that was measured: interpreted, then half optimised, then optimised.
  const cold: Behaviour = { ms: (n) => n < 4 ? 45 : n < 5 ? 8 : 0.3 };
  const { sim, bench } = simulated({ cold }, { kind: "cpu", language: "js", clock: "cpu" });
  const m = success(await bench.measure(sim.executable("cold"), { dropAboveMs: 1 }));
  assertEquals(m.samples.length, 5);
  for (const sample of m.samples) assertAlmostEquals(sample, 0.3);
});

Deno.test("a clock that tells no time is a failure and no record time", async () => {
  for (const timestamp of [() => 0, () => NaN, () => -1]) {
    const { sim, bench } = simulated({ stopped: { ms: () => 30, timestamp } }, { clock: "timestamp" });
    const m = await bench.measure(sim.executable("stopped"), {});
    assert(m.status === "run");
    assertMatch(m.message, /^the timestamp clock told no time: \S+ ms over \d samples$/);
  }
});

Deno.test("no samples are no success", async () => {
  const { sim, bench } = simulated({ steady: { ms: () => 30 } });
  const m = await bench.measure(sim.executable("steady"), { repeats: 0 });
  assert(m.status === "run");
  assertMatch(m.message, /NaN ms over 0 samples$/);
});

Deno.test("a race checks all first, then takes samples in turn", async () => {
  const { sim, bench } = simulated({ a: { ms: () => 30 }, b: { ms: () => 40 }, c: { ms: () => 50 } });
  const names = ["a", "b", "c"];
  const results = await bench.race(names.map((n) => sim.executable(n)), 4, {});
  assertEquals(results.map((m) => success(m).samples), [30, 40, 50].map((ms) => Array(4).fill(ms)));
  const first = sim.calls.filter((c) => c.times > 0).slice(0, 6);
  assertEquals(first.map((c) => [c.name, c.checked]), names.flatMap((n) => [[n, true], [n, true]]));
  assertEquals(sim.timed.map((c) => c.name), Array(5).fill(names).flat());
});

Deno.test("one executable raced against itself gives two measurements of the same", async () => {
  const { sim, bench } = simulated({ same: { ms: () => 30 } });
  const [one, two] = await bench.race([sim.executable("same"), sim.executable("same")], 3, {});
  assertEquals(success(one).samples, success(two).samples);
  assertEquals(sim.held, 0);
});

Deno.test("a candidate that fails on the way costs the others nothing", async () => {
  const { sim, bench } = simulated({
    good: { ms: () => 30 },
    wrong: { ms: () => 30, off: () => 1 },
    late: {
      ms: () => 30,
      before: (n) => {
        if (n === 3) throw new RunError("out of memory at last");
      },
    },
  });
  const results = await bench.race(["good", "wrong", "late", "good"].map((n) => sim.executable(n)), 5, {});
  assertEquals(results.map((m) => m.status), ["ok", "wrongAnswer", "run", "ok"]);
  assertEquals([success(results[0]).samples.length, success(results[3]).samples.length], [5, 5]);
  assert(results[2]?.status === "run" && results[2].message === "out of memory at last");
  assertEquals(sim.held, 0);
});

/** A bench that has measured `incumbent`, adaptively, before `name`. */
async function challenged(behaviours: Readonly<Record<"incumbent" | "next", Behaviour>>, options = {}) {
  const { sim, bench } = simulated(behaviours);
  const first = await bench.challenge(sim.executable("incumbent"));
  assert(first.promoted);
  const before = sim.calls.length;
  const second = await bench.challenge(sim.executable("next"), options);
  return {
    sim,
    bench,
    first,
    second,
    calls: sim.calls.slice(before).filter((c) => c.times > 0 && !c.checked),
  };
}

Deno.test("a first candidate is sampled until its median is precise, or twelve times", async () => {
  const noise = [30, 45, 31, 30, 44, 30];
  for (const [ms, count] of [[() => 30, 3], [(n: number) => noise[n % 6] ?? 0, 12]] as const) {
    const { sim, bench } = simulated({ first: { ms } });
    const { measurement, promoted } = await bench.challenge(sim.executable("first"));
    assertEquals([success(measurement).samples.length, promoted], [count, true]);
    bench[Symbol.dispose]();
    assertEquals(sim.held, 0);
  }
});

Deno.test("a candidate that is clearly slower than the incumbent is sampled twice, in turn with it", async () => {
  const { second, calls, sim, bench } = await challenged({
    incumbent: { ms: () => 30 },
    next: { ms: () => 40 },
  });
  const { samples, against } = success(second.measurement);
  assertEquals([samples, against], [[40, 40], { ms: 30, samples: [30, 30] }]);
  assertEquals(calls.slice(-4).map((c) => c.name), ["incumbent", "next", "incumbent", "next"]);
  assertEquals(second.promoted, false);
  bench[Symbol.dispose]();
  assertEquals(sim.held, 0);
});

Deno.test("a candidate that is faster becomes the incumbent, and what it replaces is let go", async () => {
  const { second, bench, sim } = await challenged({ incumbent: { ms: () => 40 }, next: { ms: () => 30 } });
  // Four that are alike settle it, and seven new ones confirm it.
  assertEquals([second.promoted, success(second.measurement).samples.length], [true, 7]);
  const third = await bench.challenge(sim.executable("incumbent"));
  assertEquals(success(third.measurement).against, { ms: 30, samples: [30, 30] });
  assertEquals(sim.held, 2);
  bench[Symbol.dispose]();
  assertEquals(sim.held, 0);
});

Deno.test("a candidate that was faster by luck has to be so again", async () => {
  const { second } = await challenged({ incumbent: { ms: () => 30 }, next: { ms: (n) => n < 9 ? 28 : 33 } });
  const m = success(second.measurement);
  // What made it look faster is no part of what is said of it.
  assertEquals([second.promoted, m.samples.length, msOf(m) > 32], [false, 7, true]);
});

Deno.test("drift of the machine makes no candidate faster or slower", async () => {
  // Each run of either takes a little longer than the one before.
  let turn = 0;
  const drifting = (ms: number) => () => ms * 1.02 ** turn++;
  const { second } = await challenged({ incumbent: { ms: drifting(30) }, next: { ms: drifting(30) } });
  const m = success(second.measurement);
  const plain = median(m.samples) / (m.against?.ms ?? NaN);
  assert(plain > 1.1, `${plain}`);
  assertAlmostEquals(msOf(m) / (m.against?.ms ?? NaN), 1.02, 0.001);
  assertEquals(second.promoted, false);
});

Deno.test("a hopeless candidate costs the incumbent no sample", async () => {
  const { second, calls } = await challenged(
    { incumbent: { ms: () => 30 }, next: { ms: () => 300 } },
    { dropAboveMs: 90 },
  );
  assertEquals(success(second.measurement).samples, [300]);
  assertEquals(success(second.measurement).against, undefined);
  assertEquals(new Set(calls.map((c) => c.name)), new Set(["next"]));
});

Deno.test("a wrong candidate never becomes the incumbent, nor does one that is wrong only later", async () => {
  for (const off of [() => 1, (n: number) => n > 2 ? 1 : 0]) {
    const { second, bench, sim } = await challenged({
      incumbent: { ms: () => 30 },
      next: { ms: () => 10, off },
    });
    assertEquals([second.measurement.status, second.promoted], ["wrongAnswer", false]);
    bench[Symbol.dispose]();
    assertEquals(sim.held, 0);
  }
});

Deno.test("an incumbent that is adopted is held against with what it was known to take", async () => {
  const { sim, bench } = simulated({ known: { ms: () => 33 }, next: { ms: () => 66 } });
  await bench.adopt(sim.executable("known"), 30);
  const { measurement } = await bench.challenge(sim.executable("next"));
  assertAlmostEquals(msOf(success(measurement)), 60);
  bench[Symbol.dispose]();
});

Deno.test("a candidate that is right at first and wrong later is wrong", async () => {
  const { sim, bench } = simulated({ racy: { ms: () => 30, off: (n) => n > 3 ? 0.5 : 0 } });
  const m = await bench.measure(sim.executable("racy"), {});
  assert(m.status === "wrongAnswer");
  assertMatch(
    m.message,
    /^its first run was right and a later one was not: B\[0\] is \S+ and not \S+; 256 of/,
  );
});

Deno.test("a lost device is thrown, as nothing can be measured on it any more", async () => {
  for (const at of [0, 2]) {
    const before = (n: number) => {
      if (n === at) throw new DeviceLostError("gone");
    };
    const { sim, bench } = simulated({ lost: { ms: () => 30, before } });
    await assertRejects(() => bench.measure(sim.executable("lost"), {}), DeviceLostError, "gone");
    assertEquals(sim.held, 0);
  }
});

Deno.test("a program whose results are all NaN can't be checked, and is refused", () => {
  const A = placeholder("A", [8]);
  const B = compute("B", [8], (i) => call("sqrt", sub(A.at(i), 2)));
  const { sim } = simulated({});
  assertThrows(
    () => benchOf(sim.device, primFunc("hopeless", [A, B]), {}, 0),
    TunebookError,
    "cannot check candidates for hopeless: for inputs in [-1, 1) every element of B is NaN",
  );
  const some = compute("B", [8], (i) => call("sqrt", A.at(i)));
  benchOf(sim.device, primFunc("half", [A, some]), {}, 0);
});

for (const device of devices) {
  const { kind } = device.target;

  Deno.test(`${kind}: bad candidates are told apart, and leave good ones as they are`, async () => {
    const bench = benchOf(device, doubled, {}, 3);
    const options = { repeats: 1, minSampleMs: 10 };
    success(await bench.measure(right[kind], options));
    for (const { what, executable, status, says } of bad[kind]) {
      const m = await bench.measure(executable, options);
      assert(m.status !== "ok" && status.includes(m.status), `${what}: ${JSON.stringify(m)}`);
      assertMatch(m.message, says);
      assert(m.compileMs >= 0);
      success(await bench.measure(right[kind], options));
    }
  });

  Deno.test(`${kind}: one bad candidate among good ones`, async () => {
    const bench = benchOf(device, doubled, {}, 4);
    const among = [right[kind], ...bad[kind].map((b) => b.executable), right[kind]];
    const results = await bench.race(among, 3, { minSampleMs: 10 });
    assertEquals(results.map((m) => m.status === "ok"), among.map((e) => e === right[kind]));
    assertEquals(success(results.at(-1)).samples.length, 3);
  });

  Deno.test(`${kind}: symbolic shapes are measured at their values`, async () => {
    const func = te.softmax({ rows: "n", columns: 16 });
    const executable = compile(dlight.schedule(func, device.target).func, device.target);
    const bench = benchOf(device, func, { n: 5 }, 0);
    assert(success(await bench.measure(executable, { repeats: 1 })).maxError < 1e-5);
  });
}

Deno.test("on the CPU a candidate that writes its inputs spoils them for itself only", async () => {
  const [cpu] = devices;
  const bench = benchOf(cpu as typeof devices[0], doubled, {}, 5);
  const options = { repeats: 1, minSampleMs: 10 };
  const scribbler = javascript("A.fill(0); B.fill(0);");
  assertEquals((await bench.measure(scribbler, options)).status, "wrongAnswer");
  success(await bench.measure(right.cpu, options));
});
