/** Conversions between types of elements, as JavaScript. */
import { isFloat, RANGE, type ScalarType } from "../../ir/dtype.ts";

/** Rounds to f16 by a store: it takes a fifth of the time that `Math.f16round` takes in V8 15. */
export const TO_F16 = "const half = new Float16Array(1), toF16 = (x) => (half[0] = x, half[0]);";

/** Conversions of bf16 from and to its bits: the upper half of an f32's, rounded to the even one of two equally near. */
export const BF16 = "const float = new Float32Array(1), word = new Uint32Array(float.buffer), " +
  "fromBf16 = (x) => (word[0] = x << 16, float[0]), " +
  "toBf16 = (x) => (float[0] = x, x !== x ? 0x7fc0 : (word[0] + 0x7fff + ((word[0] >>> 16) & 1)) >>> 16);";

/** Writes a value as its dtype holds it: what a typed array does on a store. For f16 the kernel needs {@linkcode TO_F16}. */
export function printRounded(value: string, dtype: ScalarType): string {
  switch (dtype) {
    case "f32":
      return `Math.fround(${value})`;
    case "f16":
      return `toF16(${value})`;
    case "i32":
      return `(${value}) | 0`;
    case "u32":
      return `(${value}) >>> 0`;
    case "bool":
      return `+(${value})`;
    default:
      return dtype satisfies never;
  }
}

/** Writes a constant, as its dtype holds it. */
export function printConstant(value: number, dtype: ScalarType): string {
  if (dtype === "bool") return `${value !== 0}`;
  const held = dtype === "f32" ? Math.fround(value) : dtype === "f16" ? Math.f16round(value) : value;
  if (Object.is(held, -0)) return isFloat(dtype) ? "(-0)" : "0";
  return held < 0 ? `(${held})` : `${held}`;
}

/** Writes a conversion as WGSL has it: float to integer clamps to the type's range and truncates toward zero. */
export function printConversion(value: string, from: ScalarType, to: ScalarType): string {
  if (from === to) return value;
  if (to === "bool") return `(${value} !== 0)`;
  const number = from === "bool" ? `+${value}` : value;
  const [lo, hi] = RANGE[to];
  const clamped = isFloat(from) && !isFloat(to) ? `Math.max(${lo}, Math.min(${hi}, ${number}))` : number;
  return `(${printRounded(clamped, to)})`;
}
