import { assertEquals } from "@std/assert";
import { type Confirmed, finalistsOf, recordConfirmed, winnerOf } from "../../lib/tuning/confirm.ts";
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
