/** The interface of every API that runs kernels. */
import type { Executable } from "../codegen/executable.ts";
import type { Target } from "../target/target.ts";
import type { Inputs, Shapes } from "./arguments.ts";
import type { TypedArray } from "./arrays.ts";
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
}

/** A program with some inputs already on the device. The other inputs are given, and were checked. */
export interface Runnable extends Disposable {
  /** Puts arguments on the device and makes room for the results. */
  bind(inputs: Inputs, shapes: Shapes): Promise<Bound>;
  /** Runs once, and gives the results by parameter name. */
  run(inputs: Inputs, shapes: Shapes): Promise<Record<string, TypedArray>>;
}

/** A program whose source is compiled. */
export interface Loaded extends Runnable {
  /** Puts some inputs on the device and keeps those in `plan` until they are disposed. */
  prepare(inputs: Inputs, shapes: Shapes, plan: Preparation): Promise<Weights>;
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
