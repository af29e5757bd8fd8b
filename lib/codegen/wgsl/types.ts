/** Types and constants as WGSL spells them. */
import { lanesOf, scalarOf, type ScalarType } from "../../ir/dtype.ts";
import type { Expr } from "../../ir/expr.ts";
import type { Alloc } from "../../lower/kernel.ts";
import { TEXEL_FORMATS } from "../../target/texture.ts";

const SUFFIX: Readonly<Record<ScalarType, string>> = { f32: "f", f16: "h", i32: "", u32: "u", bool: "" };

/** Writes a constant of a type. */
export function literal(value: number, dtype: ScalarType): string {
  if (dtype === "bool") return value ? "true" : "false";
  const text = Number.isInteger(value) && (dtype === "f32" || dtype === "f16") && Math.abs(value) < 1e15
    ? value.toFixed(1)
    : `${value}`;
  if (Object.is(value, -0) && SUFFIX[dtype] !== "" && dtype !== "u32") return `(-0.0${SUFFIX[dtype]})`;
  const suffixed = text + SUFFIX[dtype];
  if (dtype === "i32" && value === -2147483648) return "i32(-2147483647 - 1)";
  return value < 0 ? `(${suffixed})` : suffixed;
}

/** Writes a type of one lane or of a vector. */
export function wgslType(dtype: Expr["dtype"]): string {
  return lanesOf(dtype) === 1 ? dtype : `vec${lanesOf(dtype)}<${scalarOf(dtype)}>`;
}

/** Writes the type of one element of an array in memory. `bool` has no layout there: it is a u32. */
export function elementType(dtype: ScalarType, lanes: 1 | 4): string {
  const stored = dtype === "bool" ? "u32" : dtype;
  return lanes === 4 ? `vec4<${stored}>` : stored;
}

/** Writes the type of an array of constant size. */
export function arrayType(a: Alloc): string {
  return `array<${elementType(a.buffer.dtype, a.lanes)}, ${Math.ceil(a.size / a.lanes)}>`;
}

/** Writes the type of what a sampled texture of a dtype holds. */
export function texelType(dtype: ScalarType): string {
  return dtype === "i32" || dtype === "u32" ? dtype : "f32";
}

/** Writes the format of a texture of a dtype. Verified programs have no textures of bool. */
export function texelFormat(dtype: ScalarType): string {
  return TEXEL_FORMATS[dtype as keyof typeof TEXEL_FORMATS];
}
