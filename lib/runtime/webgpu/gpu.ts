import type { Target } from "../../target/target.ts";
import { DeviceLostError, RunError } from "../error.ts";
import { Ledger } from "../ledger.ts";
import { nextTurn } from "../platform.ts";
import { ReadBack } from "./read_back.ts";
import { SpareBuffers } from "./spare_buffers.ts";
import type { CopySource } from "./storage.ts";

/** A WebGPU device: submits work, reports errors, and waits. */
export class Gpu implements Disposable {
  readonly #readBack: ReadBack;
  /** Buffers of tensors that are gone. */
  readonly spare: SpareBuffers;
  #lost: string | undefined;

  /** Watches a device that was opened for `target`, and counts its memory. */
  constructor(
    readonly device: GPUDevice,
    readonly target: Target,
    readonly ledger: Ledger = new Ledger(undefined, () => {}),
  ) {
    this.spare = new SpareBuffers(ledger);
    this.#readBack = new ReadBack(device, target.runtime);
    device.lost.then((info) => this.#lost ??= info.message || info.reason || "lost");
    device.addEventListener("uncapturederror", (event) => event.preventDefault());
  }

  /**
   * Checks that the device is still there.
   *
   * @throws {DeviceLostError} where it is lost or disposed
   */
  checkLost(): void {
    if (this.#lost === undefined) return;
    throw new DeviceLostError(`the device is lost (${this.#lost}): open a new one`);
  }

  /** Runs `f`, and throws the errors that the device reports for it, up to the first wait in `f`. */
  async guarded<T>(f: () => T | Promise<T>): Promise<T> {
    this.checkLost();
    this.device.pushErrorScope("out-of-memory");
    this.device.pushErrorScope("validation");
    // The device has one stack of scopes: they are closed when all calls are made, before other code runs.
    const close = () => Promise.all([this.device.popErrorScope(), this.device.popErrorScope()]);
    let value: T | Promise<T>;
    try {
      value = f();
    } catch (e) {
      await close();
      await this.#hearLoss();
      throw e;
    }
    const [done, errors] = await Promise.allSettled([value, close()]);
    const error = errors.status === "fulfilled" ? errors.value.find((e) => e !== null) : undefined;
    if (error || done.status === "rejected") await this.#hearLoss();
    this.checkLost();
    if (error) throw new RunError(error.message);
    if (done.status === "rejected") throw done.reason;
    return done.value;
  }

  /** Runtimes tell a loss a moment after the errors that follow from it. */
  async #hearLoss(): Promise<void> {
    await nextTurn();
    this.checkLost();
  }

  /**
   * Submits what `record` encodes, and copies of `sources` as it leaves them, in one go; waits once for all of it.
   * Everything is on its way to the device before the first wait, so calls of others come before or after it.
   */
  submit(
    record: (encoder: GPUCommandEncoder) => void,
    sources: readonly CopySource[] = [],
  ): Promise<readonly ArrayBuffer[]> {
    const encoder = this.device.createCommandEncoder();
    record(encoder);
    return this.#readBack.submit(encoder, sources);
  }

  /** Submits what `record` encodes, and does not wait for it. */
  send(record: (encoder: GPUCommandEncoder) => void): void {
    const encoder = this.device.createCommandEncoder();
    record(encoder);
    this.device.queue.submit([encoder.finish()]);
  }

  /** Closes the device. */
  [Symbol.dispose](): void {
    this.#lost ??= "it was disposed";
    this.#readBack[Symbol.dispose]();
    this.spare[Symbol.dispose]();
    this.device.destroy();
  }
}
