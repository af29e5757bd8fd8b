/** The handle of a device class elsewhere: what a search needs of a device. */
import { Measurer } from "../measure/measurer.ts";
import type { Measuring, MeasuringOptions, OpenMeasuring } from "../measure/measuring.ts";
import type { Peaks, Target } from "../target/target.ts";
import { FleetError } from "./error.ts";

/** A worker of a fleet, as it says of itself. */
export interface FleetWorker {
  /** Its name, by which the fleet knows it. */
  readonly name: string;
  /** When it started, milliseconds since 1970. */
  readonly since: number;
  /** True while it measures. */
  readonly busy: boolean;
  /** Jobs that it has answered. */
  readonly jobs: number;
}

/** The device on which finalists are re-measured. */
export interface ConfirmingDevice {
  /** The device as plain data. */
  readonly target: Target;
  /** Opens a `Measuring` on it. Default: a child process on this machine. */
  readonly openMeasuring?: OpenMeasuring;
}

/** What a handle is made of. */
export interface RemoteParts {
  /** Tells its class from others. */
  readonly key: string;
  readonly target: Target;
  readonly workersOf: () => readonly FleetWorker[];
  readonly open: (options: MeasuringOptions) => Promise<Measuring>;
  /** Gives the device that confirms. Default: the fleet does. */
  readonly confirm?: () => Promise<ConfirmingDevice>;
}

/**
 * A device class of a fleet: all workers whose devices are alike. `autotvm.tune`, `tuneSuite`, `compare`, `race` and a
 * language model's `tune` take it as they take a `Device`. `compile(func, device.target)` gives its kernels; `build` needs
 * a device of this process.
 */
export class RemoteDevice {
  readonly #parts: RemoteParts;

  /** Takes the parts; a fleet makes it. */
  constructor(parts: RemoteParts) {
    this.#parts = parts;
  }

  /** Tells its class from others, 16 hexadecimal digits. */
  get key(): string {
    return this.#parts.key;
  }

  /** The device as plain data, as its first worker describes it. */
  get target(): Target {
    return this.#parts.target;
  }

  /** The name of its adapter. */
  get adapter(): string {
    return this.target.name;
  }

  /** The workers that are there now, the oldest first. */
  get workers(): readonly FleetWorker[] {
    return this.#parts.workersOf();
  }

  /** True while one of its workers measures. */
  get busy(): boolean {
    return this.workers.some((w) => w.busy);
  }

  /**
   * Gives the peaks that its worker measured when it started.
   *
   * @throws {FleetError} if it measured none
   */
  probe(): Promise<Peaks> {
    const { peaks, name } = this.target;
    if (peaks) return Promise.resolve(peaks);
    return Promise.reject(new FleetError(`expected the peaks of ${name}, got a worker that measured none`));
  }

  /** Opens a `Measuring` on its workers. Finalists are re-measured on the device that `confirm` names. */
  readonly openMeasuring: OpenMeasuring = async (options, signal) => {
    if (signal?.aborted) return undefined;
    const { open, confirm } = this.#parts;
    // Where it is missing, a search says so before it begins.
    const trusted = await confirm?.();
    const there = await open(options);
    return trusted ? new ConfirmedElsewhere(there, trusted) : there;
  };
}

/** Measures on a fleet, and races on a device that the user trusts. */
class ConfirmedElsewhere implements Measuring {
  #trusted: Measuring | undefined;

  constructor(readonly fleet: Measuring, readonly device: ConfirmingDevice) {}

  get options(): MeasuringOptions {
    return this.fleet.options;
  }

  get busyMs(): number {
    return this.fleet.busyMs + (this.#trusted?.busyMs ?? 0);
  }

  get canWarm(): boolean {
    return this.fleet.canWarm;
  }

  get inFlight(): number {
    return this.fleet.inFlight ?? 1;
  }

  measure: Measuring["measure"] = (request) => this.fleet.measure(request);
  warm: Measuring["warm"] = (candidate) => this.fleet.warm(candidate);

  race: Measuring["race"] = async (candidates, rounds, options) => {
    const { target, openMeasuring } = this.device;
    const own = { ...this.options, target };
    this.#trusted ??= openMeasuring ? await openMeasuring(own) : await Measurer.open(own);
    if (!this.#trusted) throw new FleetError(`expected ${target.name} to measure, got no answer`);
    const measured = await this.#trusted.race(candidates, rounds, options);
    const [failed] = measured;
    // Else the times of the workers would decide.
    if (failed && failed.status !== "ok" && measured.every((m) => m.status !== "ok")) {
      throw new FleetError(
        `expected ${target.name} to measure one of ${candidates.length} finalists, got ${failed.status}: ${failed.message}; confirm on a device that is like ${this.options.target.name}`,
      );
    }
    return measured;
  };

  async abandon(): Promise<void> {
    await Promise.all([this.fleet.abandon(), this.#trusted?.abandon()]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.fleet[Symbol.asyncDispose]();
    await this.#trusted?.[Symbol.asyncDispose]();
    this.#trusted = undefined;
  }
}
