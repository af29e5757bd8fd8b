/** Many jobs through worker processes that are killed again and again: each is answered once, and memory stays flat. */
import { argumentsOf, type CliOption, type Command, runCommand } from "../../lib/cli/arguments.ts";
import { numberOf } from "../bench/options.ts";
import { Fleet } from "../../lib/fleet/fleet.ts";
import { Trace } from "../../lib/schedule/trace.ts";
import { add } from "../tuning/programs.ts";
import type { NatsServer } from "./nats_server.ts";
import { target } from "./targets.ts";

export interface Soaked {
  readonly answered: number;
  readonly kills: number;
  /** Answers that came a second time; a search never sees them. */
  readonly ignored: number;
  /** Jobs that were lost: no worker answered. */
  readonly lost: number;
  readonly seconds: number;
  /** Bytes of the heap after a tenth of the jobs, and after all; without garbage, if V8 was told to expose its collector. */
  readonly heap: readonly [number, number];
}

/** A process that works. */
export function startWorker(url: string, name: string, ms: number): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--allow-all",
      "--no-check",
      "--quiet",
      new URL("./worker_process.ts", import.meta.url).pathname,
      url,
      name,
      `${ms}`,
    ],
    stdout: "null",
    stderr: "null",
  }).spawn();
}

function heapBytes(): number {
  (globalThis as { readonly gc?: () => void }).gc?.();
  return Deno.memoryUsage().heapUsed;
}

/** Runs `jobs` through three workers; one is killed every `every` answers, and another takes its place. */
export async function soak(server: NatsServer, jobs: number, every: number): Promise<Soaked> {
  const begin = performance.now();
  const workers = [0, 1, 2].map((k) => startWorker(server.url, `w${k}`, 0));
  await using fleet = await Fleet.join(server.url);
  const device = await fleet.wait("cpu", { workers: 3, seconds: 60 });
  const measuring = await device.openMeasuring({ func: add, target });
  if (!measuring) throw new Error("expected to measure");
  const candidate = { trace: Trace.of(add, []).toJSON() };
  let answered = 0, kills = 0, lost = 0, next = 0;
  const early = Math.floor(jobs / 10);
  let heap = NaN;
  const killOne = async () => {
    const k = kills++ % 3;
    workers[k]?.kill("SIGKILL");
    await workers[k]?.status;
    workers[k] = startWorker(server.url, `w${k}`, 0);
  };
  const lane = async () => {
    while (next++ < jobs) {
      const { measurement } = await measuring.measure({ candidate });
      answered++;
      if (measurement.status !== "ok") lost++;
      if (answered === early) heap = heapBytes();
      if (answered % every === 0) await killOne();
    }
  };
  await Promise.all(Array.from({ length: 24 }, lane));
  const after = heapBytes();
  await measuring[Symbol.asyncDispose]();
  for (const w of workers) {
    w.kill("SIGKILL");
    await w.status;
  }
  return {
    answered,
    kills,
    lost,
    ignored: fleet.counts.ignored,
    seconds: (performance.now() - begin) / 1000,
    heap: [heap, after],
  };
}

const COMMAND = {
  name: "deno task soak:fleet",
  summary: "Sends jobs to three workers, one of which is killed again and again.",
  options: { jobs: numberOf("Jobs", 10_000), every: numberOf("Jobs between two kills", 200) },
} as const satisfies Command<Readonly<Record<string, CliOption>>>;

if (import.meta.main) {
  await runCommand(COMMAND, async (args) => {
    const { jobs = 10_000, every = 200 } = argumentsOf(COMMAND, args).values;
    const { NatsServer } = await import("./nats_server.ts");
    await using server = await NatsServer.start();
    console.log(await soak(server, jobs, every));
  });
}
