/** Where one argument lives on a WebGPU device: a storage buffer or a texture. */
import type { BufferSpec, TextureSpec } from "../../codegen/executable.ts";
import { bytesOf, type ScalarType } from "../../ir/dtype.ts";
import { evaluate } from "../../ir/json.ts";
import type { Target } from "../../target/target.ts";
import { TEXEL_FORMATS, type TextureLayout } from "../../target/texture.ts";
import { type Inputs, lengthOf, type Shapes } from "../arguments.ts";
import { ARRAYS, poisoned, type TypedArray, zeros } from "../arrays.ts";
import { LaunchLimitError } from "../error.ts";

/** The buffer or texture of one argument. */
export interface Storage extends Disposable {
  /** The resource that a kernel binds. */
  readonly resource: GPUBindingResource;
  /** Its bytes on the device. */
  readonly bytes: number;
  /** Writes the elements of an array to it. */
  upload(array: TypedArray): void;
  /** Fills it with values that no right program writes. */
  poison(): void;
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

/**
 * Makes the buffer or texture of an argument.
 *
 * @throws {LaunchLimitError} where it does not fit the target's limits
 */
export function makeStorage(device: GPUDevice, spec: BufferSpec, shapes: Shapes, target: Target): Storage {
  return spec.storage.kind === "texture"
    ? textureStorage(device, spec, spec.storage, shapes, target)
    : bufferStorage(device, spec, shapes, target);
}

/** Writes the inputs to their storages, and gives the number of bytes. */
export function uploadInto(storages: ReadonlyMap<string, Storage>, inputs: Inputs): number {
  let bytes = 0;
  for (const [name, array] of Object.entries(inputs)) {
    const storage = storages.get(name);
    storage?.upload(array);
    bytes += storage?.bytes ?? 0;
  }
  return bytes;
}

/** Sizes are rounded up to 16 bytes, so that any buffer can be bound as vectors of four. */
function bufferStorage(device: GPUDevice, spec: BufferSpec, shapes: Shapes, target: Target): Storage {
  const length = lengthOf(spec, shapes);
  const bytes = length * bytesOf(spec.dtype);
  const size = Math.ceil(bytes / 16) * 16;
  if (size > target.limits.maxBindingBytes) {
    throw new LaunchLimitError(
      `cannot bind ${spec.name} of ${bytes} bytes: the device takes ${target.limits.maxBindingBytes} in one buffer`,
    );
  }
  const buffer = device.createBuffer({
    size,
    usage: (spec.storage.kind === "uniform" ? GPUBufferUsage.UNIFORM : GPUBufferUsage.STORAGE) |
      GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
  });
  const upload = (array: TypedArray) => {
    // A write covers whole words; an odd number of f16 elements gets one more.
    const words = bytes % 4 === 0 ? array : padded(array, spec.dtype, length + 1);
    device.queue.writeBuffer(buffer, 0, words);
  };
  return {
    resource: { buffer },
    bytes: size,
    upload,
    poison: () => upload(poisoned(spec.dtype, length)),
    source: { buffer, bytes: Math.ceil(bytes / 4) * 4 },
    decode(copy) {
      const data = new ARRAYS[spec.dtype](copy);
      return data.length === length ? data : data.slice(0, length);
    },
    [Symbol.dispose]: () => buffer.destroy(),
  };
}

function textureStorage(
  device: GPUDevice,
  spec: BufferSpec,
  { layout, access }: TextureSpec,
  shapes: Shapes,
  target: Target,
): Storage {
  const { dtype } = spec;
  if (dtype === "bool") {
    throw new LaunchLimitError(`cannot hold ${spec.name} in a texture: there is no format for bool`);
  }
  const { columns, rows, texels, width, height } = imageOf(spec, layout, shapes);
  const most = target.limits.maxTextureSize;
  if (width > most || height > most) {
    throw new LaunchLimitError(
      `cannot hold ${spec.name} in a texture of ${width} x ${height} texels: the device takes ${most} each way`,
    );
  }
  const texture = device.createTexture({
    size: [width, height],
    format: TEXEL_FORMATS[dtype],
    usage: GPUTextureUsage.COPY_DST |
      (access === "read" ? GPUTextureUsage.STORAGE_BINDING : GPUTextureUsage.TEXTURE_BINDING),
  });
  return {
    resource: texture.createView(),
    bytes: width * height * 4 * bytesOf(dtype),
    upload(array) {
      const size = width * height * 4;
      const image = texels * 4 === columns && array.length === size ? array : zeros(dtype, size);
      if (image !== array) {
        for (let r = 0; r < rows; r++) {
          image.set(array.subarray(r * columns, (r + 1) * columns), r * texels * 4);
        }
      }
      device.queue.writeTexture({ texture }, image, { bytesPerRow: width * 4 * bytesOf(dtype) }, [
        width,
        height,
      ]);
    },
    poison() {},
    decode() {
      throw new LaunchLimitError(`cannot read ${spec.name} back: textures are inputs`);
    },
    [Symbol.dispose]: () => texture.destroy(),
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

function padded(array: TypedArray, dtype: ScalarType, length: number): TypedArray {
  const longer = zeros(dtype, length);
  longer.set(array);
  return longer;
}
