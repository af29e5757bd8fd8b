import type { StorageType } from "../../ir/dtype.ts";
import { storageBytes } from "../../ir/stored.ts";
import type { TypedArray } from "../arrays.ts";
import { DeviceMemory } from "../device_memory.ts";
import { DeviceLostError } from "../error.ts";
import type { Ledger } from "../ledger.ts";
import type { Arena, Block } from "./arena.ts";
import type { Threads } from "./threads.ts";

/** The CPU as a device: its memory, what it is counted in, and whether it is still open. */
export interface CpuDevice {
  /** Where all tensors lie. */
  readonly arena: Arena;
  /** Counts what is taken. */
  readonly ledger: Ledger;
  /** False once it is disposed. */
  open: boolean;
  /** The address of at least `bytes` that any launch may use while it runs. */
  scratch(bytes: number): number;
  /** The threads that share large launches; undefined where this one is alone. */
  readonly threads?: Threads;
}

/** @throws {DeviceLostError} for a device that is disposed */
export function checkOpen({ open }: CpuDevice): void {
  if (!open) throw new DeviceLostError("the device is lost (it was disposed): open a new one");
}

/** Elements in the memory of the device. */
export class CpuArray {
  #elements: TypedArray | undefined;

  /** Takes a block as an array. */
  constructor(
    readonly arena: Arena,
    readonly block: Block,
    readonly dtype: StorageType,
    readonly length: number,
    readonly offset = 0,
  ) {}

  /** Makes an array whose elements may be anything. */
  static of(arena: Arena, dtype: StorageType, length: number): CpuArray {
    return new CpuArray(arena, arena.take(length * storageBytes(dtype)), dtype, length);
  }

  /** The elements. The array is valid until another block is taken; then it is another one. */
  get elements(): TypedArray {
    const known = this.#elements;
    if (known && known.buffer === this.arena.memory.buffer) return known;
    return this.#elements = this.arena.view(this.block, this.dtype, this.length, this.offset);
  }

  /** The address of the first element. */
  get pointer(): number {
    return this.block.pointer + this.offset;
  }

  /** The bytes of the elements. */
  get bytes(): number {
    return this.length * storageBytes(this.dtype);
  }
}

/** Gives blocks back whose tensors were forgotten. */
const forgotten = new FinalizationRegistry<() => void>((release) => release());

/** A tensor's elements on the CPU. */
export class CpuMemory extends DeviceMemory {
  readonly #on: CpuDevice;
  readonly #release: () => void;
  /** The elements themselves. */
  readonly array: CpuArray;

  /**
   * Takes an array that nothing else has.
   *
   * @throws {RuntimeError} for more bytes than the device's memory limit
   */
  constructor(on: CpuDevice, array: CpuArray) {
    super(on, array.dtype, array.length);
    this.#on = on;
    this.array = array;
    const { block, bytes } = array;
    const uncount = on.ledger.take("tensors", bytes);
    this.#release = () => {
      uncount();
      block[Symbol.dispose]();
    };
    forgotten.register(this, this.#release, this);
  }

  override get bytes(): number {
    return this.array.bytes;
  }

  override write(array: TypedArray, offset: number): void {
    checkOpen(this.#on);
    this.array.elements.set(array, offset);
  }

  override read(): Promise<TypedArray> {
    checkOpen(this.#on);
    return Promise.resolve(this.array.elements.slice());
  }

  protected override free(): void {
    forgotten.unregister(this);
    this.#release();
  }
}
