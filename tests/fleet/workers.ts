/** Workers whose measuring is made up, and fleets of them, on any transport. */
import { type Fleet, fleetOver } from "../../lib/fleet/fleet.ts";
import type { MemoryTransport } from "./memory_transport.ts";
import type { RemoteDevice } from "../../lib/fleet/remote_device.ts";
import type { Transport } from "../../lib/fleet/transport.ts";
import { work, type WorkEvent, type WorkOptions } from "../../lib/fleet/work.ts";
import { targetOf } from "../../lib/target/profiles.ts";
import type { Peaks, Target } from "../../lib/target/target.ts";
import { type Answer, byText, SimulatedMeasuring } from "../tuning/simulated_measuring.ts";

export const peaks: Peaks = { gflops: 1, bufferGbps: 1, textureGbps: 0, copyGbps: 1, launchMs: 0.01 };
export const target: Target = { ...targetOf("cpu"), peaks };

/** A worker that answers as it is told. */
export class SimulatedWorker implements AsyncDisposable {
  readonly sim: SimulatedMeasuring;
  readonly events: WorkEvent[] = [];
  readonly #end = new AbortController();
  readonly #ended: Promise<number>;

  constructor(
    transport: Transport,
    readonly name: string,
    answer: Answer = byText,
    options: Partial<WorkOptions> = {},
  ) {
    this.sim = new SimulatedMeasuring(answer);
    this.#ended = work(transport, {
      worker: name,
      target,
      open: this.sim.open,
      signal: this.#end.signal,
      report: (e) => this.events.push(e),
      ...options,
    });
  }

  /** Ends it after its job, and gives the number of jobs that it answered. */
  async end(): Promise<number> {
    this.#end.abort();
    return await this.#ended;
  }

  /** How many jobs it measured. */
  get measured(): number {
    return this.sim.asked.length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }
}

/** A fleet in memory, with these workers. */
export async function fleetOf(
  transport: MemoryTransport,
  ...names: readonly string[]
): Promise<
  & { readonly fleet: Fleet; readonly workers: readonly SimulatedWorker[]; readonly device: RemoteDevice }
  & AsyncDisposable
> {
  const workers = names.map((name) => new SimulatedWorker(transport, name));
  const fleet = await fleetOver(transport);
  const device = await fleet.wait("cpu", { workers: names.length, seconds: 10 });
  return {
    fleet,
    workers,
    device,
    [Symbol.asyncDispose]: async () => {
      await fleet[Symbol.asyncDispose]();
      await Promise.all(workers.map((w) => w.end()));
    },
  };
}

export function after<T>(ms: number, value: T): Promise<T> {
  return new Promise((resolve) => setTimeout(() => resolve(value), ms));
}
