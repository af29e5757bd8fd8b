/** Weights of a language model, whatever files they are in. */

/** How elements are stored in a file. Quantized blocks are decoded to f32 when they are read, and bf16 widened to it. */
export type StoredType = "f32" | "f16" | "bf16" | "u32" | "q8_0" | "q4_0";

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

/** Bits of an element in a file. */
export const STORED_BITS: Readonly<Record<StoredType, number>> = {
  f32: 32,
  f16: 16,
  bf16: 16,
  u32: 32,
  q8_0: 8.5,
  q4_0: 4.5,
};

/** The dtype of what a read gives. */
export function readTypeOf(stored: StoredType): TensorInfo["dtype"] {
  return stored === "u32" ? "u32" : stored === "f16" ? "f16" : "f32";
}
