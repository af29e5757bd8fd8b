/** Element types of tensors and scalars, in WGSL's spelling. */
export type ScalarType = "f32" | "f16" | "i32" | "u32" | "bool";

/** A type of memory alone: signed and unsigned bytes, and the upper half of an f32. */
export type StoredType = "i8" | "u8" | "bf16";

/** The type of an element in memory. */
export type StorageType = ScalarType | StoredType;

/** A scalar type, or a vector of 2 or 4 lanes as a vectorized loop makes it: `f32x4`. */
export type DType = ScalarType | `${ScalarType}x${2 | 4}`;

/** Number of lanes: 1, 2 or 4. */
export function lanesOf(dtype: DType): 1 | 2 | 4 {
  return dtype.at(-2) !== "x" ? 1 : dtype.at(-1) === "4" ? 4 : 2;
}

/** The element type without its lanes. */
export function scalarOf(dtype: DType): ScalarType {
  const at = dtype.indexOf("x");
  return (at < 0 ? dtype : dtype.slice(0, at)) as ScalarType;
}

/** The type with `lanes` lanes. */
export function withLanes(dtype: DType, lanes: number): DType {
  const scalar = scalarOf(dtype);
  return lanes === 1 ? scalar : `${scalar}x${lanes as 2 | 4}`;
}

/** Bytes of one element in a storage buffer; `bool` is stored as a u32. */
export function bytesOf(dtype: DType): number {
  return (scalarOf(dtype) === "f16" ? 2 : 4) * lanesOf(dtype);
}

/** Whether a uniform buffer holds vectors of it, as their arrays have a stride of 16 bytes. */
export function isUniformType(dtype: ScalarType): boolean {
  return dtype === "f32" || dtype === "i32" || dtype === "u32";
}

export function isFloat(dtype: DType): boolean {
  return dtype.startsWith("f");
}

export function isInt(dtype: DType): boolean {
  return dtype.startsWith("i") || dtype.startsWith("u");
}

/** Least and largest finite value of each type. */
export const RANGE: Readonly<Record<ScalarType, readonly [lowest: number, highest: number]>> = {
  f32: [-3.4028234663852886e38, 3.4028234663852886e38],
  f16: [-65504, 65504],
  i32: [-(2 ** 31), 2 ** 31 - 1],
  u32: [0, 2 ** 32 - 1],
  bool: [0, 1],
};
