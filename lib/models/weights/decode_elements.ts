/** Bytes of a file as elements. */
import type { StoredType, WeightArray } from "./weight_source.ts";

/** Elements of a block of GGUF's quantized types, which share a scale. */
export const BLOCK = 32;

/**
 * Decodes elements: bf16 and quantized blocks become f32.
 *
 * @param bytes whole elements, or whole blocks; the result may be a view of them
 */
export function decodeElements(bytes: Uint8Array<ArrayBuffer>, stored: StoredType): WeightArray {
  switch (stored) {
    case "f32":
      return new Float32Array(aligned(bytes, 4));
    case "f16":
      return new Float16Array(aligned(bytes, 2));
    case "u32":
      return new Uint32Array(aligned(bytes, 4));
    case "bf16":
      return widened(new Uint16Array(aligned(bytes, 2)));
    case "q8_0":
      return fromBlocks(bytes, 34, (at, out, to) => {
        for (let k = 0; k < BLOCK; k++) out[to + k] = (bytes[at + 2 + k] as number) << 24 >> 24;
      });
    case "q4_0":
      // The first 16 elements of a block are in the low halves of its bytes, the others in the high halves.
      return fromBlocks(bytes, 18, (at, out, to) => {
        for (let k = 0; k < BLOCK / 2; k++) {
          const byte = bytes[at + 2 + k] as number;
          out[to + k] = (byte & 15) - 8;
          out[to + k + BLOCK / 2] = (byte >> 4) - 8;
        }
      });
    default:
      return stored satisfies never;
  }
}

/** The bytes as a buffer of their own, or the one they are in where they are all of it. */
function aligned(bytes: Uint8Array<ArrayBuffer>, size: number): ArrayBuffer {
  const { buffer, byteOffset, byteLength } = bytes;
  return byteOffset === 0 && byteLength === buffer.byteLength && byteLength % size === 0
    ? buffer
    : bytes.slice(0, byteLength - byteLength % size).buffer;
}

function widened(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const bits = new Uint32Array(halves.length);
  for (let k = 0; k < halves.length; k++) bits[k] = (halves[k] as number) << 16;
  return new Float32Array(bits.buffer);
}

/** Decodes blocks of a half-precision scale and integers, which `integers` writes to `out` from `to` on. */
function fromBlocks(
  bytes: Uint8Array<ArrayBuffer>,
  size: number,
  integers: (at: number, out: Float32Array, to: number) => void,
): Float32Array<ArrayBuffer> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const blocks = Math.floor(bytes.length / size), out = new Float32Array(blocks * BLOCK);
  for (let b = 0; b < blocks; b++) {
    integers(b * size, out, b * BLOCK);
    const scale = view.getFloat16(b * size, true);
    for (let k = b * BLOCK; k < (b + 1) * BLOCK; k++) out[k] = (out[k] as number) * scale;
  }
  return out;
}
