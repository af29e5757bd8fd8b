/** What the two kinds of devices have in common. */
import type { Executable } from "../codegen/executable.ts";
import type { Target } from "../target/target.ts";
import type { Inputs, Shapes } from "./arguments.ts";
import type { TypedArray } from "./arrays.ts";

export interface Backend extends Disposable {
  readonly target: Target;
  /** @throws {CompileError | LaunchLimitError} */
  load(executable: Executable): Promise<Loaded>;
}

/** A program whose source is compiled. */
export interface Loaded extends Disposable {
  /** Puts checked arguments on the device and makes room for the results. */
  bind(inputs: Inputs, shapes: Shapes): Promise<Bound>;
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
