import type { Executable } from "../codegen/executable.ts";
import { checkArguments, checkInputs, type HeldInputs, type Inputs, type Shapes } from "./arguments.ts";
import type { TypedArray } from "./arrays.ts";
import type { Bound, Given, HeldBytes, Spent, Weights } from "./backend.ts";
import type { DeviceTensor } from "./device_tensor.ts";
import { memoryIn } from "./tensor_arguments.ts";
import { tensorsOf } from "./tensors_of.ts";
import { RuntimeError } from "./error.ts";
import { BoundArguments } from "./bound_arguments.ts";

/**
 * A program with some of its inputs on the device, in the layout that its kernels read. One serves any number of runs
 * and binds, also at the same time. Dispose it, or declare it with `using`.
 */
export class Prepared implements Disposable {
  readonly #weights: Weights;
  readonly #device: object;
  readonly #checkProgram: () => void;
  #disposed = false;

  /** What `Program.prepare` makes. */
  constructor(
    readonly executable: Executable,
    weights: Weights,
    readonly inputs: HeldInputs,
    device: object,
    checkProgram: () => void,
  ) {
    this.#weights = weights;
    this.#device = device;
    this.#checkProgram = checkProgram;
  }

  /** The time that uploading the inputs took, milliseconds on each clock. */
  get upload(): Spent {
    return this.#weights.upload;
  }

  /**
   * The time of the preparing kernels, milliseconds on the clocks of a run. The first time includes late compilation by
   * drivers. Zero where the program reads the inputs unchanged.
   */
  get preparing(): Spent {
    return this.#weights.preparing;
  }

  /** Bytes of the inputs on the device, and bytes that are kept after preparing. */
  get bytes(): HeldBytes {
    return this.#weights.bytes;
  }

  /**
   * Runs the program once with the other inputs, as `Program.run` does.
   *
   * @throws {RuntimeError} for arguments that don't fit, one that is prepared already among them, and for what the
   * device reports
   */
  async run(inputs: Inputs, shapes?: Shapes): Promise<Record<string, TypedArray>> {
    this.#check();
    checkInputs("prepared.run", inputs, shapes);
    const known = checkArguments(this.executable, inputs, shapes, this.inputs);
    return await this.#weights.run(this.#given(inputs), known);
  }

  /**
   * Runs the program once with the other inputs, and leaves the results on the device, as `Program.submit` does.
   *
   * @throws {RuntimeError} as {@linkcode run} does
   */
  async submit(inputs: Inputs, shapes?: Shapes): Promise<Record<string, DeviceTensor>> {
    this.#check();
    checkInputs("prepared.submit", inputs, shapes);
    const known = checkArguments(this.executable, inputs, shapes, this.inputs);
    return tensorsOf(this.executable, await this.#weights.submit(this.#given(inputs), known), known);
  }

  /** Puts the other inputs on the device once, to run many times. */
  async bind(inputs: Inputs, shapes?: Shapes): Promise<Bound> {
    this.#check();
    checkInputs("prepared.bind", inputs, shapes);
    const known = checkArguments(this.executable, inputs, shapes, this.inputs);
    const bound = await this.#weights.bind(this.#given(inputs), known);
    return new BoundArguments(this.executable.name, bound, () => this.#checkOwn());
  }

  #given(inputs: Inputs): Given {
    return memoryIn(`cannot run ${this.executable.name}`, inputs, this.#device);
  }

  #check(): void {
    this.#checkOwn();
    this.#checkProgram();
  }

  #checkOwn(): void {
    if (!this.#disposed) return;
    throw new RuntimeError(
      `cannot run ${this.executable.name}: its prepared inputs are disposed; prepare them again`,
    );
  }

  /** Frees the prepared inputs. */
  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#weights[Symbol.dispose]();
  }
}
