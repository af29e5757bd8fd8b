import { checkArgument, type Kind } from "../base/check_options.ts";
import { integer, passing } from "../base/option_kinds.ts";
import type { StorageType } from "../ir/dtype.ts";
import { storageBytes } from "../ir/stored.ts";
import { ARRAYS, type TypedArray } from "./arrays.ts";
import type { DeviceMemory } from "./device_memory.ts";
import { RuntimeError } from "./error.ts";

/** The kind of an argument that is a typed array. */
export const arrayKind: Kind<TypedArray> = passing<TypedArray>("a typed array", ArrayBuffer.isView);
const offsetKind: Kind<number> = integer({ min: 0 });

/**
 * A tensor that stays on a device: an argument or a result of programs there. Dispose it, or declare it with `using`; what
 * is bound to it or built with it keeps its elements.
 */
export class DeviceTensor implements Disposable {
  #memory: DeviceMemory | undefined;

  /** What `device.tensor` makes, or a run. It becomes a holder of the memory. */
  constructor(
    memory: DeviceMemory,
    /** The extent of each dimension. */
    readonly shape: readonly number[],
  ) {
    this.#memory = memory;
  }

  /** The type of its elements. */
  get dtype(): StorageType {
    return this.memory.dtype;
  }

  /** The number of its elements. */
  get length(): number {
    return this.shape.reduce((n, d) => n * d, 1);
  }

  /** Its bytes on the device. */
  get bytes(): number {
    return this.memory.bytes;
  }

  /**
   * Where its elements are.
   *
   * @throws {RuntimeError} if the tensor is disposed
   */
  get memory(): DeviceMemory {
    if (this.#memory) return this.#memory;
    throw new RuntimeError(
      `expected a tensor on the device, got one of [${this.shape}] that is disposed; make it again`,
    );
  }

  /**
   * Reads the elements, row-major. Waits for all work that was submitted before.
   *
   * @throws {RuntimeError} if the tensor is disposed, and for what the device reports
   */
  async read(): Promise<TypedArray> {
    return await this.memory.read();
  }

  /**
   * Writes elements in place, after all work that was submitted before.
   *
   * @param data the typed array of the dtype
   * @param offset the first element that is written; words are written whole, of two f16 or bf16 or four bytes. Default: 0
   * @throws {RuntimeError} if the tensor is disposed, or the elements don't fit
   */
  write(data: TypedArray, offset: number = 0): void {
    checkArgument("tensor.write", "data", data, arrayKind);
    checkArgument("tensor.write", "offset", offset, offsetKind);
    const { memory, shape } = this, { dtype } = memory;
    const asked = `writing a tensor ${dtype}[${shape}]`;
    checkArray(asked, dtype, data);
    if (offset + data.length > this.length) {
      throw new RuntimeError(
        `expected at most ${this.length - offset} elements from ${offset} on, got ${data.length}, ${asked}`,
      );
    }
    const ends = offset + data.length;
    const perWord = 4 / storageBytes(dtype), isWhole = (at: number) => at % perWord === 0;
    if (!isWhole(offset) || !(isWhole(ends) || ends === this.length)) {
      throw new RuntimeError(
        `expected whole words, ${perWord} elements of ${dtype} each, got ${data.length} elements from ${offset} on, ${asked}`,
      );
    }
    memory.write(data, offset);
  }

  /** Lets go of the elements. */
  [Symbol.dispose](): void {
    this.#memory?.release();
    this.#memory = undefined;
  }
}

/** @throws {RuntimeError} for a typed array of another dtype */
export function checkArray(asked: string, dtype: StorageType, data: TypedArray): void {
  const wanted = ARRAYS[dtype];
  if (data instanceof wanted) return;
  throw new RuntimeError(
    `expected elements of ${dtype} as a ${wanted.name}, got ${data.constructor.name}, ${asked}`,
  );
}
