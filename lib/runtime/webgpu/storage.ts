/** Where one argument lives on a WebGPU device: a storage buffer or a texture. */
import { type ArenaSlot, layoutArena } from "../../codegen/arena.ts";
import type { BufferSpec, TextureSpec } from "../../codegen/executable.ts";
import type { StorageType } from "../../ir/dtype.ts";
import { isStored, storageBytes } from "../../ir/stored.ts";
import { evaluate } from "../../ir/json.ts";
import type { Target } from "../../target/target.ts";
import { TEXEL_FORMATS, type TextureLayout } from "../../target/texture.ts";
import { lengthOf, type Shapes } from "../arguments.ts";
import { ARRAYS, poisoned, type TypedArray, zeros } from "../arrays.ts";
import { LaunchLimitError } from "../error.ts";
import type { Ledger, MemoryKind } from "../ledger.ts";

/** The buffer or texture of one argument. */
export interface Storage extends Disposable {
  /** A number that no other buffer or texture of any device has. */
  readonly id: number;
  /** The resource that a kernel binds. */
  readonly resource: GPUBindingResource;
  /** The part of an arena that a kernel binds as one of its slots. */
  readonly part?: (slot: number) => Required<GPUBufferBinding>;
  /** Its bytes on the device. */
  readonly bytes: number;
  /** Writes the elements of an array to it, from `offset` on, which is 0 in a texture. */
  upload(array: TypedArray, offset?: number): void;
  /** Fills it with values that no right program writes. */
  poison(): void;
  /** Adds a copy of a buffer's texels from `offset` bytes on to it, where it is a texture. */
  fill?(encoder: GPUCommandEncoder, buffer: GPUBuffer, offset: number, texels: number): void;
  /** The part to copy for its elements; textures are inputs, and have none. */
  readonly source?: CopySource;
  /** Reads the elements from a copy of the source. */
  decode(copy: ArrayBuffer): TypedArray;
}

/** The start of a buffer, to be copied. */
export interface CopySource {
  /** The buffer itself. */
  readonly buffer: GPUBuffer;
  /** Bytes to copy: whole words. */
  readonly bytes: number;
}

/** A buffer of its own. */
export interface BufferStorage extends Storage {
  /** What to copy for its elements. */
  readonly source: CopySource;
  /** Gives its buffer away, which is no longer counted. */
  release(): GPUBuffer;
}

/** A device whose memory is counted. */
export interface StorageDevice {
  /** The device. */
  readonly device: GPUDevice;
  /** Its limits. */
  readonly target: Target;
  /** Counts what is taken. */
  readonly ledger: Ledger;
}

let made = 0;
const ids = new WeakMap<GPUBuffer, number>();

function idOf(buffer: GPUBuffer): number {
  const id = ids.get(buffer) ?? ++made;
  ids.set(buffer, id);
  return id;
}

/**
 * Makes the buffer or texture of an argument, and counts its bytes until it is disposed.
 *
 * @throws {LaunchLimitError} where it does not fit the target's limits
 * @throws {RuntimeError} where it is more than the device's memory limit
 */
export function makeStorage(on: StorageDevice, spec: BufferSpec, shapes: Shapes, kind: MemoryKind): Storage {
  return spec.storage.kind === "texture"
    ? textureStorage(on, spec, spec.storage, shapes, kind)
    : spec.slots
    ? arenaStorage(on, spec, spec.slots, shapes, kind)
    : bufferStorage(on, spec, lengthOf(spec, shapes), kind);
}

function arenaStorage(
  on: StorageDevice,
  spec: BufferSpec,
  slots: readonly ArenaSlot[],
  shapes: Shapes,
  kind: MemoryKind,
): Storage {
  const { offsets, sizes } = layoutArena(slots, shapes),
    whole = bufferStorage(on, spec, lengthOf(spec, shapes), kind);
  const { buffer } = whole.source;
  return {
    ...whole,
    part: (slot) => ({ buffer, offset: offsets[slot] as number, size: sizes[slot] as number }),
  };
}

/** Bytes of a buffer: rounded up to 16, so that any buffer can be bound as vectors of four. */
export function bufferBytes(dtype: StorageType, length: number): number {
  return Math.ceil(length * storageBytes(dtype) / 16) * 16;
}

/**
 * Makes a buffer, or takes `spare`, which has the size and usage of one that a tensor has.
 *
 * @throws {LaunchLimitError} where it does not fit the target's limits
 * @throws {RuntimeError} where it is more than the device's memory limit
 */
export function bufferStorage(
  { device, target, ledger }: StorageDevice,
  spec: Pick<BufferSpec, "name" | "dtype" | "storage">,
  length: number,
  kind: MemoryKind,
  spare?: GPUBuffer,
): BufferStorage {
  const bytes = length * storageBytes(spec.dtype);
  const size = bufferBytes(spec.dtype, length);
  if (size > target.limits.maxBindingBytes) {
    throw new LaunchLimitError(
      `cannot bind ${spec.name} of ${bytes} bytes: the device takes ${target.limits.maxBindingBytes} in one buffer`,
    );
  }
  const release = ledger.take(kind, size);
  // A tensor may be bound as either.
  const usage = (spec.storage.kind === "uniform" ? 0 : GPUBufferUsage.STORAGE) |
    (spec.storage.kind === "uniform" || kind === "tensors" ? GPUBufferUsage.UNIFORM : 0);
  const buffer = spare ?? device.createBuffer({
    size,
    usage: usage | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
  });
  const upload = (array: TypedArray, offset = 0) => {
    // A write covers whole words; halves and bytes that don't fill one get more.
    const perWord = 4 / storageBytes(spec.dtype);
    const isWhole = array.byteLength % 4 === 0;
    const words = isWhole ? array : padded(array, spec.dtype, Math.ceil(array.length / perWord) * perWord);
    device.queue.writeBuffer(buffer, offset * storageBytes(spec.dtype), words);
  };
  return {
    id: idOf(buffer),
    resource: { buffer },
    bytes: size,
    upload,
    poison: () => upload(poisoned(spec.dtype, length)),
    source: { buffer, bytes: Math.ceil(bytes / 4) * 4 },
    decode(copy) {
      const data = new ARRAYS[spec.dtype](copy);
      return data.length === length ? data : data.slice(0, length);
    },
    release() {
      release();
      return buffer;
    },
    [Symbol.dispose]() {
      release();
      buffer.destroy();
    },
  };
}

function textureStorage(
  { device, target, ledger }: StorageDevice,
  spec: BufferSpec,
  { layout, access }: TextureSpec,
  shapes: Shapes,
  kind: MemoryKind,
): Storage {
  const { dtype } = spec;
  if (dtype === "bool" || isStored(dtype)) {
    throw new LaunchLimitError(`cannot hold ${spec.name} in a texture: there is no format for ${dtype}`);
  }
  const { columns, rows, texels, width, height } = imageOf(spec, layout, shapes);
  const most = target.limits.maxTextureSize;
  if (width > most || height > most) {
    throw new LaunchLimitError(
      `cannot hold ${spec.name} in a texture of ${width} x ${height} texels: the device takes ${most} each way`,
    );
  }
  const bytes = width * height * 4 * storageBytes(dtype), release = ledger.take(kind, bytes);
  const texture = device.createTexture({
    size: [width, height],
    format: TEXEL_FORMATS[dtype],
    usage: GPUTextureUsage.COPY_DST |
      (access === "read" ? GPUTextureUsage.STORAGE_BINDING : GPUTextureUsage.TEXTURE_BINDING),
  });
  return {
    id: ++made,
    resource: texture.createView(),
    bytes,
    upload(array) {
      const size = width * height * 4;
      const image = texels * 4 === columns && array.length === size ? array : zeros(dtype, size);
      if (image !== array) {
        for (let r = 0; r < rows; r++) {
          image.set(array.subarray(r * columns, (r + 1) * columns), r * texels * 4);
        }
      }
      device.queue.writeTexture({ texture }, image, { bytesPerRow: width * 4 * storageBytes(dtype) }, [
        width,
        height,
      ]);
    },
    fill(encoder, buffer, offset, texels) {
      const bytesPerRow = width * 4 * storageBytes(dtype),
        full = Math.floor(texels / width),
        rest = texels % width;
      if (full > 0) encoder.copyBufferToTexture({ buffer, offset, bytesPerRow }, { texture }, [width, full]);
      if (rest === 0) return;
      const from = { buffer, offset: offset + full * bytesPerRow, bytesPerRow };
      encoder.copyBufferToTexture(from, { texture, origin: [0, full] }, [rest, 1]);
    },
    poison() {},
    decode() {
      throw new LaunchLimitError(`cannot read ${spec.name} back: textures are inputs`);
    },
    [Symbol.dispose]() {
      release();
      texture.destroy();
    },
  };
}

/**
 * A texture's size in texels, and what its image is made of: `rows` of `columns` elements, each padded to `texels`,
 * one after the other.
 */
function imageOf(spec: BufferSpec, layout: TextureLayout, shapes: Shapes) {
  const size = lengthOf(spec, shapes);
  const columns = layout.kind === "flat" ? size : evaluate(spec.shape.at(-1) ?? 1, shapes);
  const rows = size / columns, texels = Math.ceil(columns / 4);
  return layout.kind === "flat"
    ? { columns, rows, texels, width: layout.width, height: Math.ceil(texels / layout.width) }
    : { columns, rows, texels, width: texels * layout.pack, height: Math.ceil(rows / layout.pack) };
}

function padded(array: TypedArray, dtype: StorageType, length: number): TypedArray {
  const longer = zeros(dtype, length);
  longer.set(array);
  return longer;
}
