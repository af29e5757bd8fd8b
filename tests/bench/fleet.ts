/**
 * Measures a fleet itself, with jobs whose times are made up: the overhead of a job, how busy a far worker is, and what
 * more workers give. It needs nats-server.
 */
import { argumentsOf, type CliOption, type Command, runCommand } from "../../lib/cli/arguments.ts";
import { connect } from "../../lib/fleet/connect.ts";
import { Fleet } from "../../lib/fleet/fleet.ts";
import type { Transport } from "../../lib/fleet/transport.ts";
import { work } from "../../lib/fleet/work.ts";
import { Trace } from "../../lib/schedule/trace.ts";
import { InstantMeasuring } from "../fleet/instant_measuring.ts";
import { NatsServer } from "../fleet/nats_server.ts";
import { Proxy } from "../fleet/proxy.ts";
import { target } from "../fleet/targets.ts";
import { add } from "../tuning/programs.ts";

const candidate = { trace: Trace.of(add, []).toJSON() };

interface Setting {
  readonly workers: number;
  /** Milliseconds of a job. */
  readonly jobMs: number;
  readonly jobs: number;
  /** Milliseconds to the worker and back. */
  readonly roundTripMs: number;
  readonly inFlight: number;
}

interface Result {
  /** Milliseconds of a job beyond those that its worker was busy, with one in flight. */
  readonly overheadMs: number;
  readonly busyShare: number;
  readonly jobsPerSecond: number;
}

async function run({ workers, jobMs, jobs, roundTripMs, inFlight }: Setting): Promise<Result> {
  await using server = await NatsServer.start();
  await using network = new Proxy(server.port);
  network.delayMs = roundTripMs / 2;
  const end = new AbortController(), working: Promise<unknown>[] = [], transports: Transport[] = [];
  for (let k = 0; k < workers; k++) {
    const transport = await connect(`nats://127.0.0.1:${network.port}`, { name: `w${k}` });
    transports.push(transport);
    working.push(work(transport, {
      worker: `w${k}`,
      target,
      open: (options) => Promise.resolve(new InstantMeasuring(options, jobMs)),
      signal: end.signal,
    }));
  }
  await using fleet = await Fleet.join(server.url);
  const device = await fleet.wait("cpu", { workers, seconds: 60 });
  const measuring = await device.openMeasuring({ func: add, target });
  if (!measuring) throw new Error("expected to measure");
  // The first jobs read the session.
  await Promise.all(Array.from({ length: 2 * workers }, () => measuring.measure({ candidate })));
  const before = measuring.busyMs, begin = performance.now();
  let next = 0;
  const lane = async () => {
    while (next++ < jobs) await measuring.measure({ candidate });
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  const wall = performance.now() - begin, busy = measuring.busyMs - before;
  await measuring[Symbol.asyncDispose]();
  end.abort();
  await Promise.all(working);
  for (const t of transports) await t[Symbol.asyncDispose]();
  return {
    overheadMs: (wall - busy) / jobs,
    busyShare: busy / wall / workers,
    jobsPerSecond: jobs / wall * 1000,
  };
}

const COMMAND = {
  name: "deno task bench:fleet",
  summary:
    "Measures a fleet with jobs of made-up times: overhead, a far worker, more workers. It needs nats-server.",
  options: {},
} as const satisfies Command<Readonly<Record<string, CliOption>>>;

async function benchFleet(args: readonly string[]): Promise<void> {
  argumentsOf(COMMAND, args);
  const local = await run({ workers: 1, jobMs: 30, jobs: 100, roundTripMs: 0, inFlight: 1 });
  console.log(`overhead of a job on loopback: ${local.overheadMs.toFixed(1)} ms`);
  const far = await run({ workers: 1, jobMs: 30, jobs: 200, roundTripMs: 50, inFlight: 3 });
  console.log(
    `50 ms to a worker and back, jobs of 30 ms, three in flight: ${(100 * far.busyShare).toFixed(0)}% busy`,
  );
  let one = NaN;
  for (const workers of [1, 2, 8]) {
    const { jobsPerSecond } = await run({
      workers,
      jobMs: 100,
      jobs: 40 * workers,
      roundTripMs: 0,
      inFlight: 3 * workers,
    });
    if (workers === 1) one = jobsPerSecond;
    console.log(`${workers} workers, jobs of 100 ms: ${(jobsPerSecond / one).toFixed(2)} times one worker`);
  }
}

await runCommand(COMMAND, benchFleet);
