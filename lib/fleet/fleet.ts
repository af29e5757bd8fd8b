/** A fleet: the devices of other machines and of pages, behind one address. */
import { checkArgument, checkOptions, type Fields, type Kind } from "../base/check_options.ts";
import { anyOf, having, name as nameKind, number, oneOf, passing, positive } from "../base/option_kinds.ts";
import { nearest } from "../base/nearest.ts";
import type { Measuring, MeasuringOptions } from "../measure/measuring.ts";
import { connect } from "./connect.ts";
import { type Credentials, credentialsKind } from "./credentials.ts";
import { FleetError } from "./error.ts";
import { FleetMeasuring } from "./fleet_measuring.ts";
import { workerNameKind } from "./messages.ts";
import { Presence } from "./presence.ts";
import { type ConfirmingDevice, type FleetWorker, RemoteDevice } from "./remote_device.ts";
import type { Transport } from "./transport.ts";
import { Device } from "../runtime/device.ts";
import type { Target } from "../target/target.ts";

/** Jobs in flight for each worker: one is measured, the others travel. */
const JOBS_PER_WORKER = 3;
/** The most jobs in flight of one search: the queue has room for all. */
const MOST_IN_FLIGHT = 192;
/** Milliseconds without any worker of a class after which a search ends. */
const SILENT_MS = 60_000;
/** The most refusals that are kept. */
const KEPT = 10;

/** What `Fleet.join` takes. */
export interface JoinOptions {
  /** The user that the server knows. Default: none, for a server on this machine without users. */
  readonly credentials?: Credentials;
  /** The name that answers are addressed to: letters, digits, - and _. Default: that of the credentials, or "tuner". */
  readonly name?: string;
}

/** What `fleet.device` takes. */
export interface FleetDeviceOptions {
  /** Jobs that a search has in flight. Default: three for each worker that is there when the search starts. */
  readonly inFlight?: number;
  /**
   * Where finalists are re-measured, as a worker can lie about its times: "local" is this machine's adapter, or its CPU for
   * a class of CPUs; or a device of yours. Default: "same-device", any worker of the same class, which may be the one that
   * lies.
   */
  readonly confirm?: "local" | "same-device" | ConfirmingDevice;
}

/** What `fleet.wait` takes. */
export interface WaitOptions {
  /** Workers that must be there. Default 1. */
  readonly workers?: number;
  /** The longest wait, seconds. Default 60. */
  readonly seconds?: number;
}

/** What has reached a fleet and was not used. */
export interface FleetCounts {
  /** Answers that no job waits for: second ones, replayed ones, late ones. */
  readonly ignored: number;
  /** Answers and offers that can't be read. */
  readonly malformed: number;
  /** Why the last of the offers were refused. */
  readonly why: readonly string[];
}

const urlKind: Kind<string> = passing(
  "the address of a server, as nats://host:4222 or tls://host:4222",
  (x) => typeof x === "string" && /^(nats|tls):\/\/[^\s/]+$/.test(x),
);
const JOIN_FIELDS = {
  credentials: credentialsKind,
  name: workerNameKind,
} satisfies Fields<JoinOptions>;
const DEVICE_FIELDS = {
  inFlight: positive,
  confirm: anyOf(oneOf("local", "same-device"), having<ConfirmingDevice>("a device of yours")),
} satisfies Fields<FleetDeviceOptions>;
const WAIT_FIELDS = { workers: positive, seconds: number({ above: 0 }) } satisfies Fields<WaitOptions>;

let make: (transport: Transport, name: string) => Promise<Fleet>;

/** Makes a fleet over any transport, such as one in memory. */
export async function fleetOver(transport: Transport, name = "tuner"): Promise<Fleet> {
  return await make(transport, name);
}

/** The devices that have joined a server. Dispose it, or declare it with `await using`. */
export class Fleet implements AsyncDisposable {
  readonly #transport: Transport;
  readonly #counts = { ignored: 0, malformed: 0 };
  readonly #why: string[] = [];
  readonly #tuner: string;
  #presence!: Presence;

  private constructor(transport: Transport, tuner: string) {
    this.#transport = transport;
    this.#tuner = tuner;
  }

  /**
   * Joins the fleet at a server's address: `nats://host:4222`, or `tls://host:4222` where it asks for TLS.
   *
   * @throws {FleetError} if nothing answers there, or it refuses the credentials
   */
  static async join(url: string, options: JoinOptions = {}): Promise<Fleet> {
    checkArgument("Fleet.join", "url", url, urlKind);
    checkOptions("Fleet.join", options, JOIN_FIELDS);
    const { credentials, name = credentials?.name ?? "tuner" } = options;
    return await fleetOver(await connect(url, { name, ...(credentials ? { credentials } : {}) }), name);
  }

  static {
    make = async (transport, name) => {
      const self = new Fleet(transport, name);
      self.#presence = await Presence.watch(transport, (why) => self.#refuse(why));
      return self;
    };
  }

  /** One handle for each class of devices that has a worker now, in the order in which they came. */
  get devices(): readonly RemoteDevice[] {
    const keys = new Set(this.#presence.offers.map((o) => o.key));
    return [...keys].flatMap((key) => this.#handles(key, {}));
  }

  /** What has reached this fleet and was not used. */
  get counts(): FleetCounts {
    return { ...this.#counts, why: [...this.#why] };
  }

  /**
   * Finds a device class by its profile, such as "arm-mali", by the name of its adapter or of one of its workers, or by its
   * key.
   *
   * @throws {FleetError} for one that isn't there, and where several classes fit
   */
  device(name: string, options: FleetDeviceOptions = {}): RemoteDevice {
    checkArgument("fleet.device", "name", name, nameKind);
    checkOptions("fleet.device", options, DEVICE_FIELDS);
    const { offers } = this.#presence;
    const fitting = offers.filter(({ key, worker, target }) =>
      [key, worker, target.profile, target.name].includes(name)
    );
    const keys = new Set(fitting.map((o) => o.key));
    const [key] = keys;
    if (key !== undefined && keys.size === 1) return this.#handles(key, options)[0] as RemoteDevice;
    const known = [...new Set(offers.flatMap((o) => [o.target.profile, o.worker]))];
    if (keys.size > 1) {
      throw new FleetError(
        `expected the name of one device class, got ${name}, which fits ${keys.size}; take a key: ${
          [...keys].join(", ")
        }`,
      );
    }
    const near = nearest(name, known);
    throw new FleetError(
      `expected a device among ${known.join(", ") || "none, as no worker is here"}, got ${name}${
        near === undefined ? "" : `; did you mean ${near}?`
      }; deno task worker --connect URL starts one`,
    );
  }

  /**
   * Waits until a device class has enough workers.
   *
   * @throws {FleetError} if it hasn't in time
   */
  async wait(name: string, options: WaitOptions = {}): Promise<RemoteDevice> {
    checkArgument("fleet.wait", "name", name, nameKind);
    checkOptions("fleet.wait", options, WAIT_FIELDS);
    const { workers = 1, seconds = 60 } = options;
    const end = performance.now() + 1000 * seconds;
    while (true) {
      const left = end - performance.now();
      try {
        const device = this.device(name);
        if (device.workers.length >= workers) return device;
        if (left <= 0) {
          throw new FleetError(`expected ${workers} workers of ${name}, got ${device.workers.length}`);
        }
      } catch (e) {
        if (left <= 0) throw e;
      }
      await this.#presence.changed(Math.min(1000, left));
    }
  }

  /** Leaves. Searches on its devices end with an error. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#presence[Symbol.asyncDispose]();
    await this.#transport[Symbol.asyncDispose]();
  }

  #handles(key: string, { confirm, inFlight }: FleetDeviceOptions): readonly RemoteDevice[] {
    const first = this.#presence.offers.find((o) => o.key === key);
    if (!first) return [];
    const workersOf = (): readonly FleetWorker[] =>
      this.#presence.offers.filter((o) => o.key === key)
        .map(({ worker, since, busy, jobs }) => ({ name: worker, since, busy, jobs }));
    return [
      new RemoteDevice({
        key,
        target: first.target,
        workersOf,
        open: (options) => this.#open(key, options, inFlight ?? JOBS_PER_WORKER * workersOf().length),
        ...(confirm === undefined || confirm === "same-device" ? {} : {
          confirm: confirm === "local" ? () => localDevice(first.target) : () => Promise.resolve(confirm),
        }),
      }),
    ];
  }

  async #open(key: string, options: MeasuringOptions, inFlight: number): Promise<Measuring> {
    const checkPresent = () => {
      if (this.#presence.silentMs(key) < SILENT_MS) return;
      throw new FleetError(
        `expected a worker on ${options.target.name}, got none for ${
          SILENT_MS / 1000
        } s; start one with deno task worker`,
      );
    };
    return await FleetMeasuring.open(
      {
        transport: this.#transport,
        tuner: this.#tuner,
        checkPresent,
        count: (what) => void this.#counts[what]++,
      },
      key,
      options,
      Math.max(1, Math.min(inFlight, MOST_IN_FLIGHT)),
    );
  }

  #refuse(why: string): void {
    this.#counts.malformed++;
    this.#why.push(why);
    if (this.#why.length > KEPT) this.#why.shift();
  }
}

/** The device of this machine that is of a target's kind. */
async function localDevice({ kind }: Target): Promise<ConfirmingDevice> {
  using device = await Device.open({ backend: kind });
  return { target: device.target };
}
