import type { Executable } from "../codegen/executable.ts";
import { checkArguments, type Inputs, type Shapes } from "./arguments.ts";
import type { TypedArray } from "./arrays.ts";
import type { Bound, Loaded, Spent } from "./backend.ts";
import { RuntimeError } from "./error.ts";

/** A compiled program on a device. Dispose it, or declare it with `using`. */
export class Program implements Disposable {
  readonly #loaded: Loaded;
  #disposed = false;

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
  async bind(inputs: Inputs, shapes?: Shapes): Promise<Bound> {
    const { name } = this.executable;
    if (this.#disposed) throw new RuntimeError(`cannot run ${name}: the program is disposed; load it again`);
    const known = checkArguments(this.executable, inputs, shapes);
    return new Held(name, await this.#loaded.bind(inputs, known));
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#loaded[Symbol.dispose]();
  }
}

/** Arguments on a device, until they are disposed. */
class Held implements Bound {
  #bound: Bound | undefined;

  constructor(readonly name: string, bound: Bound) {
    this.#bound = bound;
  }

  #own(): Bound {
    if (this.#bound) return this.#bound;
    throw new RuntimeError(`cannot run ${this.name}: its arguments are disposed; bind them again`);
  }

  poison(): void {
    this.#own().poison();
  }
  async run(times: number): Promise<Spent> {
    return await this.#own().run(times);
  }
  async read(): Promise<Record<string, TypedArray>> {
    return await this.#own().read();
  }

  [Symbol.dispose](): void {
    this.#bound?.[Symbol.dispose]();
    this.#bound = undefined;
  }
}
