import type { StorageType } from "../ir/dtype.ts";
import type { TypedArray } from "./arrays.ts";

/** Elements on a device. Tensors and programs may share them: the last that lets go of them frees them. */
export abstract class DeviceMemory {
  #holders = 1;

  /** Starts with one holder. */
  constructor(
    /** The device that it is on, for comparison only. */
    readonly device: object,
    /** The type of its elements. */
    readonly dtype: StorageType,
    /** The number of its elements. */
    readonly length: number,
  ) {}

  /** Its bytes on the device. */
  abstract get bytes(): number;

  /** Writes elements from `offset` on. */
  abstract write(array: TypedArray, offset: number): void;

  /** Reads all elements, after all work that was submitted before. */
  abstract read(): Promise<TypedArray>;

  /** Frees the elements. */
  protected abstract free(): void;

  /** Adds a holder. */
  hold(): this {
    this.#holders++;
    return this;
  }

  /** Takes a holder away. */
  release(): void {
    if (--this.#holders === 0) this.free();
  }
}
