import { assert, assertEquals, assertRejects } from "@std/assert";
import { perRun, race, type Runner } from "./race.ts";

/** A clock that only the runners of this file move. */
let now = 0;
const clocks = { wall: () => now, cpu: () => now };

/** Takes `ms` a run, and notes its name and runs each time that it is called. */
function busy(name: string, ms: number, calls: [name: string, runs: number][]): Runner {
  return {
    run(times) {
      calls.push([name, times]);
      now += ms * times;
      return Promise.resolve();
    },
  };
}

Deno.test("runners take turns, a sample each, with the runs that they were warmed up to", async () => {
  const calls: [string, number][] = [];
  const samples = await race([busy("a", 0.1, calls), busy("b", 0.4, calls)], {
    rounds: 3,
    leastMs: 2,
    clock: "wall",
    clocks,
  });
  const timed = calls.slice(-6);
  assertEquals(timed.map(([name]) => name), ["a", "b", "a", "b", "a", "b"]);
  samples.forEach((own, k) =>
    assertEquals(own.map((s) => s.runs), [0, 1, 2].map((r) => timed[2 * r + k]?.[1]))
  );
});

Deno.test("a sample is long enough, whatever a run takes", async () => {
  const samples = await race([busy("fast", 0.02, []), busy("slow", 5, [])], {
    rounds: 2,
    leastMs: 3,
    clock: "wall",
    clocks,
  });
  assert(samples.flat().every((s) => s.wall >= 3), JSON.stringify(samples));
  assertEquals(samples[1]?.map((s) => s.runs), [1, 1]);
});

Deno.test("a first run that was interrupted counts for nothing", async () => {
  const calls: [string, number][] = [], runner = busy("a", 1, calls);
  const interrupted: Runner = {
    run(times) {
      if (calls.length === 0) now += 100;
      return runner.run(times);
    },
  };
  const [samples] = await race([interrupted], { rounds: 1, leastMs: 3, clock: "wall", clocks });
  assert((samples?.[0]?.wall ?? 0) >= 3, JSON.stringify(samples));
});

Deno.test("a runner that fails ends the race with its error", async () => {
  const broken: Runner = { run: () => Promise.reject(new Error("out of memory")) };
  const running = race([busy("a", 0.1, []), broken], { rounds: 1, leastMs: 1, clock: "wall", clocks });
  await assertRejects(() => running, Error, "out of memory");
});

Deno.test("times are of one run, by the clock that is asked for", () => {
  const samples = [{ runs: 4, wall: 8, cpu: 2 }, { runs: 1, wall: 3, cpu: 5 }];
  assertEquals(perRun(samples, "wall"), [2, 3]);
  assertEquals(perRun(samples, "cpu"), [0.5, 5]);
});

Deno.test("a race has a round at least", async () => {
  for (const rounds of [0, NaN]) {
    await assertRejects(
      () => race([], { rounds, leastMs: 1, clock: "wall" }),
      RangeError,
      `for ${rounds} rounds`,
    );
  }
});
