import { checkArgument } from "../base/check_options.ts";
import { arrayOf, text } from "../base/option_kinds.ts";
import type { Executable } from "../codegen/executable.ts";
import { checkArguments, checkInputs, checkWeights, type Inputs, type Shapes } from "./arguments.ts";
import type { TypedArray } from "./arrays.ts";
import type { Bound, Given, Loaded } from "./backend.ts";
import type { DeviceTensor } from "./device_tensor.ts";
import { memoryIn } from "./tensor_arguments.ts";
import { tensorsOf } from "./tensors_of.ts";
import { LaunchLimitError, RuntimeError } from "./error.ts";
import { BoundArguments } from "./bound_arguments.ts";
import { planPreparation } from "./preparation.ts";
import { Prepared } from "./prepared.ts";

/** A compiled program on a device. Dispose it, or declare it with `using`. */
export class Program implements Disposable {
  readonly #loaded: Loaded;
  readonly #otherwise: (() => Promise<Program>) | undefined;
  #wide: Promise<Program> | undefined;
  #disposed = false;

  /**
   * Wraps an executable that a device has loaded. `otherwise` makes the program that takes over launches with shapes
   * that are past the device's limits, once there is such a launch.
   */
  constructor(readonly executable: Executable, loaded: Loaded, otherwise?: () => Promise<Program>) {
    this.#loaded = loaded;
    this.#otherwise = otherwise;
  }

  /** The source of all its kernels: WGSL, or WebAssembly as readers want it or JavaScript on the CPU. */
  get source(): string {
    return this.executable.launches.map((l) => l.source).join("\n");
  }

  /**
   * Runs the program once. Arguments by parameter name, as the typed array of their dtype, row-major, or as tensors of
   * the device; results as arrays. Shape variables follow from the arguments' lengths where they can, and from tensors'
   * shapes. One submission and one wait; buffers are kept for the next run of the same shapes. A tensor that the program
   * updates in place is updated, and is not among the results.
   *
   * @throws {RuntimeError} for arguments that don't fit, and for what the device reports
   */
  async run(inputs: Inputs, shapes?: Shapes): Promise<Record<string, TypedArray>> {
    this.#check();
    checkInputs("program.run", inputs, shapes);
    const known = checkArguments(this.executable, inputs, shapes);
    return await this.#withinLimits(
      () => this.#loaded.run(this.#given(inputs), known),
      (wide) => wide.run(inputs, shapes),
    );
  }

  /**
   * Runs the program once, as {@linkcode run} does, and leaves the results on the device as tensors. It does not wait for
   * them: what is submitted or read later comes after it. Dispose the results.
   *
   * @throws {RuntimeError} for arguments that don't fit, and for what the device reports about the submission
   */
  async submit(inputs: Inputs, shapes?: Shapes): Promise<Record<string, DeviceTensor>> {
    this.#check();
    checkInputs("program.submit", inputs, shapes);
    const known = checkArguments(this.executable, inputs, shapes);
    return await this.#withinLimits(
      async () => tensorsOf(this.executable, await this.#loaded.submit(this.#given(inputs), known), known),
      (wide) => wide.submit(inputs, shapes),
    );
  }

  /**
   * Puts the arguments on the device once, to run many times. Tensors are bound as they are: whether later writes to them
   * are seen depends on the layout that the schedule reads.
   */
  async bind(inputs: Inputs, shapes?: Shapes): Promise<Bound> {
    this.#check();
    checkInputs("program.bind", inputs, shapes);
    const known = checkArguments(this.executable, inputs, shapes);
    return await this.#withinLimits(
      async () =>
        new BoundArguments(
          this.executable.name,
          await this.#loaded.bind(this.#given(inputs), known),
          () => {},
        ),
      (wide) => wide.bind(inputs, shapes),
    );
  }

  /**
   * Puts some inputs on the device once, for example weights, and converts them to the layout that the schedule reads.
   * Inputs that are not needed after that are freed. Tensors of the device are read where they lie, or in a layout that
   * several programs share. The other inputs are given with each run:
   *
   * ```ts
   * import { build, Device, te } from "tunebook";
   *
   * using device = await Device.open({ backend: "cpu" });
   * using program = await build(te.matmul({ m: "m", n: 2, k: 2 }), device);
   * using weights = await program.prepare({ B: new Float32Array([5, 6, 7, 8]) });
   * const { C } = await weights.run({ A: new Float32Array([1, 2]) });
   * console.assert(C?.join() === "19,22" && weights.bytes.after === 16 && weights.upload.wall >= 0);
   * ```
   *
   * @param constants the inputs that count as constants in `device.memory`, and not as weights
   * @throws {RuntimeError} for arguments that don't fit, a shape variable that can't be computed, and errors that the
   * device reports
   */
  async prepare(
    inputs: Inputs,
    shapes: Shapes = {},
    constants: readonly string[] = [],
  ): Promise<Prepared> {
    this.#check("prepare");
    checkInputs("program.prepare", inputs, shapes);
    const { executable } = this;
    const plan = planPreparation(executable, Object.keys(inputs));
    const known = checkWeights(executable, inputs, shapes, plan);
    const lengths = Object.fromEntries(Object.entries(inputs).map(([name, array]) => [name, array.length]));
    checkArgument("program.prepare", "constants", constants, arrayOf(text));
    const { device } = this.#loaded;
    const weights = await this.#loaded.prepare(this.#given(inputs), known, plan, new Set(constants));
    return new Prepared(executable, weights, { lengths, shapes: known }, device, () => this.#check());
  }

  /** Does it here, or with the other program where the shapes are past the device's limits here. */
  async #withinLimits<T>(here: () => Promise<T>, there: (wide: Program) => Promise<T>): Promise<T> {
    try {
      return await here();
    } catch (e) {
      if (!(e instanceof LaunchLimitError) || !this.#otherwise) throw e;
      this.#wide ??= this.#otherwise();
      return await there(await this.#wide);
    }
  }

  #given(inputs: Inputs): Given {
    return memoryIn(`cannot run ${this.executable.name}`, inputs, this.#loaded.device);
  }

  #check(verb = "run"): void {
    if (!this.#disposed) return;
    throw new RuntimeError(
      `cannot ${verb} ${this.executable.name}: the program is disposed; load it again`,
    );
  }

  /** Frees the program and its buffers. */
  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#loaded[Symbol.dispose]();
    this.#wide?.then((wide) => wide[Symbol.dispose](), () => {});
  }
}
