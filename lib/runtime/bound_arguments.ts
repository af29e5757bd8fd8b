import { checkArgument } from "../base/check_options.ts";
import { count } from "../base/option_kinds.ts";
import type { TypedArray } from "./arrays.ts";
import type { Bound, Spent } from "./backend.ts";
import { RuntimeError } from "./error.ts";

/** Arguments on a device, until they are disposed. */
export class BoundArguments implements Bound {
  #bound: Bound | undefined;

  /** Wraps bound arguments of the program `name`. */
  constructor(
    readonly name: string,
    bound: Bound,
    /** Throws if a buffer that the arguments share with others was freed. */
    readonly check: () => void,
  ) {
    this.#bound = bound;
  }

  #own(): Bound {
    if (!this.#bound) {
      throw new RuntimeError(`cannot run ${this.name}: its arguments are disposed; bind them again`);
    }
    this.check();
    return this.#bound;
  }

  poison(): void {
    this.#own().poison();
  }
  async run(times: number): Promise<Spent> {
    checkArgument("bound.run", "times", times, count);
    return await this.#own().run(times);
  }
  async read(): Promise<Record<string, TypedArray>> {
    return await this.#own().read();
  }

  /** Frees the arguments. */
  [Symbol.dispose](): void {
    this.#bound?.[Symbol.dispose]();
    this.#bound = undefined;
  }
}
