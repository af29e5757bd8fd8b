/** What the two kinds of devices have in common. */
import type { Executable } from "../codegen/executable.ts";
import type { Target } from "../target/target.ts";
import type { Inputs, Shapes } from "./arguments.ts";
import type { TypedArray } from "./arrays.ts";
import type { Preparation } from "./preparation.ts";

export interface Backend extends Disposable {
  readonly target: Target;
  /** @throws {CompileError | LaunchLimitError} */
  load(executable: Executable): Promise<Loaded>;
}

/** A program some of whose inputs may be on the device already; the others are given, and checked. */
export interface Runnable extends Disposable {
  /** Puts arguments on the device and makes room for the results. */
  bind(inputs: Inputs, shapes: Shapes): Promise<Bound>;
  /** Runs once: the results, by parameter name. */
  run(inputs: Inputs, shapes: Shapes): Promise<Record<string, TypedArray>>;
}

/** A program whose source is compiled. */
export interface Loaded extends Runnable {
  /** Puts some inputs on the device for good, as far as `plan` keeps them. */
  prepare(inputs: Inputs, shapes: Shapes, plan: Preparation): Promise<Weights>;
}

/** A program with some of its inputs on the device, and what that took. */
export interface Weights extends Runnable {
  readonly upload: Spent;
  readonly preparing: Spent;
  readonly bytes: HeldBytes;
}

export interface HeldBytes {
  /** The inputs as they were put on the device. */
  readonly before: number;
  /** What stays there: of the inputs what the program itself reads, and what was made of them. */
  readonly after: number;
}

/** A program with its arguments on the device. */
export interface Bound extends Disposable {
  /** Fills results and intermediates with values that no right program writes. */
  poison(): void;
  /** Runs the program `times` times in one go and waits. */
  run(times: number): Promise<Spent>;
  /** The results, by parameter name. */
  read(): Promise<Record<string, TypedArray>>;
}

/** Milliseconds of a whole `run`, on each clock there is. */
export interface Spent {
  readonly wall: number;
  readonly cpu: number;
  /** By the device's own timestamps. */
  readonly timestamp?: number;
}

/** What `clock` says; where a run came back without timestamps, the wall's clock counts. */
export function timeOf(spent: Spent, clock: Target["clock"]): number {
  return clock === "timestamp" ? spent.timestamp ?? spent.wall : clock === "cpu" ? spent.cpu : spent.wall;
}
