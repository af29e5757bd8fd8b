import * as te from "../../lib/face/te.ts";
import { assert, assertEquals, assertMatch, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import { tunerNames } from "../../lib/autotvm/create_tuner.ts";
import { TunerError } from "../../lib/autotvm/error.ts";
import { Search } from "../../lib/tuning/search.ts";
import { InterruptedError } from "../../lib/tuning/interrupted_error.ts";
import { tune, type TuneOptions } from "../../lib/tuning/tune.ts";
import { IrError } from "../../lib/ir/error.ts";
import { TunebookError } from "../../lib/base/error.ts";
import { fingerprint } from "../../lib/ir/fingerprint.ts";
import { funcFromJson } from "../../lib/ir/func_json.ts";
import { RecordError } from "../../lib/records/error.ts";
import type { TrialRecord } from "../../lib/records/record.ts";
import type { Progress } from "../../lib/tuning/reporter.ts";
import { replay } from "../../lib/schedule/trace.ts";
import { instantiate, namedTemplate, type Template } from "../../lib/space/template.ts";
import { devices } from "../devices.ts";
import type { TunableDevice } from "../../lib/tuning/tunable_device.ts";
import { add, matmul, small, wrongOn } from "./programs.ts";
import { type Answer, byText, failure, ok, SimulatedMeasuring } from "./simulated_measuring.ts";
import { stoppedClock } from "../stopped_clock.ts";

const [cpu] = devices;
assert(cpu);

/** Searches `add`'s small space, or matmul's, with made-up times. */
function simulated(
  options: TuneOptions,
  func = matmul,
  answer: Answer = byText,
) {
  const sim = new SimulatedMeasuring(answer);
  return { sim, options: { open: sim.open, ...options }, func };
}
const configsOf = (records: readonly TrialRecord[]) => records.map((r) => r.config);
const trialsOf = (records: readonly TrialRecord[]) => records.map((r) => r.trial);

for (const tuner of tunerNames) {
  Deno.test(`${tuner}: the same seed and the same answers give the same sequence`, async () => {
    const run = async (seed: number) => {
      const { options, func } = simulated({ tuner, seed, budget: { trials: 20 } });
      return configsOf((await tune(func, cpu, options)).records);
    };
    const first = await run(1);
    assertEquals(first.length, 20);
    assertEquals(new Set(first).size, 20);
    assertEquals(await run(1), first);
    if (tuner !== "grid") assertNotEquals(await run(2), first);
  });
}

Deno.test("a search ends after its trials, failed ones included", async () => {
  const { options, func } = simulated(
    { budget: { trials: 11 } },
    matmul,
    (a, n) => n % 2 ? byText(a) : failure("run", "odd"),
  );
  const { records, stopped } = await tune(func, cpu, options);
  assertEquals([records.length, stopped], [11, "trials"]);
  assertEquals(trialsOf(records), [...Array(11).keys()]);
  assertEquals(records.filter((r) => r.status === "run" && r.message === "odd").length, 6);
});

Deno.test("a search ends when the best has not changed for long enough", async () => {
  const answer: Answer = (_, n) => ok(n === 4 ? 1 : 2);
  const { options, func } = simulated({ budget: { earlyStopping: 5 } }, matmul, answer);
  const { records, best, stopped } = await tune(func, cpu, options);
  assertEquals([records.length, best.trial, stopped], [10, 4, "earlyStopping"]);
});

Deno.test("a search ends after its seconds, however short with one trial", async () => {
  using clock = stoppedClock();
  const slowly: Answer = (asked) => {
    clock.time += 200;
    return byText(asked);
  };
  const run = (seconds: number) =>
    tune(matmul, cpu, { budget: { seconds }, open: new SimulatedMeasuring(slowly).open, tuner: "random" });
  const { records, stopped } = await run(3);
  assertEquals(stopped, "seconds");
  assert(records.length >= 2 && records.length <= 15, `${records.length}`);
  const at = records.map((r) => r.secondsSinceStart);
  assertEquals(at, at.toSorted((a, b) => a - b));
  assertEquals((await run(0.01)).records.length, 1);
});

Deno.test("the first of several limits ends a search", async () => {
  const { options, func } = simulated({ budget: { trials: 3, seconds: 100, earlyStopping: 50 } });
  assertEquals((await tune(func, cpu, options)).stopped, "trials");
});

Deno.test("a space is searched to its end, each accepted point once", async () => {
  for (const tuner of tunerNames) {
    const { options, func } = simulated({ tuner, budget: { trials: 1000 }, template: small }, add);
    const { records, space, stopped } = await tune(func, cpu, options);
    assertEquals([records.length, new Set(configsOf(records)).size, stopped], [10, 10, "space"]);
    assertEquals(space.size, 14);
    assert(records.every((r) => r.rule === "small" && r.tuner === tuner));
  }
});

Deno.test("a signal ends the search after the trial at hand, which is kept", async () => {
  for (const when of ["measured", "reported"] as const) {
    const path = `${await Deno.makeTempDir()}/log.arrows`;
    const stop = new AbortController();
    const { options, func } = simulated(
      { budget: { trials: 50 }, path, signal: stop.signal },
      matmul,
      (asked, n) => {
        if (when === "measured" && n === 3) stop.abort();
        return byText(asked);
      },
    );
    let updates = 0;
    const reporter = {
      update({ stage }: Progress) {
        if (!stage && ++updates === 4 && when === "reported") stop.abort();
      },
      done: () => Promise.resolve(),
    };
    const { records, stopped } = await tune(func, cpu, { ...options, reporter });
    assertEquals([records.length, stopped, updates], [4, "signal", 4]);
    const again = simulated({ budget: { trials: 4 }, path });
    assertEquals((await tune(func, cpu, again.options)).records, records);
    assertEquals(again.sim.asked.length, 0);
  }
});

Deno.test("a search that was stopped before its first trial has nothing to show", async () => {
  const { options, func } = simulated({ budget: { trials: 5 }, signal: AbortSignal.abort() });
  const error = await assertRejects(
    () => tune(func, cpu, options),
    InterruptedError,
    "was stopped before any of its 0 trials succeeded: run it again",
  );
  assertEquals((error as InterruptedError).records, []);
});

Deno.test("a candidate that does not end does not keep a search from being stopped", async () => {
  const stop = new AbortController();
  const { options, func, sim } = simulated(
    { budget: { trials: 50 }, signal: stop.signal },
    matmul,
    (asked, n) => {
      if (n < 3) return byText(asked);
      setTimeout(() => stop.abort(), 0);
      return new Promise<never>(() => {});
    },
  );
  const { records, stopped, best } = await tune(func, cpu, { ...options, rounds: 0 });
  assertEquals([records.length, stopped, sim.abandoned], [3, "signal", 1]);
  assert(records.includes(best));
});

Deno.test("what was found is measured again after a stop, unless that is stopped, too", async () => {
  for (const confirming of [false, true]) {
    const stop = new AbortController();
    const { options, func, sim } = simulated({
      budget: { trials: 6 },
      ...(confirming ? { signal: stop.signal } : {}),
    });
    if (confirming) sim.race = () => new Promise(() => {});
    const stages: (string | undefined)[] = [];
    const reporter = {
      update({ stage }: Progress) {
        if (stage !== stages.at(-1)) stages.push(stage);
        if (stage === "confirming") setTimeout(() => stop.abort(), 0);
      },
      done: () => Promise.resolve(),
    };
    const log = await tune(func, cpu, { ...options, reporter });
    assertEquals(log.records.length, 6);
    assertEquals(log.confirmed.length > 0, !confirming);
    assertEquals(sim.abandoned, confirming ? 1 : 0);
    assertEquals(stages.filter((s) => s && s !== "starting"), [
      "confirming",
      confirming ? "stopped" : "done",
    ]);
    assertEquals(log.stopped, confirming ? "signal" : "trials");
  }
});

Deno.test("a search that is stopped says that it measures the best once more", async () => {
  const stop = new AbortController(), stages: (string | undefined)[] = [];
  const { options, func } = simulated({ budget: { trials: 20 }, signal: stop.signal });
  const reporter = {
    update({ stage, trials }: Progress) {
      if (trials === 3) stop.abort();
      if (stage !== stages.at(-1)) stages.push(stage);
    },
    done: () => Promise.resolve(),
  };
  const { confirmed, stopped } = await tune(func, cpu, { ...options, reporter });
  assertEquals([stages, stopped], [["starting", undefined, "stopping", "stopped"], "signal"]);
  assert(confirmed.length > 0);
});

Deno.test("a search in which nothing works says what happened", async () => {
  const fail: Answer = (_, n) =>
    n === 2 ? failure("timeout", "too long") : failure("wrongAnswer", "B[0] is 1");
  const { options, func } = simulated({ budget: { trials: 4 } }, matmul, fail);
  await assertRejects(
    () => tune(func, cpu, options),
    RecordError,
    "expected a trial that succeeded, got none of 4: 3 wrongAnswer (B[0] is 1); 1 timeout (too long)",
  );
  await using search = await Search.open(
    func,
    cpu,
    simulated({ budget: { trials: 4 } }, matmul, fail).options,
  );
  await search.run();
  const { records } = search;
  assertEquals(records.map((r) => r.status), ["wrongAnswer", "wrongAnswer", "timeout", "wrongAnswer"]);
  assert(records.every((r) => Number.isNaN(r.medianMs) && r.samples.length === 0));
});

Deno.test("a candidate that can't be compiled is a record with its stage, and nobody is asked", async () => {
  const greedy: Template = (sch, knobs) => {
    const threads = knobs.choice("threads", [2, 4], 2);
    const [block = ""] = sch.blocks();
    const [outer = "", inner = ""] = sch.split(sch.loops(block)[0] ?? "", [null, threads]);
    sch.bind(inner, "threadIdx.x");
    sch.bind(outer, "blockIdx.x");
  };
  const target = { ...cpu.target, limits: { ...cpu.target.limits, maxInvocations: 2 } };
  const device: TunableDevice = { target, probe: () => cpu.probe() };
  const { sim, options, func } = simulated({ budget: { trials: 9 }, template: greedy, tuner: "grid" }, add);
  const { records } = await tune(func, device, options);
  assertEquals(records.map((r) => [r.config, r.status]), [['{"threads":2}', "ok"], [
    '{"threads":4}',
    "verify",
  ]]);
  assertMatch(records[1]?.message ?? "", /it needs 4 threads per workgroup, the limit is 2/);
  assertNotEquals(records[1]?.trace, "");
  assertEquals(sim.asked.length, 1);
});

Deno.test("a request holds the incumbent, and limits as multiples of it", async () => {
  const { sim, options, func } = simulated(
    { budget: { trials: 3 } },
    matmul,
    (_, n) => ok([50, 10, 20][n] ?? 0),
  );
  await tune(func, cpu, options);
  const limits = { hopeless: 3, hopelessRoofline: 1000, hanging: 12 };
  assertEquals(sim.asked.map(({ request }) => request.limits), [limits, limits, limits]);
  assertEquals(sim.asked.map(({ request }) => request.adaptive), [true, true, true]);
  const [first, second] = sim.asked.map(({ request }) => request.candidate);
  assert(first && second);
  assertEquals(sim.asked.map(({ request }) => request.incumbent), [
    undefined,
    { candidate: first, ms: 50 },
    { candidate: second, ms: 10 },
  ]);
});

Deno.test("a candidate is on its way before the next one is compiled", async () => {
  const events: string[] = [];
  const logged: Template = (sch, knobs) => {
    events.push("compiles");
    small(sch, knobs);
  };
  const answer: Answer = async (asked) => {
    events.push("asked");
    await new Promise((resolve) => setTimeout(resolve, 0));
    events.push("sent");
    await new Promise((resolve) => setTimeout(resolve, 10));
    return byText(asked);
  };
  const sim = new SimulatedMeasuring(answer);
  await tune(add, cpu, {
    budget: { trials: 6 },
    open: sim.open,
    template: logged,
    tuner: "random",
    rounds: 0,
  });
  const after = events.flatMap((e, k) => e === "asked" ? [events[k + 1]] : []);
  assertEquals(after, Array(6).fill("sent"));
});

Deno.test("the sequence depends on the answers and not on how long they took", async () => {
  const run = async (delay: (n: number) => number) => {
    const answer: Answer = async (asked, n) => {
      await new Promise((resolve) => setTimeout(resolve, delay(n)));
      return byText(asked);
    };
    const { options, func } = simulated({ budget: { trials: 40 }, rounds: 0 }, matmul, answer);
    return configsOf((await tune(func, cpu, options)).records);
  };
  const first = await run(() => 0);
  assertEquals(await run((n) => n % 3 === 0 ? 40 : 0), first);
  assertEquals(await run((n) => n % 5), first);
});

Deno.test("the next candidates are handed to the driver's compiler while one is measured", async () => {
  const slowly: Answer = async (asked) => {
    await new Promise((resolve) => setTimeout(resolve, 30));
    return byText(asked);
  };
  const { sim, options, func } = simulated({ budget: { trials: 12 }, rounds: 0 }, matmul, slowly);
  await tune(func, cpu, options);
  const measured = sim.asked.map((a) => a.request.candidate);
  const warmed = new Set(sim.warmed);
  // The first is measured at once; some of the last may be due before their turn.
  const ahead = measured.slice(1).filter((c) => warmed.has(c)).length;
  assert(ahead >= 9, `${ahead} of ${measured.length - 1}`);
  assertEquals(warmed.size, sim.warmed.length);
  for (const c of warmed) assert(measured.includes(c), "warmed and never measured");
});

Deno.test("the winner is measured again in turn with the preset, which noise does not beat", async () => {
  const run = (again: (n: number) => number) => {
    const sim = new SimulatedMeasuring((_, n) => ok(n === 0 ? 10 : n === 3 ? 5 : 11));
    sim.race = (candidates) => {
      return Promise.resolve(candidates.map((_, n) => ({ ...ok(1), samples: Array(9).fill(again(n)) })));
    };
    return tune(matmul, cpu, { budget: { trials: 6 }, open: sim.open });
  };
  // Finalists come fastest first: the lucky one, then the preset.
  const lucky = await run((n) => n === 0 ? 10 : n === 1 ? 10 : 12);
  assertEquals([lucky.best.trial, lucky.confirmed.length], [0, 3]);
  assertEquals(lucky.speedup, { ratio: 1, low: 1, high: 1 });
  const real = await run((n) => n === 0 ? 8 : n === 1 ? 10 : 12);
  assertEquals([real.best.trial, real.speedup], [3, { ratio: 1.25, low: 1.25, high: 1.25 }]);
  const lost = await run((n) => n === 1 ? 10 : 12);
  assertEquals(lost.best.trial, 0);
});

Deno.test("a search ends at its share of the roofline, or says that it needs another limit too", async () => {
  const peaks = { gflops: 1, bufferGbps: 1, textureGbps: 0, copyGbps: 1, launchMs: 0 };
  const target = { ...cpu.target, peaks };
  const device: TunableDevice = { target, probe: () => Promise.resolve(peaks) };
  // 1024 operations and 768 bytes: at least 1.024 µs.
  const answer: Answer = (_, n) => ok([0.004, 0.0021, 0.0019][n] ?? 0.1);
  const { options, func } = simulated({ budget: { trials: 50, until: 0.5 }, rounds: 0 }, matmul, answer);
  const { records, stopped } = await tune(func, device, options);
  assertEquals([records.length, stopped], [3, "until"]);
  await assertRejects(
    () => tune(func, cpu, { budget: { until: 0.9 } }),
    TunerError,
    "expected a second limit, as until 0.9 may never be reached; give trials, seconds or earlyStopping too",
  );
  await assertRejects(
    () => tune(func, cpu, { budget: { trials: 1, until: 2 } }),
    TunebookError,
    "expected budget.until of autotvm.tune to be a share of the roofline, above 0 and at most 1, got 2",
  );
});

Deno.test("before anything has succeeded, a candidate is hopeless by the roofline", async () => {
  const peaks = { gflops: 1, bufferGbps: 1, textureGbps: 0, copyGbps: 1, launchMs: 0 };
  const device: TunableDevice = { target: { ...cpu.target, peaks }, probe: () => Promise.resolve(peaks) };
  const { sim, options, func } = simulated({ budget: { trials: 1 }, rounds: 0 });
  await tune(func, device, options);
  assertEquals(sim.asked[0]?.request.incumbent, undefined);
  assertEquals(sim.asked[0]?.request.limits?.hopelessRoofline, 1000);
  // The device's peaks travel with what is opened.
  assertEquals(sim.options.target.peaks, peaks);
});

Deno.test("a template by hand is a space like any other, and records call it by its name", async () => {
  const { options, func } = simulated({
    budget: { trials: 4 },
    template: namedTemplate("by hand", small),
    narrowing: { unroll: [true] },
  }, add);
  const { records, space } = await tune(func, cpu, options);
  assertEquals([space.size, new Set(records.map((r) => r.rule))], [7, new Set(["by hand"])]);
  assert(records.every((r) => JSON.parse(r.config).unroll));
  assertEquals(
    (await tune(func, cpu, { ...options, template: (s, k) => small(s, k) })).records[0]?.rule,
    "template",
  );
  for (const name of ["", "  ", "x".repeat(101)]) {
    assertThrows(() => namedTemplate(name, small), TunebookError, "1 to 100");
  }
});

for (const device of devices) {
  const { kind } = device.target;

  Deno.test(`${kind}: every record is complete and can be replayed`, async () => {
    const func = te.softmax({ rows: 4, columns: 16 });
    const { records, best, space, confirmed, measuringShare } = await tune(func, device, {
      budget: { trials: 3 },
      seed: 5,
    });
    assertEquals(trialsOf(records), [0, 1, 2]);
    for (const r of records) {
      assertEquals(r.status, "ok", r.message);
      assertEquals([r.adapter, r.clock, r.seed], [device.target.name, device.target.clock, 5]);
      assertEquals(JSON.parse(r.target), device.target);
      assertEquals([r.contestant, r.tuner, r.start], ["autotvm+dlight", "portfolio", "preset"]);
      assertEquals(r.task, "softmax(A: f32[4, 16], B: f32[4, 16])");
      assert(r.samples.length > 0 && r.samples.every((ms) => ms > 0 && ms < 1000), `${r.samples}`);
      assert(r.gflops > 0 && r.gbps > 0 && r.compileMs > 0 && r.secondsSinceStart > 0 && r.time > 1.7e12);
      assert(r.maxError < 1e-5);
      space.indexOf(JSON.parse(r.config));
      const original = funcFromJson(JSON.parse(r.program));
      assertEquals(fingerprint(original), r.fingerprint);
      assertEquals(await wrongOn(device, original, replay(original, r.trace), 17 + r.trial), undefined);
    }
    const least = Math.min(...confirmed.map((c) => c.ms));
    const own = confirmed.find((c) => c.record === best);
    assert(own && (own.ms === least || best === records[0]), `${own?.ms} of ${confirmed.map((c) => c.ms)}`);
    assert(measuringShare > 0 && measuringShare <= 1);
    assertEquals(JSON.parse(records[0]?.config ?? ""), space.at(space.preset));
  });
}

Deno.test("a record's trace is the schedule at its configuration", async () => {
  const { options, func } = simulated({ budget: { trials: 10 }, template: small }, add);
  const { records, space } = await tune(func, cpu, options);
  for (const r of records) {
    const { trace } = instantiate(add, small, space, JSON.parse(r.config));
    assertEquals(JSON.parse(r.trace), JSON.parse(JSON.stringify(trace)));
  }
});

Deno.test("a search without a limit, a tuner or a seed is refused before anything is started", async () => {
  const path = `${await Deno.makeTempDir()}/log.arrows`;
  const refuses = (options: Partial<TuneOptions>, type: typeof TunebookError, text: string) =>
    assertRejects(() => tune(matmul, cpu, { path, budget: { trials: 1 }, ...options }), type, text);
  await refuses(
    { budget: {} },
    TunerError,
    "expected a budget with a limit, got none; give trials, seconds or earlyStopping",
  );
  await refuses(
    { budget: { trials: 0 } },
    TunebookError,
    "expected budget.trials of autotvm.tune to be an integer of at least 1, got 0",
  );
  await refuses(
    { budget: { seconds: NaN } },
    TunebookError,
    "expected budget.seconds of autotvm.tune to be a finite number above 0, got NaN",
  );
  for (const seed of [1.5, NaN, 2 ** 40]) {
    await refuses(
      { seed },
      TunebookError,
      `expected seed of autotvm.tune to be a 32-bit integer, got ${seed}`,
    );
  }
  const unknown = { tuner: "beam" } as unknown as TuneOptions;
  await refuses(unknown, TunebookError, "expected tuner of autotvm.tune to be one of random, grid, ga, xgb");
});

Deno.test("a symbolic program without shapes is refused before anything is started", async () => {
  const func = te.softmax({ rows: "n", columns: 16 });
  const refuses = (shapes: Record<string, number> | undefined, text: string) =>
    assertRejects(
      () => tune(func, cpu, { budget: { trials: 1 }, ...(shapes ? { shapes } : {}) }),
      IrError,
      text,
    );
  await refuses(undefined, "cannot tell n of softmax from its inputs' lengths: give shapes { n: … }");
  await refuses({ n: 0 }, "softmax with n = 0: shape variables are positive integers");
  await refuses({ n: 4, m: 4 }, "cannot give softmax a shape m: its shape variables are n");
});

Deno.test("symbolic shapes are part of what a record says", async () => {
  const func = te.softmax({ rows: "n", columns: 16 });
  const { records } = await tune(func, cpu, { budget: { trials: 1 }, shapes: { n: 3 } });
  assertEquals(records[0]?.task, "softmax(A: f32[n, 16], B: f32[n, 16]) with n = 3");
  assertEquals(records[0]?.status, "ok");
});

Deno.test("a search measures its own program, on its device, at its shapes, with its seed and inputs", async () => {
  const func = te.softmax({ rows: "n", columns: 16 });
  const inputs = { A: new Float32Array(48).fill(0.25) };
  const { sim, options } = simulated({
    budget: { trials: 1 },
    shapes: { n: 3 },
    seed: 7,
    inputs,
    deadlineMs: 1234,
    rounds: 0,
  }, func);
  await tune(func, cpu, options);
  const [opened] = sim.opened;
  assertEquals(sim.opened.length, 1);
  assertEquals(opened, { func, target: cpu.target, shapes: { n: 3 }, seed: 7, inputs, deadlineMs: 1234 });
  assert(opened?.func === func && opened.target === cpu.target && opened.inputs === inputs);
  assertEquals(sim.closed, 1);
  const plain = simulated({ budget: { trials: 1 }, rounds: 0 }, add);
  await tune(add, cpu, plain.options);
  assertEquals(plain.sim.opened, [{ func: add, target: cpu.target, shapes: {}, seed: 0 }]);
});

Deno.test("a device that says how it is measured is measured so, unless the search says otherwise", async () => {
  const own = new SimulatedMeasuring(byText), other = new SimulatedMeasuring(byText);
  const device: TunableDevice = { target: cpu.target, probe: () => cpu.probe(), openMeasuring: own.open };
  await tune(add, device, { budget: { trials: 2 }, rounds: 0 });
  assertEquals([own.asked.length, other.asked.length], [2, 0]);
  await tune(add, device, { budget: { trials: 3 }, rounds: 0, open: other.open });
  assertEquals([own.asked.length, other.asked.length], [2, 3]);
});
