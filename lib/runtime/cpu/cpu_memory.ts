import type { ScalarType } from "../../ir/dtype.ts";
import { type TypedArray, zeros } from "../arrays.ts";
import { DeviceMemory } from "../device_memory.ts";
import { DeviceLostError } from "../error.ts";
import type { Ledger } from "../ledger.ts";

/** The CPU as a device: what its memory is counted in, and whether it is still open. */
export interface CpuDevice {
  /** Counts what is taken. */
  readonly ledger: Ledger;
  /** False once it is disposed. */
  open: boolean;
}

/** @throws {DeviceLostError} for a device that is disposed */
export function checkOpen({ open }: CpuDevice): void {
  if (!open) throw new DeviceLostError("the device is lost (it was disposed): open a new one");
}

/** A tensor's elements on the CPU. */
export class CpuMemory extends DeviceMemory {
  readonly #on: CpuDevice;
  readonly #release: () => void;
  /** The elements themselves. */
  readonly array: TypedArray;

  /**
   * Makes zeros, or takes an array that nothing else has.
   *
   * @throws {RuntimeError} for more bytes than the device's memory limit
   */
  constructor(on: CpuDevice, dtype: ScalarType, length: number, array: TypedArray = zeros(dtype, length)) {
    super(on, dtype, length);
    this.#on = on;
    this.array = array;
    this.#release = on.ledger.take("tensors", array.byteLength);
  }

  override get bytes(): number {
    return this.array.byteLength;
  }

  override write(array: TypedArray, offset: number): void {
    checkOpen(this.#on);
    this.array.set(array, offset);
  }

  override read(): Promise<TypedArray> {
    checkOpen(this.#on);
    return Promise.resolve(this.array.slice());
  }

  protected override free(): void {
    this.#release();
  }
}
