import type { BufferSpec } from "../../codegen/executable.ts";
import type { StorageType } from "../../ir/dtype.ts";
import type { Shapes } from "../arguments.ts";
import type { TypedArray } from "../arrays.ts";
import { DeviceMemory } from "../device_memory.ts";
import type { Gpu } from "./gpu.ts";
import { bufferBytes, type BufferStorage, bufferStorage, makeStorage, type Storage } from "./storage.ts";

/** A tensor's elements in a buffer of a WebGPU device, and copies of them in textures. */
export class GpuMemory extends DeviceMemory {
  /** Where they are. */
  readonly storage: BufferStorage;
  /** Textures with the elements, by layout: programs that want the same one share it. */
  readonly #textures = new Map<string, { readonly storage: Storage; holders: number }>();
  readonly #gpu: Gpu;

  /**
   * Takes a buffer. Its elements are 0 with `zeroed`; otherwise they are whatever was there.
   *
   * @throws {LaunchLimitError | RuntimeError} where a limit of the device is exceeded
   */
  constructor(gpu: Gpu, dtype: StorageType, length: number, zeroed: boolean) {
    super(gpu, dtype, length);
    this.#gpu = gpu;
    const used = gpu.spare.take(bufferBytes(dtype, length));
    const spec = { name: "a tensor", dtype, storage: { kind: "buffer" } } as const;
    this.storage = bufferStorage(gpu, spec, length, "tensors", used);
    const { buffer } = this.storage.source;
    if (zeroed && used) gpu.send((encoder) => encoder.clearBuffer(buffer));
  }

  override get bytes(): number {
    return this.storage.bytes;
  }

  override write(array: TypedArray, offset: number): void {
    this.#gpu.checkLost();
    this.storage.upload(array, offset);
  }

  override async read(): Promise<TypedArray> {
    const { storage } = this;
    const [copy] = await this.#gpu.guarded(() => this.#gpu.submit(() => {}, [storage.source]));
    return storage.decode(copy as ArrayBuffer);
  }

  /** The elements as `spec` wants them, in a texture; `elements` are what `read` gives. Disposing it lets go of it. */
  texture(spec: BufferSpec, shapes: Shapes, elements: TypedArray): Storage {
    const key = JSON.stringify([spec.storage, spec.shape, shapes]);
    let known = this.#textures.get(key);
    if (!known) {
      const storage = makeStorage(this.#gpu, spec, shapes, "weights");
      storage.upload(elements);
      known = { storage, holders: 0 };
      this.#textures.set(key, known);
    }
    const shared = known;
    shared.holders++;
    return {
      ...shared.storage,
      [Symbol.dispose]: () => {
        if (--shared.holders > 0) return;
        this.#textures.delete(key);
        shared.storage[Symbol.dispose]();
      },
    };
  }

  protected override free(): void {
    this.#gpu.spare.give(this.storage);
  }
}
