import { assertEquals } from "@std/assert";
import {
  type Confirmed,
  confirmUnlessStopped,
  finalistsOf,
  recordConfirmed,
  winnerOf,
} from "../../lib/tuning/confirm.ts";
import { MeasuringSlot } from "../../lib/tuning/measuring_slot.ts";
import { Device } from "../../lib/runtime/device.ts";
import { Trace } from "../../lib/schedule/trace.ts";
import { matmul } from "./programs.ts";
import { failure, ok, SimulatedMeasuring } from "./simulated_measuring.ts";
import { differs, speedup } from "../../lib/tuning/speedup.ts";
import { median, medianInterval } from "../../lib/base/statistics.ts";
import { Rng } from "../../lib/base/random.ts";
import type { Trial } from "../../lib/tuning/trial.ts";
import { trialOf } from "../charts/results.ts";

const trial = (config: string, medianMs: number, trace = config, status: "ok" | "run" = "ok"): Trial => ({
  record: trialOf({ config, trace, medianMs, status }),
  index: 0,
  preset: config === "preset",
  candidate: { trace: { program: { name: "", fingerprint: "" }, steps: [] } },
});
const confirmed = (config: string, samples: readonly number[]): Confirmed => ({
  record: trial(config, 1).record,
  preset: config === "preset",
  samples,
  ms: median(samples),
  interval: medianInterval(samples),
  checkedRuns: 90,
});

const configsOf = (trials: readonly Trial[]) => finalistsOf(trials).map((t) => t.record.config);

Deno.test("finalists are the three fastest schedules and the preset, one a schedule", () => {
  const trials = [
    trial("preset", 9),
    trial("b", 5),
    trial("c", 6),
    trial("same as b", 5.5, "b"),
    trial("d", 7),
    trial("e", 8),
    trial("failed", 1, "f", "run"),
  ];
  assertEquals(configsOf(trials), ["b", "c", "d", "preset"]);
  assertEquals(configsOf(trials.filter((t) => !t.preset)), ["b", "c", "d"]);
});

Deno.test("a preset stands for all configurations that are its schedule, however lucky they were", () => {
  const trials = [trial("preset", 9, "same"), trial("twin", 5, "same"), trial("b", 6)];
  assertEquals(configsOf(trials), ["b", "preset"]);
});

Deno.test("an A/A comparison names no winner but the preset, in nineteen cases of twenty", () => {
  const rng = Rng.of(3);
  const noisy = () => Array.from({ length: 11 }, () => 1 + 0.2 * -Math.log(1 - rng.float()));
  let won = 0, apart = 0;
  for (let t = 0; t < 1000; t++) {
    const own = confirmed("preset", noisy()), other = confirmed("other", noisy());
    if (winnerOf([other, own]) !== own) won++;
    if (differs(speedup(other, own))) apart++;
  }
  assertEquals([won < 50, apart < 50], [true, true], `${won} won, ${apart} apart`);
});

Deno.test("what is faster round by round wins, whatever the machine does between the rounds", () => {
  const drift = [1, 2, 1.5, 3, 1, 1, 2, 2, 1.2, 1.7, 1];
  const own = confirmed("preset", drift.map((d) => 10 * d));
  const better = confirmed("better", drift.map((d) => 9 * d));
  assertEquals(winnerOf([own, better]), better);
  assertEquals(speedup(better, own).ratio.toFixed(4), "1.1111");
  assertEquals(winnerOf([own, confirmed("failed", [])]), own);
  assertEquals(winnerOf([confirmed("failed", [])]), undefined);
});

Deno.test("two differ where the interval of their speedup leaves out 1", () => {
  for (
    const [low, high, apart] of [[1.1, 1.2, true], [0.8, 0.9, true], [0.9, 1.1, false], [
      1,
      1,
      false,
    ]] as const
  ) {
    assertEquals(differs({ low, high }), apart, `${low} to ${high}`);
  }
  const drift = [1, 2, 1.5, 3, 1, 1, 2, 2, 1.2, 1.7, 1];
  const a = confirmed("a", drift), slower = confirmed("b", drift.map((d) => 1.1 * d));
  assertEquals([differs(speedup(a, slower)), differs(speedup(slower, a)), differs(speedup(a, a))], [
    true,
    true,
    false,
  ]);
});

Deno.test("a record that was confirmed in fewer than ninety checked runs says so", () => {
  const of = (checkedRuns: number) => recordConfirmed({ ...confirmed("a", [1, 1, 1]), checkedRuns }).message;
  assertEquals([of(90), of(200)], ["", ""]);
  assertEquals(of(12), "checked in 12 runs: errors in less than 32% of the runs are not excluded");
});

Deno.test("a confirmation in several processes splits the rounds, and starts a fresh one for each", async () => {
  using device = await Device.open({ backend: "cpu" });
  const { target } = device;
  const candidate = { trace: Trace.of(matmul, []).toJSON() };
  const trials = [{ ...trial("preset", 1), candidate }];
  /** What it opened, closed and answered; the n-th process takes `times[n]` milliseconds, or fails. */
  async function confirmed(times: readonly number[], processes: number, rounds: number) {
    const asked: number[] = [];
    const simulated = new SimulatedMeasuring(() => ok(1));
    simulated.race = (candidates, share) => {
      asked.push(share);
      const ms = times[asked.length - 1] ?? NaN;
      const m = ms > 0
        ? { ...ok(ms), samples: Array(share).fill(ms), checkedRuns: 50 }
        : failure("run", "it failed");
      return Promise.resolve(candidates.map(() => m));
    };
    await using slot = new MeasuringSlot({ func: matmul, target }, simulated.open);
    const [own] = await confirmUnlessStopped(undefined, slot.shared(), trials, { rounds, processes });
    return { asked, opened: simulated.opened.length, closed: simulated.closed, own };
  }
  const two = await confirmed([1, 3], 2, 11);
  assertEquals([two.asked, two.opened, two.closed], [[6, 5], 2, 1]);
  assertEquals(two.own?.samples, [1, 1, 1, 1, 1, 1, 3, 3, 3, 3, 3]);
  // The interval covers both: what the processes differ by is in it.
  assertEquals([two.own?.ms, two.own?.interval, two.own?.checkedRuns], [1, { low: 1, high: 3 }, 100]);
  const one = await confirmed([1, 3], 1, 11);
  assertEquals([one.asked, one.own?.interval], [[11], { low: 1, high: 1 }]);
  const many = await confirmed([1, 1, 1], 5, 2);
  assertEquals([many.asked, many.opened], [[1, 1], 2]);
  const failed = await confirmed([1, -1], 2, 11);
  assertEquals([failed.own?.samples, failed.own?.ms, failed.own?.checkedRuns], [[], NaN, 0]);
});
