/** The interface of every API that runs kernels. */
import type { Executable } from "../codegen/executable.ts";
import type { Target } from "../target/target.ts";
import type { StorageType } from "../ir/dtype.ts";
import type { Shapes } from "../ir/shapes.ts";
import type { TypedArray } from "./arrays.ts";
import type { DeviceMemory } from "./device_memory.ts";
import type { MemoryUse } from "./ledger.ts";
import type { Preparation } from "./preparation.ts";

/** A device behind an API: compiles executables for its target. */
export interface Backend extends Disposable {
  /** The device as plain data. */
  readonly target: Target;
  /**
   * Compiles an executable on the device.
   *
   * @throws {CompileError} for source that the driver refuses
   * @throws {LaunchLimitError} where a limit of the device is exceeded
   */
  load(executable: Executable): Promise<Loaded>;
  /** The bytes that are taken on it. */
  readonly memory: MemoryUse;
  /**
   * Makes room for a tensor. Its elements are 0 with `zeroed`.
   *
   * @throws {RuntimeError} where a limit of the device is exceeded, or it is lost
   */
  hold(dtype: StorageType, length: number, zeroed: boolean): DeviceMemory;
}

/** Arrays by parameter name. */
export type Arrays = Readonly<Record<string, TypedArray>>;

/** Arguments by parameter name, as a backend takes them: arrays, or what is on the device already. */
export type Given = Readonly<Record<string, TypedArray | DeviceMemory>>;

/** A program with some inputs already on the device. The other inputs are given, and were checked. */
export interface Runnable extends Disposable {
  /** Puts arguments on the device and makes room for the results. */
  bind(inputs: Given, shapes: Shapes): Promise<Bound>;
  /** Runs once, and gives the results by parameter name, but for memory that was given and is updated in place. */
  run(inputs: Given, shapes: Shapes): Promise<Record<string, TypedArray>>;
  /** Runs once, and leaves the same results on the device. Does not wait for them. */
  submit(inputs: Given, shapes: Shapes): Promise<Record<string, DeviceMemory>>;
}

/** A program whose source is compiled. */
export interface Loaded extends Runnable {
  /** The device that it is on, for comparison only. */
  readonly device: object;
  /** Puts some inputs on the device and keeps those in `plan` until they are disposed; `constants` count as such. */
  prepare(inputs: Given, shapes: Shapes, plan: Preparation, constants: ReadonlySet<string>): Promise<Weights>;
}

/** A program with some of its inputs on the device, and the cost of putting them there. */
export interface Weights extends Runnable {
  /** The time that putting them on the device took. */
  readonly upload: Spent;
  /** The time that the preparing kernels took. */
  readonly preparing: Spent;
  /** Their bytes on the device. */
  readonly bytes: HeldBytes;
}

/** Bytes of inputs on a device, before and after they are prepared. */
export interface HeldBytes {
  /** The inputs as they were put on the device. */
  readonly before: number;
  /** Bytes that stay there: inputs that the program itself reads, and buffers computed from inputs. */
  readonly after: number;
}

/** A program with its arguments on the device. */
export interface Bound extends Disposable {
  /**
   * Fills results and intermediates with values that no right program writes. What the program updates in place gets the
   * values again that were bound.
   */
  poison(): void;
  /** Runs the program `times` times in one submission, and waits. */
  run(times: number): Promise<Spent>;
  /** Reads the results, by parameter name. */
  read(): Promise<Record<string, TypedArray>>;
}

/** Milliseconds of a whole `run`, on each clock there is. */
export interface Spent {
  /** By the wall clock. */
  readonly wall: number;
  /** By the CPU time of this process. */
  readonly cpu: number;
  /** By the device's own timestamps. */
  readonly timestamp?: number;
}

/** Gives the time on one clock, milliseconds; wall time where a run came back without timestamps. */
export function timeOf(spent: Spent, clock: Target["clock"]): number {
  return clock === "timestamp" ? spent.timestamp ?? spent.wall : clock === "cpu" ? spent.cpu : spent.wall;
}
