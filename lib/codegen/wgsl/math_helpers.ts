/** Functions of WGSL for what its built-in ones leave open, or compute too coarsely. */
import { type DType, lanesOf, scalarOf, withLanes } from "../../ir/dtype.ts";
import { FROM_BITS, type Helper, throughF32, withF32 } from "./bit_helpers.ts";
import { wgslType } from "./types.ts";

/** The error function by Abramowitz and Stegun, 7.1.26: absolute error below 1.5e-7. */
export function erfHelper(dtype: DType): Helper {
  const type = wgslType(dtype), name = `erf_${dtype}`;
  return {
    name,
    source: `fn ${name}(x: ${type}) -> ${type} {\n  let a = abs(x);\n  let t = 1 / (1 + 0.3275911 * a);\n` +
      `  let p = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;\n` +
      `  return sign(x) * (1 - p * exp(-a * a));\n}`,
    calls: [],
  };
}

/**
 * Sine and cosine of f32. WGSL asks for an absolute error below 2⁻¹¹ within ±π and for nothing beyond. Here the angle is
 * reduced to ±π/4 (Cody and Waite): π/2 is taken in three parts, of 5, 5 and 24 bits, so that the first two products are
 * exact for up to 2¹⁹ quarters. Cephes' polynomials follow. The error is below 2⁻²² up to 800,000 radians. It grows with
 * the angle from there; the result stays within [-1, 1].
 */
export function angleHelper(op: "sin" | "cos", dtype: DType): Helper {
  if (scalarOf(dtype) === "f16") return throughF32(op, dtype, angleHelper(op, withF32(dtype)));
  const type = wgslType(dtype), name = `${op}_${dtype}`;
  const [u32, i32] = [withLanes("u32", lanesOf(dtype)), withLanes("i32", lanesOf(dtype))].map(wgslType);
  return {
    name,
    source: [
      `fn ${name}(x: ${type}) -> ${type} {`,
      `  let k = round(x * 0.636619772f);`,
      `  let r = x - k * 1.5625f - k * 0.00830078125f - k * -4.454455103380769e-6f;`,
      `  let s = r * r;`,
      `  let sine = r + r * s * (-0.16666654611f + s * (0.0083321608736f + s * -0.00019515295891f));`,
      `  let cosine = 1.0f - 0.5f * s + ` +
      `s * s * (0.04166664568298827f + s * (-0.001388731625493765f + s * 0.00002443315711809948f));`,
      `  let quarter = ${u32}(${i32}(k))${op === "sin" ? "" : ` + ${u32}(1u)`};`,
      `  let size = clamp(select(sine, cosine, (quarter & ${u32}(1u)) != ${u32}(0u)), ${type}(-1.0f), ${type}(1.0f));`,
      `  return bitcast<${type}>(bitcast<${u32}>(size) ^ ((quarter & ${u32}(2u)) << ${u32}(30u)));`,
      `}`,
    ].join("\n"),
    calls: [],
  };
}

/** Powers as IEEE 754 has them: of negative numbers with whole exponents, and of zero. WGSL's are of positive ones. */
export function powHelper(dtype: DType): Helper {
  const type = wgslType(dtype), name = `pow_${dtype}`;
  return {
    name,
    source: [
      `fn ${name}(x: ${type}, y: ${type}) -> ${type} {`,
      `  let none = ${type}(0);`,
      `  let a = abs(x);`,
      `  let whole = floor(y) == y;`,
      `  let odd = whole & (floor(y * 0.5) * 2 != y);`,
      `  var size = select(pow(a, y), select(1 / a, none, y > none), a == none);`,
      `  size = select(size, -size, odd & (x < none));`,
      `  size = select(size, ${type}(1), y == none);`,
      `  return select(size, ${type}(${scalarOf(dtype)}(from_bits(0x7fc00000u))), (x < none) & !whole);`,
      `}`,
    ].join("\n"),
    calls: [FROM_BITS],
  };
}

/**
 * Powers of two of f32. WGSL asks for an error that grows with the exponent. Here its integer part goes into the bits of
 * the result, and WGSL's own function gets the rest, from 0 to 1: the error is below 6 units in the last place.
 */
export function exp2Helper(dtype: DType): Helper {
  if (scalarOf(dtype) === "f16") return throughF32("exp2", dtype, exp2Helper(withF32(dtype)));
  const type = wgslType(dtype), name = `exp2_${dtype}`;
  const [u32, i32] = [withLanes("u32", lanesOf(dtype)), withLanes("i32", lanesOf(dtype))].map(wgslType);
  return {
    name,
    source: [
      `fn ${name}(x: ${type}) -> ${type} {`,
      `  let whole = clamp(floor(x), ${type}(-126.0f), ${type}(128.0f));`,
      `  return exp2(x - whole) * bitcast<${type}>(${u32}(${i32}(whole) + ${i32}(127)) << ${u32}(23u));`,
      `}`,
    ].join("\n"),
    calls: [],
  };
}

/**
 * Logarithms of f32 to the base 2. WGSL asks for an absolute error of 2⁻²¹ around 1. Here x is m·2^k, with m from √½ to √2,
 * and the series of the logarithm in (m - 1)/(m + 1) follows: the error is below 8 units in the last place, around 1 too.
 * Logarithms of powers of two are exact.
 */
export function log2Helper(dtype: DType): Helper {
  if (scalarOf(dtype) === "f16") return throughF32("log2", dtype, log2Helper(withF32(dtype)));
  const type = wgslType(dtype), name = `log2_${dtype}`;
  const [u32, i32] = [withLanes("u32", lanesOf(dtype)), withLanes("i32", lanesOf(dtype))].map(wgslType);
  const special = (bits: string) => `${type}(from_bits(${bits}))`;
  return {
    name,
    source: [
      `fn ${name}(x: ${type}) -> ${type} {`,
      `  let bits = bitcast<${u32}>(x) + ${u32}(0x4afb0du);`,
      `  let k = ${type}(${i32}(bits >> ${u32}(23u)) - ${i32}(127));`,
      `  let m = bitcast<${type}>((bits & ${u32}(0x7fffffu)) + ${u32}(0x3f3504f3u)) - 1.0f;`,
      `  let s = m / (m + 2.0f);`,
      `  let t = s * s;`,
      `  let rest = s * (2.885390082f + t * (0.961796694f + t * (0.577078016f + t * (0.412198583f + t * 0.320598898f))));`,
      `  var log = k + rest;`,
      `  log = select(log, ${special("0xff800000u")}, x == ${type}(0.0f));`,
      `  log = select(log, x, bitcast<${u32}>(x) == ${u32}(0x7f800000u));`,
      `  return select(log, ${special("0x7fc00000u")}, (x < ${type}(0.0f)) | ` +
      `((bitcast<${u32}>(x) & ${u32}(0x7fffffffu)) > ${u32}(0x7f800000u)));`,
      `}`,
    ].join("\n"),
    calls: [FROM_BITS],
  };
}

/**
 * Arc tangents of f32. WGSL allows an error of 4,096 units in the last place. Here x is reduced to ±tan(π/8), and Cephes'
 * polynomial follows: the error is below 2⁻²¹, relative.
 */
export function atanHelper(dtype: DType): Helper {
  if (scalarOf(dtype) === "f16") return throughF32("atan", dtype, atanHelper(withF32(dtype)));
  const type = wgslType(dtype), name = `atan_${dtype}`;
  return {
    name,
    source: [
      `fn ${name}(x: ${type}) -> ${type} {`,
      `  let a = abs(x);`,
      `  let middle = a > ${type}(0.414213562f);`,
      `  let large = a > ${type}(2.414213562f);`,
      `  let r = select(select(a, (a - 1.0f) / (a + 1.0f), middle), -1.0f / a, large);`,
      `  let base = select(select(${type}(0.0f), ${type}(0.785398163f), middle), ${type}(1.570796327f), large);`,
      `  let s = r * r;`,
      `  let angle = base + (r + r * s * (-0.333329491539f + s * (0.199777106478f + ` +
      `s * (-0.138776856032f + s * 0.0805374449538f))));`,
      `  return select(angle, -angle, x < ${type}(0.0f));`,
      `}`,
    ].join("\n"),
    calls: [],
  };
}
