/** Bytes of a file as elements. */
import { floatsOfBf16 } from "../../ir/stored.ts";
import { STORED, type StoredType, type WeightArray } from "./weight_source.ts";

/**
 * Decodes elements: bf16 and quantized blocks become f32.
 *
 * @param bytes whole elements, or whole blocks; the result may be a view of them
 */
export function decodeElements(bytes: Uint8Array<ArrayBuffer>, stored: StoredType): WeightArray {
  switch (stored) {
    case "f32":
      return new Float32Array(ownBuffer(bytes));
    case "f16":
      return new Float16Array(ownBuffer(bytes));
    case "u32":
      return new Uint32Array(ownBuffer(bytes));
    case "bf16":
      return floatsOfBf16(new Uint16Array(ownBuffer(bytes)));
    case "q8_0":
    case "q4_0":
    case "q4_1":
    case "q6_k":
      return fromBlocks(bytes, stored);
    default:
      return stored satisfies never;
  }
}

/** The bytes as a buffer of their own: the one that they are in, where they are all of it. */
function ownBuffer(bytes: Uint8Array<ArrayBuffer>): ArrayBuffer {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes.buffer : bytes.slice().buffer;
}

/** Decodes a block that begins at byte `at`, to elements from `to` on. */
type DecodeBlock = (bytes: DataView, at: number, out: Float32Array, to: number) => void;

/** GGUF's blocks; scales are halves. */
const BLOCKS: Readonly<Record<"q8_0" | "q4_0" | "q4_1" | "q6_k", DecodeBlock>> = {
  q8_0: (bytes, at, out, to) => {
    const scale = bytes.getFloat16(at, true);
    for (let k = 0; k < 32; k++) out[to + k] = bytes.getInt8(at + 2 + k) * scale;
  },
  // The first 16 elements of a block are in the low halves of its bytes, the others in the high halves.
  q4_0: (bytes, at, out, to) => {
    const scale = bytes.getFloat16(at, true);
    for (let k = 0; k < 16; k++) {
      const byte = bytes.getUint8(at + 2 + k);
      out[to + k] = ((byte & 15) - 8) * scale;
      out[to + k + 16] = ((byte >> 4) - 8) * scale;
    }
  },
  q4_1: (bytes, at, out, to) => {
    const scale = bytes.getFloat16(at, true), least = bytes.getFloat16(at + 2, true);
    for (let k = 0; k < 16; k++) {
      const byte = bytes.getUint8(at + 4 + k);
      out[to + k] = (byte & 15) * scale + least;
      out[to + k + 16] = (byte >> 4) * scale + least;
    }
  },
  // Low halves of 256 integers, then their upper two bits, then a scale for each 16 elements, then the block's scale.
  q6_k: (bytes, at, out, to) => {
    const scale = bytes.getFloat16(at + 208, true);
    for (let k = 0; k < 256; k++) {
      const half = k >> 7, part = (k >> 5) & 3, lane = k & 31;
      const low = bytes.getUint8(at + 64 * half + 32 * (part & 1) + lane) >> (part < 2 ? 0 : 4) & 15;
      const high = bytes.getUint8(at + 128 + 32 * half + lane) >> 2 * part & 3;
      out[to + k] = ((high << 4 | low) - 32) * bytes.getInt8(at + 192 + (k >> 4)) * scale;
    }
  },
};

function fromBlocks(bytes: Uint8Array<ArrayBuffer>, stored: keyof typeof BLOCKS): Float32Array<ArrayBuffer> {
  const { elements, bytes: size } = STORED[stored], decode = BLOCKS[stored];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const blocks = Math.floor(bytes.length / size), out = new Float32Array(blocks * elements);
  for (let b = 0; b < blocks; b++) decode(view, b * size, out, b * elements);
  return out;
}
