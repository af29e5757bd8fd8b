import type { Executable } from "../codegen/executable.ts";
import { checkArguments, type Inputs, type Shapes } from "./arguments.ts";
import type { TypedArray } from "./arrays.ts";
import type { Bound, Loaded } from "./backend.ts";

/** A compiled program on a device. Dispose it, or declare it with `using`. */
export class Program implements Disposable {
  readonly #loaded: Loaded;

  constructor(readonly executable: Executable, loaded: Loaded) {
    this.#loaded = loaded;
  }

  /** The source of all its kernels: WGSL, or JavaScript on the CPU. */
  get source(): string {
    return this.executable.launches.map((l) => l.source).join("\n");
  }

  /**
   * Runs the program once. Arguments by parameter name, as the typed array of their dtype, row-major;
   * results likewise. Shape variables follow from the arguments' lengths where they can.
   *
   * @throws {RuntimeError} for arguments that don't fit, and for what the device reports
   */
  async run(inputs: Inputs, shapes?: Shapes): Promise<Record<string, TypedArray>> {
    using bound = await this.bind(inputs, shapes);
    await bound.run(1);
    return await bound.read();
  }

  /** Puts the arguments on the device once, to run many times. */
  bind(inputs: Inputs, shapes?: Shapes): Promise<Bound> {
    return this.#loaded.bind(inputs, checkArguments(this.executable, inputs, shapes));
  }

  [Symbol.dispose](): void {
    this.#loaded[Symbol.dispose]();
  }
}
