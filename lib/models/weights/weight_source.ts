/** Weights of a language model, whatever files they are in. */

/**
 * How elements are stored in a file. GGUF's quantized blocks (q8_0, q4_0, q4_1, q6_k) are decoded to f32 when they are
 * read, and bf16 is widened to it.
 */
export type StoredType = "f32" | "f16" | "bf16" | "u32" | "q8_0" | "q4_0" | "q4_1" | "q6_k";

/** The elements of a tensor, row by row. */
export type WeightArray = Float32Array<ArrayBuffer> | Float16Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;

/** A tensor of a file. */
export interface TensorInfo {
  /** Its extents. */
  readonly shape: readonly number[];
  /** How its elements are stored. */
  readonly stored: StoredType;
  /** The dtype of what a read gives. */
  readonly dtype: "f32" | "f16" | "u32";
  /** Bytes in the file. */
  readonly bytes: number;
}

/** The options of a read. */
export interface ReadOptions {
  /** The first row that is read, and the one after the last: rows are what the first axis counts. Default: all. */
  readonly rows?: readonly [begin: number, end: number];
  /** Ends the read with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** The tensors of a model's files. A read opens a file and closes it again, so there is nothing to release. */
export interface WeightSource {
  /** The format of the files. */
  readonly format: "safetensors" | "mlc" | "gguf";
  /** The folder or file, for errors. */
  readonly where: string;
  /** The tensors by name, in the order of the files. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /** Tensors that can't be read, with the type of their elements in the file's words. */
  readonly unreadable: ReadonlyMap<string, string>;
  /** Bytes of all tensors in the files. */
  readonly bytes: number;
  /**
   * Reads a tensor, or some of its rows.
   *
   * @throws {ModelError} for a tensor that isn't there, a file that ends before, and bytes that can't be decoded
   */
  readonly read: (name: string, options?: ReadOptions) => Promise<WeightArray>;
}

/** What is stored together: an element, or a block of elements that share a scale. */
export const STORED: Readonly<Record<StoredType, { readonly elements: number; readonly bytes: number }>> = {
  f32: { elements: 1, bytes: 4 },
  f16: { elements: 1, bytes: 2 },
  bf16: { elements: 1, bytes: 2 },
  u32: { elements: 1, bytes: 4 },
  q8_0: { elements: 32, bytes: 34 },
  q4_0: { elements: 32, bytes: 18 },
  q4_1: { elements: 32, bytes: 20 },
  q6_k: { elements: 256, bytes: 210 },
};

/** The tensor of a shape, or undefined where blocks don't fill its rows. */
export function tensorInfo(shape: readonly number[], stored: StoredType): TensorInfo | undefined {
  const { elements, bytes } = STORED[stored];
  if ((shape.at(-1) ?? 1) % elements !== 0) return undefined;
  const all = shape.reduce((n, d) => n * d, 1) / elements * bytes;
  return { shape, stored, dtype: readTypeOf(stored), bytes: all };
}

/** The dtype of what a read gives. */
function readTypeOf(stored: StoredType): TensorInfo["dtype"] {
  return stored === "u32" ? "u32" : stored === "f16" ? "f16" : "f32";
}
