/** Times things that do the same work, in turn, so that what else the machine does hits all alike. */
import { cpuTime } from "../../lib/runtime/platform.ts";

/** Something that is ready to run. */
export interface Runner {
  /** Runs `times` times in one go and waits for the last. */
  run(times: number): Promise<unknown>;
}

/** One timing: the milliseconds of all its runs together, on both clocks. */
export interface Sample {
  readonly runs: number;
  readonly wall: number;
  readonly cpu: number;
}

export interface RaceOptions {
  readonly rounds: number;
  /** What a sample takes at least on the clock that counts, milliseconds. */
  readonly leastMs: number;
  readonly clock: "wall" | "cpu";
  /** What the clocks say now, milliseconds. Default: the machine's. */
  readonly clocks?: Clocks;
}

export interface Clocks {
  readonly wall: () => number;
  readonly cpu: () => number;
}

const MACHINE: Clocks = { wall: () => performance.now(), cpu: cpuTime };

/** Runs in a sample, at most: drivers queue only so much. */
const MOST_RUNS = 20_000;

/**
 * The samples of each runner, one a round; each has first run long enough to be warm.
 *
 * @throws {RangeError} for a number of rounds that is not positive, and whatever a runner throws
 */
export async function race(
  runners: readonly Runner[],
  { rounds, leastMs, clock, clocks = MACHINE }: RaceOptions,
): Promise<readonly (readonly Sample[])[]> {
  if (!(rounds >= 1)) throw new RangeError(`cannot race for ${rounds} rounds: it takes at least one`);
  const runs: number[] = [];
  for (const r of runners) runs.push(await runsFor(r, leastMs, clock, clocks));
  const samples: Sample[][] = runners.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [k, r] of runners.entries()) samples[k]?.push(await timed(r, runs[k] ?? 1, clocks));
  }
  return samples;
}

/** How many runs take `leastMs`, found by running. */
async function runsFor(
  runner: Runner,
  leastMs: number,
  clock: RaceOptions["clock"],
  clocks: Clocks,
): Promise<number> {
  const spentOn = async (runs: number) => (await timed(runner, runs, clocks))[clock];
  let runs = 1, spent = await spentOn(runs);
  while (runs < MOST_RUNS) {
    // What was long once may have been interrupted.
    if (spent >= leastMs) spent = Math.min(spent, await spentOn(runs));
    if (spent >= leastMs) break;
    const wanted = Math.ceil(runs * leastMs * 1.2 / Math.max(spent, 0.05));
    runs = Math.min(MOST_RUNS, runs * 20, Math.max(runs + 1, wanted));
    spent = await spentOn(runs);
  }
  return runs;
}

async function timed(runner: Runner, runs: number, clocks: Clocks): Promise<Sample> {
  const cpu = clocks.cpu(), wall = clocks.wall();
  await runner.run(runs);
  return { runs, wall: clocks.wall() - wall, cpu: clocks.cpu() - cpu };
}

/** Milliseconds of one run in each sample, by the clock. */
export function perRun(samples: readonly Sample[], clock: "wall" | "cpu"): readonly number[] {
  return samples.map((s) => s[clock] / s.runs);
}
